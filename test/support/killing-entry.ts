import { openSync, closeSync } from 'node:fs';
import { cloudEvent, type CloudEvent } from '@google-cloud/functions-framework';
import { getFunction } from '@google-cloud/functions-framework/testing';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import '#functions/index.ts';

/**
 * The product's functions, but the first dispatch of the step KILL_STEP takes its whole host process with it (SIGKILL) as
 * soon as the ledger shows that it was claimed. KILL_MARKER is a file that is made by the one host that dies.
 */
const { KILL_STEP: step = '', KILL_MARKER: marker = '', SLIPWAY_LEDGER: ledger = '' } = process.env;

const handler = getFunction(step) as (event: CloudEvent<unknown>) => Promise<void>;
cloudEvent(step, async (event: CloudEvent<unknown>) => {
  if (!isFirst()) return handler(event);
  const working = handler(event);
  // Its end is of no interest: the process is about to die. An end that comes first must still not be an unhandled one.
  working.catch(() => undefined);
  await claimed(event);
  process.kill(process.pid, 'SIGKILL');
  return working;
});

function isFirst(): boolean {
  try {
    closeSync(openSync(marker, 'wx'));
    return true;
  } catch {
    // Another dispatch or another host was first.
    return false;
  }
}

async function claimed(event: CloudEvent<unknown>): Promise<void> {
  const { message } = event.data as { message: { data: string } };
  const { deploymentId, seq } = JSON.parse(Buffer.from(message.data, 'base64').toString('utf8'));
  const reader = openSqliteLedger(ledger.replace(/^sqlite:/, ''));
  for (;;) {
    if ((await reader.list('dispatches', { deploymentId, seq })).length > 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
