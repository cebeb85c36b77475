import { createHash } from 'node:crypto';
import type { Deployment } from '#shared/domain/deployment.ts';
import { loadConfig } from '#shared/env.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import type { Log } from '#shared/ports/platform.ts';
import type { Delivery } from '#functions/delivery.ts';
import type { Deps } from '#functions/deps.ts';
import { createFakeCloudRun, type Behaviour, type FakeCloudRun } from './fakes/cloud-run.ts';
import * as google from './fakes/google.ts';
import { createFakeJobs, type FakeJobs } from './fakes/jobs.ts';
import { createFakeLookUps, type FakeLookUps } from './fakes/look-ups.ts';
import * as people from './fakes/people.ts';
import { createFakeSlack, type FakeSlack } from './fakes/slack.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export const image = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';

/** A public service with a required and an advisory check, half of the traffic first. */
export const serviceFile = (more = ''): string => `service: hello
image: ${image}
environments:
  staging: { project: slipway-local, region: us-central1 }
runtime: { access: public, serviceAccount: hello@slipway-local.iam.gserviceaccount.com }
healthProbe: { path: /healthz, interval: 1s, successes: 3, startupGrace: 10s }
suites:
  - title: Answers
    checks:
      - { name: names-itself, path: /, expect: { contains: hello } }
      - { name: answers-quickly, severity: advisory, path: /, expect: { maximumLatency: 250ms } }
traffic: { steps: [50, 100], bake: 2s }
policy: { autoDeploy: ['*'] }
${more}`;

/** The whole outside world of the functions, in memory, on one virtual clock. */
export interface World {
  /** What a function's process is given. */
  deps: Deps;
  clock: VirtualClock;
  run: FakeCloudRun;
  jobs: FakeJobs;
  registry: google.FakeRegistry;
  secrets: google.FakeSecrets;
  lookUps: FakeLookUps;
  build: google.FakeBuild;
  pubsub: google.FakePubSub;
  callback: google.FakeCallback;
  objects: google.FakeObjects;
  workflows: google.FakeWorkflows;
  slack: FakeSlack;
  slackDirectory: people.FakeDirectory;
  responder: people.FakeResponder;
  pager: people.FakePager;
  logs: Parameters<Log>[];
  /** Puts an image into the registry. @returns its digest */
  release(tag: string, behaviour?: Partial<Behaviour>): string;
  /** Replaces services/hello.yaml. */
  configure(text: string, name?: string): void;
  /** Lets virtual time pass for as long as the work takes. @throws Error when it waits for nothing */
  finish<T>(work: Promise<T>): Promise<T>;
  /** Lets that much time pass. */
  pass(seconds: number): Promise<void>;
  /** The newest deployment. */
  newest(): Promise<Deployment>;
}

const healthy: Behaviour = {
  start: 'ready',
  startMs: 700,
  answer: () => ({ status: 200, body: 'hello' }),
};

/** @param overrides what a function is given instead */
export function createWorld(overrides: Partial<Deps> = {}): World {
  const clock = createVirtualClock();
  const behaviours = new Map<string, Behaviour>();
  const behaviourOf = (digest: string): Behaviour => behaviours.get(digest) ?? healthy;
  const run = createFakeCloudRun({ clock, behaviourOf });
  const registry = google.createFakeRegistry();
  const objects = google.createFakeObjects();
  const logs: Parameters<Log>[] = [];
  const release: World['release'] = (tag, behaviour = {}) => {
    const digest = digestOf(tag);
    behaviours.set(digest, { ...healthy, ...behaviour });
    const found = {
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      sizeBytes: 41_000_000,
      platforms: ['linux/amd64'],
      labels: { 'org.opencontainers.image.revision': 'abc1234' },
    };
    registry.images.set(tag, found).set(digest, found);
    return digest;
  };
  const fakes = {
    clock,
    run,
    registry,
    objects,
    jobs: createFakeJobs(clock),
    secrets: google.createFakeSecrets(),
    lookUps: createFakeLookUps(),
    build: google.createFakeBuild(clock, (tag) => void release(tag)),
    pubsub: google.createFakePubSub(),
    callback: google.createFakeCallback(),
    workflows: google.createFakeWorkflows(),
    slack: createFakeSlack(),
    slackDirectory: people.createFakeDirectory(),
    responder: people.createFakeResponder(),
    pager: people.createFakePager(),
  };
  const deps: Deps = {
    config: loadConfig({
      SLIPWAY_PROJECT: 'slipway-local',
      SLIPWAY_PROJECT_NUMBER: '424242424242',
      SLIPWAY_REGION: 'us-central1',
      SLIPWAY_BUCKET: 'slipway',
      SLIPWAY_LEDGER: 'sqlite::memory:',
      SLIPWAY_BUILD_ACCOUNT: 'slipway-image-build@{project}.iam.gserviceaccount.com',
      SLIPWAY_HAS_SLACK: String(!('slack' in overrides) || overrides.slack !== undefined),
      SLIPWAY_HAS_PAGER: String(!('pager' in overrides) || overrides.pager !== undefined),
      SLACK_TEAM_IDS: 'T0LOCAL',
    }),
    random: seeded(1),
    newId: () => `id-${(ids += 1)}`,
    log: (...entry) => void logs.push(entry),
    ledger: openSqliteLedger(':memory:'),
    // Nothing was measured and nothing was logged; tests of the analysis bring their own.
    monitoring: {
      requestStats: async () => ({ requests: 0, serverErrors: 0, latencies: [], covered: undefined }),
    },
    logging: { entries: async () => [] },
    prober: google.createFakeProber({ clock, run, behaviourOf }),
    ...fakes,
    ...overrides,
  };
  const world: World = {
    ...fakes,
    deps,
    logs,
    release,
    configure: (text, name = 'hello') => void objects.write(`services/${name}.yaml`, text, 'text/yaml'),
    async finish(work) {
      const state = { over: false };
      const end = clock.now() + 7 * 86_400_000;
      const watched = work.finally(() => {
        state.over = true;
      });
      watched.catch(() => undefined);
      for (let idle = 0; !state.over; idle += 1) {
        if (await clock.next()) idle = 0;
        if (idle > 20) throw new Error('everybody waits, and nobody sleeps');
        if (clock.now() > end) throw new Error('no end within a week');
      }
      return watched;
    },
    pass: (seconds) => clock.advance(seconds * 1000),
    async newest() {
      const [deployment] = await deps.ledger.list('deployments', {}, 1);
      if (!deployment) throw new Error('there is no deployment');
      return deployment;
    },
  };
  world.configure(serviceFile());
  return world;
}

export const digestOf = (tag: string): string => `sha256:${createHash('sha256').update(tag).digest('hex')}`;

/** Of all worlds: a process that starts anew must not repeat an id. */
let ids = 0;
let messages = 0;
/** A message as Pub/Sub brings it. */
export const delivery = (
  target: string,
  data: unknown,
  messageId = `message-${(messages += 1)}`,
): Delivery => ({
  target,
  messageId,
  data,
  text: JSON.stringify(data) ?? '',
});

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
