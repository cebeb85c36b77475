import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { place } from '#local/place.ts';
import { stepNames, type StepName } from '#shared/domain/steps.ts';
import { openTestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/**
 * A function host is killed while it works on a step, with a second host on the same ledger: Pub/Sub delivers the dispatch
 * again, its lease runs out, another host takes it over, and in the end nothing shows that anything happened.
 */
const entry = fileURLToPath(new URL('../support/killing-entry.ts', import.meta.url));

async function deployWithKill(step: StepName) {
  const marker = join(await mkdtemp(join(tmpdir(), 'slipway-kill-')), 'killed');
  const test = await openTestStack({
    entry,
    hosts: 2,
    functionsEnv: { KILL_STEP: step, KILL_MARKER: marker },
  });
  try {
    const before = test.stack.functions.pids();
    await test.serviceFile((text) =>
      step === 'build'
        ? text.replace('policy:', `build:\n  source: gs://${place.bucket}/source.tgz\n\npolicy:`)
        : text,
    );
    const fault = step === 'rollback' ? 'wrong-answer' : 'none';
    const id =
      step === 'build' ? await test.deployFromSource() : await test.pushHello({ version: '1', fault }, 'v1');
    const done = await test.deployment(id);
    await until(async () => (await test.ledger.get('notifications', done.id))?.final || undefined);
    return {
      killed: existsSync(marker),
      hostsReplaced: test.stack.functions.pids().some((pid) => !before.includes(pid)),
      outcome: done.result?.outcome,
      deployments: (await test.ledger.list('deployments')).length,
      revisions: await test.revisions('hello'),
      roots: test.stack.slack
        .messages(place.slackChannel.name)
        .filter((message) => message.threadTs === undefined).length,
    };
  } finally {
    await test.close();
  }
}

describe('a host killed while it works on', () => {
  it.concurrent.each(stepNames.map((step) => ({ step })))(
    '$step changes nothing but the time it takes',
    async ({ step }) => {
      expect(await deployWithKill(step)).toEqual({
        killed: true,
        hostsReplaced: true,
        outcome: step === 'rollback' ? 'failed' : 'live',
        deployments: 1,
        revisions: 1,
        roots: 1,
      });
    },
  );
});
