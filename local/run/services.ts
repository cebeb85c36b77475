import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import type { Gateway } from './gateway.ts';
import type { Instances } from './instances.ts';
import { mergeMasked, pickMutable } from './mask.ts';
import type { Revision, Service } from './messages.ts';
import { checkId, shortName, type Place } from './names.ts';
import { observe, withObservation } from './observe.ts';
import { rpcCode, type Operations } from './operations.ts';
import { checkEtag, refuseInUse } from './preconditions.ts';
import { planWrite, type WriteContext } from './plan-write.ts';
import { specOf, statusByName, type Records, type RevisionRecord, type ServiceRecord } from './records.ts';
import { revisionConditions } from './revision-status.ts';

type Operation = ReturnType<Operations['begin']>;

interface Write {
  principal: string;
  validateOnly: boolean;
}

/** The control plane: writes what is wanted, then works until what is there equals it. */
export interface Services {
  /** @throws GoogleError NOT_FOUND */
  get(name: string): ServiceRecord;
  create(parent: string, id: string, wanted: Service, write: Write): Promise<Operation>;
  update(
    name: string,
    given: Service,
    options: Write & { mask: string | null; allowMissing: boolean },
  ): Promise<Operation>;
  remove(name: string, options: { etag: string | null; validateOnly: boolean }): Operation;
  removeRevision(name: string, options: { etag: string | null; validateOnly: boolean }): Operation;
  /** Takes up where an earlier run stopped. */
  resume(): Promise<void>;
  /** Resolves when nothing is written to the store any more, but for what a request writes. */
  stop(): Promise<void>;
}

export function createServices(options: {
  records: Records;
  operations: Operations;
  instances: Instances;
  gateway: Gateway;
  clock: Clock;
  place: Place;
  uuid: () => string;
  random: () => number;
  /** How long a write takes to reach the proxy. */
  propagationMs: number;
  onError: (error: unknown) => void;
}): Services {
  const { records, operations, instances, gateway, clock } = options;
  const { services, revisions } = records;
  const revisionsOf = (name: string): RevisionRecord[] => records.revisionsOf(name);
  /** The last piece of work queued per service: one at a time, in order. */
  const turns = new Map<string, Promise<void>>();
  /** What is being deleted, by name: its successor of the same name waits. */
  const ending = new Map<string, Promise<void>>();
  let stopped = false;
  const now = (): string => new Date(clock.now()).toISOString();

  function get(name: string): ServiceRecord {
    const record = services.get(name);
    if (record) return record;
    throw new GoogleError('NOT_FOUND', `Resource '${shortName(name)}' of kind 'SERVICE' was not found.`);
  }

  async function create(parent: string, id: string, wanted: Service, write: Write): Promise<Operation> {
    checkId('service_id', id);
    const name = `${parent}/services/${id}`;
    const plan = planWrite(context(name, write), undefined, pickMutable(wanted), []);
    refuseExisting(name);
    if (write.validateOnly) return validated(plan.record);
    await ending.get(name);
    const uri = await gateway.open(id);
    refuseExisting(name); // another may have come first meanwhile
    Object.assign(plan.record.service, { uri, urls: [uri] });
    return accept(plan);
  }

  function refuseExisting(name: string): void {
    if (!services.get(name)) return;
    throw new GoogleError('ALREADY_EXISTS', `Resource '${shortName(name)}' already exists.`);
  }

  function context(name: string, { principal }: Write): WriteContext {
    const { uuid, random, place } = options;
    return { name, principal, now: now(), uuid, random, place };
  }

  function validated({ service }: ServiceRecord): Operation {
    return operations.begin(service.name, { type: 'Service', message: service }, true);
  }

  function accept({ record, created }: ReturnType<typeof planWrite>): Operation {
    const { service } = record;
    services.put(service.name, record);
    const operation = operations.begin(service.name, { type: 'Service', message: service });
    if (created) {
      revisions.put(created.revision.name, created);
      void start(created);
    }
    reconcile(service.name, options.propagationMs);
    return operation;
  }

  /** The one start that decides whether a revision is ready. */
  async function start(record: RevisionRecord): Promise<void> {
    const { name } = record.revision;
    await ending.get(name);
    const status = await instances.start(specOf(record));
    if (stopped || revisions.get(name)?.revision.uid !== record.revision.uid) return;
    const revision: Revision = {
      ...record.revision,
      reconciling: false,
      observedGeneration: '1',
      updateTime: now(),
      conditions: revisionConditions(status, now()),
    };
    revisions.put(name, { ...record, status, revision });
    reconcile(name.slice(0, name.indexOf('/revisions/')), 0);
  }

  function reconcile(name: string, afterMs: number): void {
    const turn = (turns.get(name) ?? Promise.resolve())
      .then(() => clock.sleep(afterMs))
      .then(() => (stopped ? undefined : apply(name)))
      .catch(options.onError);
    turns.set(name, turn);
  }

  /** Observes, routes, writes the state down, and ends the operations when there is nothing left to wait for. */
  async function apply(name: string): Promise<void> {
    const before = services.get(name);
    if (!before) return;
    const seen = observe({ ...before, revisions: statusByName(revisionsOf(name)), now: now() });
    const id = shortName(name);
    const address = await gateway.open(id);
    const tagAddresses = new Map<string, string>();
    for (const { tag } of seen.routing.targets) {
      if (tag !== undefined) tagAddresses.set(tag, await gateway.open(id, tag));
    }
    // Opening an address took time: a write of that time is kept, and has its own turn after this one.
    const record = services.get(name);
    if (stopped || !record || record.service.uid !== before.service.uid) return;
    const settled = !seen.reconciling && record.service.generation === before.service.generation;
    const service = withObservation(record.service, seen, { settled, address, tagAddresses });
    services.put(name, { ...record, service, routing: seen.routing });
    gateway.retainTags(id, new Set(tagAddresses.keys()));
    const pending = revisionsOf(name).filter(({ status }) => status.kind === 'pending');
    const kept = [...seen.routing.assignments, ...pending.map(specOf)];
    instances.retain(id, new Set(kept.map(({ revision }) => revision)));
    if (!settled) return;
    const error = seen.failure && { code: rpcCode.FAILED_PRECONDITION, message: seen.failure.message };
    operations.finishAll(name, { type: 'Service', message: service }, error);
  }

  /** Ends what was deleted, and the operation with it. */
  function end(operation: Operation, names: string[], work: () => Promise<unknown>): void {
    const ended = work()
      .then(() => (stopped ? undefined : operations.finish(operation.name)))
      .catch(options.onError)
      .finally(() => names.map((name) => ending.delete(name)));
    for (const name of names) ending.set(name, ended);
  }

  return {
    get,
    create,
    async update(name, given, { mask, allowMissing, ...write }) {
      const before = services.get(name);
      if (!before && allowMissing) {
        const parent = name.slice(0, name.indexOf('/services/'));
        return create(parent, shortName(name), given, write);
      }
      const record = get(name);
      checkEtag(name, given.etag, record.service.etag);
      const wanted = mergeMasked(record.service, pickMutable(given), mask);
      const plan = planWrite(context(name, write), record, wanted, revisionsOf(name));
      return write.validateOnly ? validated(plan.record) : accept(plan);
    },
    remove(name, { etag, validateOnly }) {
      const record = get(name);
      checkEtag(name, etag ?? undefined, record.service.etag);
      const message = { ...record.service, deleteTime: now() };
      if (validateOnly) return validated(record);
      const owned = revisionsOf(name);
      services.delete(name);
      for (const { revision } of owned) revisions.delete(revision.name);
      const gone = `Service '${shortName(name)}' was deleted.`;
      operations.finishAll(name, undefined, { code: rpcCode.NOT_FOUND, message: gone });
      const operation = operations.begin(name, { type: 'Service', message });
      end(operation, [name, ...owned.map(({ revision }) => revision.name)], () =>
        Promise.all([gateway.remove(shortName(name)), ...owned.map((one) => instances.remove(specOf(one)))]),
      );
      return operation;
    },
    removeRevision(name, { etag, validateOnly }) {
      const owner = name.slice(0, name.indexOf('/revisions/'));
      const { service, routing } = get(owner);
      const record = revisions.get(name);
      const id = shortName(name);
      if (!record) {
        throw new GoogleError('NOT_FOUND', `Resource '${id}' of kind 'REVISION' was not found.`);
      }
      checkEtag(name, etag ?? undefined, record.revision.etag);
      refuseInUse(id, service, routing.assignments);
      const message = { ...record.revision, deleteTime: now() };
      const operation = operations.begin(owner, { type: 'Revision', message }, validateOnly);
      if (validateOnly) return operation;
      revisions.delete(name);
      end(operation, [name], () => instances.remove(specOf(record)));
      return operation;
    },
    async resume() {
      for (const { service } of services.list()) {
        await gateway.open(shortName(service.name));
        for (const record of revisionsOf(service.name)) {
          if (record.status.kind === 'pending') void start(record);
        }
        reconcile(service.name, 0);
      }
      // The addresses of tags are open when each service had its first turn.
      await Promise.all(turns.values());
    },
    async stop() {
      stopped = true;
      await Promise.all([...turns.values(), ...ending.values()]);
    },
  };
}
