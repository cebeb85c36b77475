import { accounts, place } from '#local/place.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { openDemoStack, type DemoStack } from './demo-stack.ts';
import { startLoad } from './load.ts';

/** What else can happen to a release, one scene each. */
export interface Scene {
  name: string;
  /** Plays it. @returns what was seen, in words, and what is not as it must be */
  play(demo: DemoStack): Promise<{ seen: string; problems: string[] }>;
}

export interface SceneResult {
  name: string;
  seen: string;
  tookMs: number;
  problems: string[];
}

const quick = { path: '/healthz', interval: '200ms', successes: 3, startupGrace: '3s' };
const analysis = { errorRatio: { maximum: '2%' }, minimumRequests: 20, extendBy: '2s', maximumExtensions: 2 };
const good = (version: string) => ({ version, fault: 'none' });

const scenes: Scene[] = [
  {
    name: 'canary that passes',
    async play(demo) {
      await demo.serviceFile('canary', {
        healthProbe: quick,
        traffic: { steps: [25, 100], bake: '3s' },
        analysis,
      });
      const { deployment } = await second(demo, 'canary', good('2.0.0'), true);
      // Bakes of a few seconds are for people who look on; the doctor's rule says that they are too short elsewhere.
      const { seen, problems } = expectOutcome(deployment, 'live-with-recommendations');
      const others = deployment.checks
        .filter(({ outcome, id }) => outcome !== 'pass' && id !== 'analysis-bake')
        .map(({ id, outcome }) => `${id}: ${outcome}`);
      return { seen, problems: [...problems, ...others] };
    },
  },
  {
    name: 'canary that degrades at 25 % and is taken back',
    async play(demo) {
      const release = { version: '3.0.0', fault: 'fails-some-requests', failingRatio: 0.3 };
      const { deployment } = await underLoad(demo, 'canary', () => demo.push('canary', release, 'v3'));
      const at =
        deployment.failure?.phase === 'traffic-25' ? [] : [`it ended at ${deployment.failure?.phase}`];
      const { seen, problems } = expectOutcome(deployment, 'rolled-back');
      return { seen: `${seen}: ${deployment.failure?.message}`, problems: [...problems, ...at] };
    },
  },
  {
    name: 'the same push again, now in quarantine',
    async play(demo) {
      const release = { version: '3.0.0', fault: 'fails-some-requests', failingRatio: 0.3 };
      const before = await demo.ledger.list('deployments', { service: 'canary' });
      await demo.push('canary', release, 'v3-again');
      const record = await demo.until(
        'the refusal',
        async () => (await demo.ledger.list('requests', { service: 'canary', decision: 'refused' }, 1))[0],
      );
      const after = await demo.ledger.list('deployments', { service: 'canary' });
      return {
        seen: `refused: ${record.reason}`,
        problems: after.length === before.length ? [] : ['it was deployed'],
      };
    },
  },
  {
    name: 'canary without users: inconclusive, extended, then gone on with',
    async play(demo) {
      await demo.serviceFile('quiet', {
        healthProbe: quick,
        traffic: { steps: [50, 100], bake: '1s' },
        analysis,
      });
      const { deployment } = await second(demo, 'quiet', good('2.0.0'), false);
      return expectOutcome(deployment, 'live-with-recommendations');
    },
  },
  {
    name: 'three pushes in a row: the middle one is superseded',
    async play(demo) {
      await demo.serviceFile('busy', { healthProbe: quick, traffic: { steps: [100], bake: '1s' } });
      const digests: string[] = [];
      for (const version of ['1', '2', '3']) {
        const digest = await demo.push('busy', good(version), `v${version}`);
        // Pub/Sub keeps no order: decided after the last one, the middle one would be superseded without a deployment.
        await demo.deployment('busy', digest, () => true);
        digests.push(digest);
      }
      const [first, middle, last] = await Promise.all(
        digests.map((digest) => demo.deployment('busy', digest)),
      );
      const outcomes = [first, middle, last].map((one) => one?.result?.outcome);
      const wanted = ['live', 'superseded', 'live'];
      return {
        seen: outcomes.join(', '),
        problems: outcomes.join() === wanted.join() ? [] : [`expected ${wanted.join(', ')}`],
      };
    },
  },
  {
    name: 'cancelled in the middle of a canary',
    async play(demo) {
      await demo.serviceFile('stopped', { healthProbe: quick, traffic: { steps: [50, 100], bake: '6s' } });
      const { deployment } = await second(demo, 'stopped', good('2.0.0'), false, async (running) => {
        await demo.api('POST', `/deployments/${running.id}/cancel`, { reason: 'wrong version' });
      });
      return expectOutcome(deployment, 'rolled-back');
    },
  },
  {
    name: 'a pin made by a person meanwhile is respected',
    async play(demo) {
      await demo.serviceFile('pinned', { healthProbe: quick, traffic: { steps: [50, 100], bake: '3s' } });
      const { deployment, first } = await second(demo, 'pinned', good('2.0.0'), false, () =>
        pin(demo, 'pinned'),
      );
      const note = deployment.rollback?.notes[0] ?? deployment.failure?.message ?? '';
      const pinned = deployment.result?.serving?.[0]?.revision === first.candidate?.revision;
      return {
        seen: note,
        problems: pinned && note.includes('somebody') ? [] : ['the pin was not respected'],
      };
    },
  },
  {
    name: 'a function killed in the middle of deploy, and resumed',
    async play(demo) {
      await demo.serviceFile('killed', { healthProbe: quick, traffic: { steps: [100], bake: '1s' } });
      const digest = await demo.push('killed', good('1.0.0'), 'v1');
      await demo.deployment('killed', digest, ({ steps }) => steps.some(({ step }) => step === 'deploy'));
      for (const pid of demo.stack.functions.pids()) process.kill(pid, 'SIGKILL');
      return expectOutcome(await demo.deployment('killed', digest), 'live');
    },
  },
  {
    name: 'an execution cancelled from outside, settled by reconcile',
    async play(demo) {
      await demo.serviceFile('orphan', { healthProbe: quick, traffic: { steps: [50, 100], bake: '6s' } });
      const { deployment } = await second(demo, 'orphan', good('2.0.0'), false, (running) =>
        cancelExecution(demo, running),
      );
      return expectOutcome(deployment, 'rolled-back');
    },
  },
];

/** Plays every scene on one stack. */
export async function playScenes(
  onScene: (event: { scene: Scene; result?: SceneResult }) => void,
  signal: AbortSignal,
): Promise<SceneResult[]> {
  const demo = await openDemoStack(signal, 2);
  try {
    const results: SceneResult[] = [];
    for (const scene of scenes) {
      onScene({ scene });
      const startMs = Date.now();
      const { seen, problems } = await scene.play(demo);
      const result = { name: scene.name, seen, tookMs: Date.now() - startMs, problems };
      onScene({ scene, result });
      results.push(result);
    }
    return results;
  } finally {
    await demo.close();
  }
}

/** A first release, then a second one; `meanwhile` happens once users may meet the second. */
async function second(
  demo: DemoStack,
  service: string,
  release: Record<string, unknown>,
  load: boolean,
  meanwhile?: (running: Deployment) => Promise<void>,
): Promise<{ first: Deployment; deployment: Deployment }> {
  const first = await demo.deployment(service, await demo.push(service, good('1.0.0'), 'v1'));
  const push = async (): Promise<string> => {
    const digest = await demo.push(service, release, 'v2');
    if (meanwhile) {
      const inTraffic = ({ steps }: Deployment): boolean =>
        steps.some(({ step, phase }) => step === 'health-probe' && phase.startsWith('traffic-'));
      await meanwhile(await demo.deployment(service, digest, inTraffic));
    }
    return digest;
  };
  if (load) return { first, ...(await underLoad(demo, service, push)) };
  return { first, deployment: await demo.deployment(service, await push()) };
}

async function underLoad(
  demo: DemoStack,
  service: string,
  push: () => Promise<string>,
): Promise<{ deployment: Deployment }> {
  const [known] = await demo.ledger.list('deployments', { service }, 1);
  const load = startLoad(known?.serviceUrl ?? '', 20);
  try {
    return { deployment: await demo.deployment(service, await push()) };
  } finally {
    await load.stop();
  }
}

function expectOutcome({ result }: Deployment, wanted: string): { seen: string; problems: string[] } {
  const seen = result?.outcome ?? 'no outcome';
  return { seen, problems: seen === wanted ? [] : [`outcome ${seen}, expected ${wanted}`] };
}

const headersOf = (demo: DemoStack): Record<string, string> => ({
  authorization: `Bearer ${demo.stack.identity.accessToken(accounts.developer)}`,
  'content-type': 'application/json',
});

/** As in the console: all traffic to the revision that served first. */
async function pin(demo: DemoStack, service: string): Promise<void> {
  const url = `${demo.stack.origin}/v2/projects/${place.project}/locations/${place.region}/services/${service}`;
  const live = (await (await fetch(url, { headers: headersOf(demo) })).json()) as {
    etag: string;
    traffic: { revision: string; percent?: number; tag?: string }[];
  };
  // The older name: candidates are named by time. Tags stay, as the console leaves them.
  const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
  const serving = live.traffic.filter(({ percent = 0 }) => percent > 0).map(({ revision }) => revision);
  const tags = live.traffic
    .filter(({ tag }) => tag !== undefined)
    .map(({ revision, tag }) => ({ type, revision, percent: 0, tag }));
  const traffic = [{ type, revision: serving.sort()[0], percent: 100 }, ...tags];
  const body = JSON.stringify({ traffic, etag: live.etag });
  const answer = await fetch(`${url}?updateMask=traffic`, {
    method: 'PATCH',
    headers: headersOf(demo),
    body,
  });
  if (!answer.ok) throw new Error(`pin: ${answer.status} ${await answer.text()}`);
}

async function cancelExecution(demo: DemoStack, { executionId }: Deployment): Promise<void> {
  const parent = `projects/${place.project}/locations/${place.region}/workflows/${place.workflow}`;
  const url = `${demo.stack.origin}/v1/${parent}/executions/${executionId}:cancel`;
  const answer = await fetch(url, { method: 'POST', headers: headersOf(demo) });
  if (!answer.ok) throw new Error(`cancel: ${answer.status} ${await answer.text()}`);
}
