import { demoCases, problemsOf, type DemoCase, type DemoResult } from './demo-cases.ts';
import { openDemoStack, type DemoStack } from './demo-stack.ts';
import { startLoad, type Load } from './load.ts';

/** 50 requests a second. */
const loadEveryMs = 20;

/**
 * Runs good and bad releases under constant load on a stack of its own and measures what users saw.
 * `onCase` hears of each case when it begins and when it is over.
 */
export async function runDemo(
  onCase: (event: { case: DemoCase; result?: DemoResult }) => void,
  signal: AbortSignal,
): Promise<DemoResult[]> {
  const demo = await openDemoStack(signal);
  let load: Load | undefined;
  try {
    for (const service of ['hello', 'newcomer']) {
      await demo.serviceFile(service, {
        // A short patience and a longer watch.
        healthProbe: { path: '/healthz', interval: '200ms', successes: 3, startupGrace: '3s' },
        traffic: { steps: [50, 100], bake: '2s' },
      });
    }
    const results: DemoResult[] = [];
    for (const [index, wanted] of demoCases.entries()) {
      onCase({ case: wanted });
      const result = await runCase(demo, wanted, `demo-${index + 1}`, load);
      onCase({ case: wanted, result });
      results.push(result);
      // Users come as soon as there is something to use.
      const [first] = await demo.ledger.list('deployments', { service: 'hello' }, 1);
      if (!load && first?.serviceUrl) load = startLoad(first.serviceUrl, loadEveryMs);
    }
    return results;
  } finally {
    await load?.stop();
    await demo.close();
  }
}

async function runCase(
  demo: DemoStack,
  wanted: DemoCase,
  tag: string,
  load: Load | undefined,
): Promise<DemoResult> {
  demo.stack.run.resetRequests(wanted.service);
  load?.take();
  const pushedMs = Date.now();
  const digest = await demo.push(wanted.service, wanted.release, tag);
  const deployment = await demo.deployment(wanted.service, digest);
  const { result, failure, rollback, candidate } = deployment;
  if (!result) throw new Error(`deployment ${deployment.id} has no result`);
  const users = load?.take() ?? { requests: 0, failed: 0 };
  const started = deployment.steps.find((run) => run.step === 'deploy')?.startedAt;
  const faultMs = deployment.trafficMoved ? users.firstFailureMs : started && Date.parse(started);
  const since = (at: string | undefined): number | null =>
    faultMs !== undefined && faultMs !== '' && at !== undefined
      ? Math.max(0, Date.parse(at) - faultMs)
      : null;
  const toCandidate =
    demo.stack.run.requestsByRevision(wanted.service)[candidate?.revision ?? '']?.user ?? {};
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
