import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify, parse } from 'yaml';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { demoCases, problemsOf, type DemoCase, type DemoResult } from './demo-cases.ts';
import { startLoad, type Load } from './load.ts';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
/** 50 requests a second. */
const loadEveryMs = 20;
const caseLimitMs = 30_000;

/**
 * Runs good and bad releases under constant load on a stack of its own and measures what users saw.
 * `onCase` hears of each case when it begins and when it is over.
 */
export async function runDemo(
  onCase: (event: { case: DemoCase; result?: DemoResult }) => void,
  signal: AbortSignal,
): Promise<DemoResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-demo-'));
  const stack = await startStack({ directory });
  const ledger = openSqliteLedger(join(directory, 'ledger.db'));
  let load: Load | undefined;
  try {
    for (const service of ['hello', 'newcomer']) await uploadServiceFile(stack, service);
    const results: DemoResult[] = [];
    for (const [index, wanted] of demoCases.entries()) {
      signal.throwIfAborted();
      onCase({ case: wanted });
      const result = await runCase({ stack, ledger, wanted, tag: `demo-${index + 1}`, load, signal });
      onCase({ case: wanted, result });
      results.push(result);
      // Users come as soon as there is something to use.
      const [first] = await ledger.list('deployments', { service: 'hello' }, 1);
      if (!load && first?.serviceUrl) load = startLoad(first.serviceUrl, loadEveryMs);
    }
    return results;
  } finally {
    await load?.stop();
    ledger.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function runCase(options: {
  stack: Stack;
  ledger: Ledger;
  wanted: DemoCase;
  tag: string;
  load: Load | undefined;
  signal: AbortSignal;
}): Promise<DemoResult> {
  const { stack, ledger, wanted, load } = options;
  stack.run.resetRequests(wanted.service);
  load?.take();
  const pushedMs = Date.now();
  const digest = await pushFolder({
    directory: join(examples, 'hello'),
    replace: { 'release.json': JSON.stringify(wanted.release) },
    endpoint: stack.registryOrigin,
    token: stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/${wanted.service}`,
    tag: options.tag,
  });
  const deployment = await finished(ledger, wanted.service, digest, options.signal);
  const { result, failure, rollback, candidate } = deployment;
  if (!result) throw new Error(`deployment ${deployment.id} has no result`);
  const users = load?.take() ?? { requests: 0, failed: 0 };
  const started = deployment.steps.find((run) => run.step === 'deploy')?.startedAt;
  const faultMs = deployment.trafficMoved ? users.firstFailureMs : started && Date.parse(started);
  const since = (at: string | undefined): number | null =>
    faultMs !== undefined && faultMs !== '' && at !== undefined
      ? Math.max(0, Date.parse(at) - faultMs)
      : null;
  const toCandidate = stack.run.requestsByRevision(wanted.service)[candidate?.revision ?? '']?.user ?? {};
  const good = wanted.outcome === 'live';
  const seen = {
    name: wanted.name,
    outcome: result.outcome,
    expected: wanted.outcome,
    pushToOutcomeMs: Date.parse(result.finishedAt) - pushedMs,
    detectionMs: since(failure?.at),
    faultToRollbackMs: failure ? since(rollback?.at) : null,
    requests: users.requests,
    failedRequests: users.failed,
    badRevisionRequests: good ? 0 : Object.values(toCandidate).reduce((sum, count) => sum + count, 0),
  };
  return { ...seen, problems: problemsOf(wanted, seen) };
}

async function finished(
  ledger: Ledger,
  service: string,
  digest: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const end = Date.now() + caseLimitMs;
  for (;;) {
    const [found] = await ledger.list('deployments', { service, 'request.digest': digest }, 1);
    if (found && isFinished(found)) return found;
    if (Date.now() > end)
      throw new Error(`no outcome for ${service} ${digest} within ${caseLimitMs / 1000} s`);
    await systemClock.sleep(25, signal);
  }
}

/** examples/services/hello.yaml, with a short patience and a longer watch. */
async function uploadServiceFile(stack: Stack, service: string): Promise<void> {
  const file = parse(await readFile(join(examples, 'services/hello.yaml'), 'utf8')) as Record<
    string,
    unknown
  >;
  const changed = {
    ...file,
    service,
    image: `${place.registryHost}/${place.repository}/${service}`,
    healthProbe: { ...(file.healthProbe as object), startupGrace: '3s' },
    traffic: { steps: [50, 100], bake: '2s' },
  };
  const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=services/${service}.yaml`;
  const headers = {
    authorization: `Bearer ${stack.identity.accessToken(accounts.developer)}`,
    'content-type': 'application/yaml',
  };
  const answer = await fetch(url, { method: 'POST', headers, body: stringify(changed) });
  if (!answer.ok) throw new Error(`services/${service}.yaml: ${answer.status} ${await answer.text()}`);
}
