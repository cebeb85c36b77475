import type { Clock } from '#shared/clock.ts';
import { Fault } from '#shared/domain/fault.ts';
import { liveService, ServiceJson } from '#shared/google/live-service.ts';
import type { CloudRun, RawJson, RevisionState } from '#shared/ports/cloud-run.ts';

/** How a release behaves once it runs; looked up by the digest in its image. */
export interface Behaviour {
  /** `never`: it stays pending for ever. */
  start: 'ready' | 'fails' | 'never';
  startMs: number;
  /** What it answers; `candidate` tells the tag's address from the service's, `percent` is its share right now. */
  answer(request: {
    path: string;
    candidate: boolean;
    percent: number;
    nowMs: number;
  }): { status: number; body?: string; ms?: number } | 'silence';
}

interface Target {
  type: string;
  revision?: string;
  percent: number;
  tag?: string;
}

interface Revision {
  name: string;
  digest: string;
  template: string;
  startedMs: number;
}

interface Service {
  etag: number;
  generation: number;
  template: RawJson;
  ingress: string;
  annotations: Record<string, string>;
  isPublic: boolean;
  traffic: Target[];
  writtenMs: number;
  /** What users get: the last traffic whose every revision was ready. */
  effective: Target[];
  revisions: Revision[];
}

interface Write {
  kind: 'create' | 'update';
  mask: string[];
  body: RawJson;
}

export interface FakeCloudRun extends CloudRun {
  writes: Write[];
  /** Revisions that were deleted, in order. */
  deleted: string[];
  /** Every split that users met, in order: only of a service that was open to them. */
  exposed: { revision: string; percent: number }[][];
  /** A person's edit in the console: a new etag, no fence of ours. */
  edit(change: (service: Service) => void): void;
  /** Runs before each write of a product's function, with the etag it brings. */
  beforeWrite: (() => void | Promise<void>) | undefined;
  service(): Service | undefined;
  revisionAt(tag: string | undefined, draw: number): { digest: string; percent: number } | undefined;
}

const url = 'https://hello-424242424242.us-central1.run.app';
export const addressOf = (tag?: string): string =>
  tag === undefined ? url : url.replace('://', `://${tag}---`);
const writable = ['template', 'traffic', 'annotations', 'invoker_iam_disabled'];
/** How long Cloud Run takes to put a traffic split into effect. */
const trafficDelayMs = 600;

/** One Cloud Run service, `hello`, which may not exist. Time passes by the clock; nothing happens at once. */
export function createFakeCloudRun(options: {
  clock: Clock;
  behaviourOf: (digest: string) => Behaviour;
}): FakeCloudRun {
  const { clock, behaviourOf } = options;
  let service: Service | undefined;

  const stateOf = ({ digest, startedMs }: Revision): RevisionState => {
    const { start, startMs } = behaviourOf(digest);
    if (start === 'never' || clock.now() < startedMs + startMs) return { status: 'pending' };
    if (start === 'ready') return { status: 'ready' };
    return { status: 'failed', reason: 'HEALTH_CHECK_CONTAINER_ERROR', message: 'the container exited' };
  };
  const latestReady = (of: Service): string | undefined =>
    of.revisions.findLast((revision) => stateOf(revision).status === 'ready')?.name;

  /** Traffic is taken over as a whole, once every revision it names is ready, and not at all before. */
  function settle(of: Service): void {
    const ready = of.traffic.every(({ revision }) => {
      const found = of.revisions.find(({ name }) => name === (revision ?? latestReady(of)));
      return found !== undefined && stateOf(found).status === 'ready';
    });
    if (ready && clock.now() >= of.writtenMs + trafficDelayMs) of.effective = of.traffic;
    const split = of.effective
      .filter(({ percent }) => percent > 0)
      .map(({ revision, percent }) => ({ revision: revision ?? latestReady(of) ?? '', percent }));
    if (of.isPublic && split.length > 0 && JSON.stringify(fake.exposed.at(-1)) !== JSON.stringify(split))
      fake.exposed.push(split);
  }

  function setTraffic(of: Service, wanted: unknown): void {
    const targets = wanted as Target[];
    const sum = targets.reduce((total, { percent }) => total + percent, 0);
    if (sum !== 100) throw new Fault('invalid-input', `traffic percentages must sum to 100, got ${sum}`);
    const tags = targets.flatMap(({ tag }) => tag ?? []);
    if (new Set(tags).size !== tags.length) throw new Fault('invalid-input', 'a tag is given twice');
    of.traffic = structuredClone(targets);
    of.writtenMs = clock.now();
  }

  function setTemplate(of: Service, wanted: unknown): void {
    const template = structuredClone(wanted) as RawJson;
    const name = String(template.revision);
    const text = JSON.stringify(template);
    const known = of.revisions.find((revision) => revision.name === name);
    if (known && known.template !== text)
      throw new Fault('conflict', `revision ${name} exists with a different configuration`);
    of.template = template;
    if (known) return;
    const [container] = template.containers as { image: string }[];
    const digest = container?.image.split('@')[1] ?? '';
    of.revisions.push({ name, digest, template: text, startedMs: clock.now() });
    of.generation += 1;
  }

  const fake: FakeCloudRun = {
    writes: [],
    deleted: [],
    exposed: [],
    beforeWrite: undefined,
    service: () => service,
    edit(change) {
      if (!service) throw new Error('there is no service to edit');
      change(service);
      service.writtenMs = clock.now() - trafficDelayMs;
      service.etag += 1;
      settle(service);
    },
    revisionAt(tag, draw) {
      if (!service) return undefined;
      settle(service);
      const shareOf = (name: string): number =>
        (service?.effective ?? [])
          .filter((target) => (target.revision ?? latestReady(service!)) === name)
          .reduce((sum, { percent }) => sum + percent, 0);
      let left = draw * 100;
      const target = service.effective.find((known) =>
        tag === undefined ? known.percent > 0 && (left -= known.percent) < 0 : known.tag === tag,
      );
      const name = target && (target.revision ?? latestReady(service));
      const found = service.revisions.find((revision) => revision.name === name);
      return found && { digest: found.digest, percent: shareOf(found.name) };
    },

    locations: async () => ['europe-west1', 'us-central1'],
    async getService() {
      if (!service) return undefined;
      settle(service);
      const ready = latestReady(service);
      const raw = structuredClone({
        etag: `"${service.etag}"`,
        uri: url,
        generation: String(service.generation),
        annotations: service.annotations,
        ingress: service.ingress,
        invokerIamDisabled: service.isPublic,
        template: service.template,
        traffic: service.traffic,
        trafficStatuses: service.effective.map((target) =>
          target.tag === undefined ? target : { ...target, uri: addressOf(target.tag) },
        ),
        latestCreatedRevision: service.revisions.at(-1)?.name,
        ...(ready === undefined ? {} : { latestReadyRevision: ready }),
      });
      return liveService(ServiceJson.parse(raw), raw);
    },
    async createService(ref, body) {
      await fake.beforeWrite?.();
      if (service) throw new Fault('conflict', `service ${ref.name} already exists`);
      const made: Service = {
        etag: 1,
        generation: 1,
        template: {},
        ingress: String(body.ingress),
        annotations: { ...(body.annotations as Record<string, string>) },
        isPublic: body.invokerIamDisabled === true,
        traffic: [],
        writtenMs: 0,
        effective: [],
        revisions: [],
      };
      setTemplate(made, body.template);
      setTraffic(made, body.traffic);
      service = made;
      fake.writes.push({ kind: 'create', mask: [], body });
      return 'operations/create';
    },
    async updateService(ref, body, mask, etag) {
      await fake.beforeWrite?.();
      if (!service) throw new Fault('not-found', `there is no service ${ref.name}`);
      if (etag !== `"${service.etag}"`) throw new Fault('conflict', `etag ${etag} is stale`);
      const unknown = mask.filter((path) => !writable.includes(path));
      if (mask.length === 0 || unknown.length > 0)
        throw new Fault('invalid-input', `mask "${unknown.join(',')}": expected some of ${writable.join()}`);
      settle(service);
      const next: Service = { ...service, revisions: [...service.revisions] };
      if (mask.includes('template')) setTemplate(next, body.template);
      if (mask.includes('traffic')) setTraffic(next, body.traffic);
      if (mask.includes('annotations'))
        next.annotations = { ...(body.annotations as Record<string, string>) };
      if (mask.includes('invoker_iam_disabled')) next.isPublic = body.invokerIamDisabled === true;
      next.etag += 1;
      service = next;
      settle(service);
      fake.writes.push({ kind: 'update', mask, body });
      return 'operations/update';
    },
    async getRevision(_ref, name) {
      const found = service?.revisions.find((revision) => revision.name === name);
      return found && stateOf(found);
    },
    async revisions() {
      return service?.revisions.map(({ name }) => name).reverse() ?? [];
    },
    async deleteRevision(_ref, name) {
      if (!service) return;
      const inUse = [...service.traffic, ...service.effective].some(({ revision }) => revision === name);
      if (inUse || service.revisions.at(-1)?.name === name)
        throw new Fault('invalid-input', `revision ${name} is in use`);
      service.revisions = service.revisions.filter((revision) => revision.name !== name);
      fake.deleted.push(name);
    },
  };
  return fake;
}
