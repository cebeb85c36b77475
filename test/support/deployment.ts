import type { Check, Evidence } from '#shared/domain/check.ts';
import type { Deployment, StepRun } from '#shared/domain/deployment.ts';
import { candidateRevision, candidateTag } from '#shared/domain/ids.ts';
import { ServiceConfig } from '#shared/domain/service.ts';

/** Where the virtual clock starts: `00:00:00` of the builders' times. */
export const start = Date.UTC(2026, 0, 1);

/** ISO 8601, that many seconds after `start`. */
export const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

const id = 'd1f3k7q2x9ab';
export const stableRevision = 'hello-d1f3k0000aaa';
export const candidate = {
  revision: candidateRevision('hello', id),
  tag: candidateTag(id),
  url: `https://${id}---hello-424242424242.us-central1.run.app`,
};
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const image = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';

/** A service file of `hello` in `staging` with every default; sections may be given as in the file. */
export const configOf = (overrides: Record<string, unknown> = {}): ServiceConfig =>
  ServiceConfig.parse({
    service: 'hello',
    environment: 'staging',
    image,
    project: 'slipway-local',
    region: 'us-central1',
    cloudRunService: 'hello',
    suites: [
      {
        title: 'Answers',
        checks: [
          { name: 'names-itself', title: 'GET / says which service it is', path: '/' },
          { name: 'answers-quickly', title: 'GET / answers within 250 ms', severity: 'advisory', path: '/' },
        ],
      },
    ],
    ...overrides,
  });

export const evidenceOf = (overrides: Partial<Evidence> = {}): Evidence => ({
  source: `GET ${candidate.url}/`,
  asked: 'GET / says which service it is',
  observed: 'status 200',
  expected: 'status 200',
  at: at(12),
  durationMs: 21,
  ...overrides,
});

/** A required check of `Answers` that passed before traffic. */
export const checkOf = (
  overrides: Partial<Extract<Check, { outcome: 'fail' }>> | Partial<Check> = {},
): Check =>
  ({
    id: 'names-itself',
    title: 'GET / says which service it is',
    suite: 'Answers',
    severity: 'required',
    step: 'validate',
    phase: 'candidate',
    outcome: 'pass',
    ...(overrides.outcome === 'not-run' ? {} : { evidence: evidenceOf() }),
    ...overrides,
  }) as Check;

/** A step that succeeded at once. */
export const stepOf = (step: StepRun['step'], seq: number, overrides: Partial<StepRun> = {}): StepRun => ({
  step,
  phase: 'candidate',
  seq,
  attempt: 1,
  status: 'succeeded',
  startedAt: at(seq * 2),
  endedAt: at(seq * 2 + 1),
  summary: `${step} did its work`,
  ...overrides,
});

/** A deployment of `hello` 1.1 to `staging` that waits for its turn: nothing was done yet. */
export function waitingOf(overrides: Partial<Deployment> = {}): Deployment {
  return {
    recordVersion: 1,
    id,
    revision: 1,
    service: 'hello',
    environment: 'staging',
    request: {
      id: 'request-1',
      source: 'api',
      requestedBy: 'ana@example.com',
      requestedAt: at(0),
      tag: '1.1',
    },
    config: configOf(),
    configHash: 'c'.repeat(64),
    configSource: 'services/hello.yaml#3',
    status: 'waiting',
    mode: 'deploy',
    fence: 0,
    deadExecutions: [],
    newestSeq: 0,
    trafficMoved: false,
    completed: false,
    steps: [],
    checks: [],
    createdAt: at(1),
    updatedAt: at(1),
    ...overrides,
  };
}

/** A deployment of `hello` 1.1 to `staging` on its way: validated, no traffic moved, `stableRevision` serves. */
export const deploymentOf = (overrides: Partial<Deployment> = {}): Deployment =>
  waitingOf({
    revision: 7,
    status: 'active',
    fence: 2,
    executionId: 'execution-1',
    newestSeq: 5,
    release: {
      image,
      digest,
      tag: '1.1',
      sizeBytes: 41_000_000,
      platforms: ['linux/amd64'],
      source: 'abc1234',
      version: '1.1.0',
    },
    stable: { first: false, targets: [{ revision: stableRevision, percent: 100 }] },
    candidate,
    serviceUrl: 'https://hello-424242424242.us-central1.run.app',
    trafficWritten: [
      { revision: stableRevision, percent: 100 },
      { revision: candidate.revision, percent: 0, tag: id },
    ],
    trafficIntended: [
      { revision: stableRevision, percent: 100 },
      { revision: candidate.revision, percent: 0, tag: id },
    ],
    steps: (['preflight', 'push', 'deploy', 'health-probe', 'validate'] as const).map((step, index) =>
      stepOf(step, index + 1),
    ),
    checks: [
      checkOf(),
      checkOf({ id: 'answers-quickly', title: 'GET / answers within 250 ms', severity: 'advisory' }),
    ],
    startedAt: at(2),
    updatedAt: at(12),
    ...overrides,
  });
