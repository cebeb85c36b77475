import type { Clock } from '#shared/clock.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { BuildState, CloudBuild, Registry, RegistryImage } from '#shared/ports/images.ts';
import type { Callback, ObjectStore, PubSub, Secrets, Workflows } from '#shared/ports/platform.ts';
import type { Prober } from '#shared/ports/prober.ts';
import { addressOf, type Behaviour, type FakeCloudRun } from './cloud-run.ts';

export interface FakeRegistry extends Registry {
  images: Map<string, RegistryImage>;
}

/** References of one image: tags and digests. */
export function createFakeRegistry(): FakeRegistry {
  const images = new Map<string, RegistryImage>();
  return {
    images,
    async resolve(_image, reference) {
      return images.get(reference);
    },
    async repository() {
      return { name: 'projects/slipway-local/locations/us-central1/repositories/apps' };
    },
    async tags() {
      return [...images].flatMap(([tag, { digest, uploadedAt }]) =>
        tag === digest || uploadedAt === undefined ? [] : [{ tag, digest, uploadedAt }],
      );
    },
  };
}

export interface FakeSecrets extends Secrets {
  /** `name:version` → state; a Fault is what the look-up of it ends with. */
  versions: Map<string, 'enabled' | 'disabled' | Fault>;
  /** `name:version` → value. */
  values: Map<string, string>;
}

export function createFakeSecrets(): FakeSecrets {
  const versions: FakeSecrets['versions'] = new Map();
  const values: FakeSecrets['values'] = new Map();
  return {
    versions,
    values,
    async judge(_project, secret, version, judge) {
      const value = values.get(`${secret}:${version}`);
      return value === undefined ? undefined : judge(value);
    },
    async version(_project, secret, version) {
      const state = versions.get(`${secret}:${version}`);
      if (state instanceof Fault) throw state;
      const resource = `projects/424242424242/secrets/${secret}`;
      return state && { state, number: version === 'latest' ? '7' : version, resource };
    },
  };
}

export interface FakeBuild extends CloudBuild {
  builds: { id: string; tag: string; serviceAccount: string; startedMs: number; cancelled?: boolean }[];
  /** What a build comes to after a while. */
  ends: BuildState;
}

/** A build runs for five seconds. @param made is told when a build's image is in the registry */
export function createFakeBuild(clock: Clock, made: (imageTag: string) => void): FakeBuild {
  const build: FakeBuild = {
    builds: [],
    ends: { status: 'succeeded', digest: '', ran: undefined },
    async find(_ref, tag) {
      return build.builds.find((known) => known.tag === tag)?.id;
    },
    async create(_ref, { tag, serviceAccount }) {
      const id = `build-${build.builds.length + 1}`;
      build.builds.push({ id, tag, serviceAccount, startedMs: clock.now() });
      return id;
    },
    async get(_ref, id) {
      const known = build.builds.find((one) => one.id === id);
      if (!known) throw new Fault('not-found', `there is no build ${id}`);
      if (known.cancelled) return { status: 'failed', reason: 'cancelled' };
      if (clock.now() < known.startedMs + 5000) return { status: 'running' };
      if (build.ends.status === 'succeeded') made(known.tag);
      if (build.ends.status !== 'succeeded') return build.ends;
      const iso = (ms: number): string => new Date(ms).toISOString();
      return { ...build.ends, ran: { from: iso(known.startedMs), to: iso(known.startedMs + 5000) } };
    },
    async cancel(_ref, id) {
      const known = build.builds.find((one) => one.id === id);
      if (!known) throw new Fault('not-found', `there is no build ${id}`);
      known.cancelled = true;
    },
  };
  return build;
}

/** Answers as the revision behind the address would; a private service wants a token for its own address. */
export function createFakeProber(options: {
  clock: Clock;
  run: FakeCloudRun;
  behaviourOf: (digest: string) => Behaviour;
}): Prober {
  const { clock, run, behaviourOf } = options;
  let asked = 0;
  const none = async (): Promise<never> => {
    throw new Fault('unsupported', 'the fake answers HTTP requests only');
  };
  return {
    webSocket: none,
    certificate: none,
    async request({ url, audience, allowedOrigins, signal, timeoutSeconds }) {
      const { origin, pathname, host } = new URL(url);
      if (audience !== undefined && !allowedOrigins.includes(origin))
        throw new Fault('invalid-input', `no identity token is sent to ${origin}`);
      asked += 1;
      await clock.sleep(20, signal);
      const tag = host.includes('---') ? host.split('---')[0] : undefined;
      const behind = run.revisionAt(tag, (asked * 0.37) % 1);
      const answered = (status: number, body = '') => ({ status, body, headers: {}, durationMs: 20 });
      if (!behind) return answered(404);
      if (!run.service()?.isPublic && audience !== addressOf())
        return answered(audience === undefined ? 403 : 401);
      const answer = behaviourOf(behind.digest).answer({
        path: pathname,
        candidate: tag !== undefined,
        percent: behind.percent,
        nowMs: clock.now(),
      });
      if (answer === 'silence') {
        await clock.sleep(timeoutSeconds * 1000, signal);
        throw new Fault('timeout', `GET ${url} gave no answer within ${timeoutSeconds} s`);
      }
      return { ...answered(answer.status, answer.body), durationMs: answer.ms ?? 20 };
    },
  };
}

export interface FakePubSub extends PubSub {
  published: { topic: string; message: unknown }[];
  /** Receives what is published from now on; without it messages are only kept. */
  subscriber: ((topic: string, message: unknown) => void) | undefined;
}

export function createFakePubSub(): FakePubSub {
  const pubsub: FakePubSub = {
    published: [],
    subscriber: undefined,
    async publish(topic, message) {
      pubsub.published.push({ topic, message: structuredClone(message) });
      pubsub.subscriber?.(topic, structuredClone(message));
    },
  };
  return pubsub;
}

export interface FakeCallback extends Callback {
  posts: { url: string; body: unknown }[];
  /** What the endpoint answers; a thrown Fault is a broken connection. */
  answer: (url: string, body: unknown) => number;
}

export function createFakeCallback(): FakeCallback {
  const callback: FakeCallback = {
    posts: [],
    answer: () => 200,
    async post(url, body) {
      callback.posts.push({ url, body });
      return callback.answer(url, body);
    },
  };
  return callback;
}

export interface FakeObjects extends ObjectStore {
  objects: Map<string, { text: string; generation: number }>;
}

export function createFakeObjects(): FakeObjects {
  const objects: FakeObjects['objects'] = new Map();
  return {
    objects,
    async read(name, { maximumBytes } = { maximumBytes: Infinity }) {
      const found = objects.get(name);
      if (found && Buffer.byteLength(found.text) > maximumBytes)
        throw new Fault('unsupported', `${name} is too large`);
      return found && { text: found.text, generation: String(found.generation) };
    },
    async list(prefix) {
      return [...objects]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { generation }]) => ({ name, generation: String(generation) }));
    },
    async write(name, text) {
      objects.set(name, { text, generation: (objects.get(name)?.generation ?? 0) + 1 });
    },
  };
}

export interface Execution {
  id: string;
  argument: { deploymentId: string; mode: string; after: number };
  labels: Record<string, string>;
  state: 'active' | 'succeeded' | 'failed' | 'cancelled';
}

export interface FakeWorkflows extends Workflows {
  executions: Execution[];
  /** Told of each new execution; without it executions stay active and do nothing. */
  started: ((execution: Execution) => void) | undefined;
  /** Told of each that is cancelled. */
  cancelled: ((executionId: string) => void) | undefined;
}

export function createFakeWorkflows(): FakeWorkflows {
  const workflows: FakeWorkflows = {
    executions: [],
    started: undefined,
    cancelled: undefined,
    async find(labels) {
      const ours = workflows.executions.filter(
        (known) => known.labels.deployment === labels.deployment && known.labels.fence === labels.fence,
      );
      return (ours.find(({ state }) => state === 'active') ?? ours.at(-1))?.id;
    },
    async create(argument, labels) {
      const id = `execution-${workflows.executions.length + 1}`;
      const execution: Execution = {
        id,
        argument: structuredClone(argument) as Execution['argument'],
        labels,
        state: 'active',
      };
      workflows.executions.push(execution);
      workflows.started?.(execution);
      return id;
    },
    async state(id) {
      return workflows.executions.find((known) => known.id === id)?.state;
    },
    async cancel(id) {
      const execution = workflows.executions.find((known) => known.id === id);
      if (execution?.state !== 'active')
        throw new Fault('invalid-input', `execution ${id} is ${execution?.state ?? 'unknown'}`);
      execution.state = 'cancelled';
      workflows.cancelled?.(id);
    },
  };
  return workflows;
}
