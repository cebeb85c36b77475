import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import type { Collection, Store } from '#local/store.ts';
import { Execution, Job } from './job-messages.ts';
import { Revision, Service } from './messages.ts';

/** google.rpc.Code, as far as operations end in it here. */
export const rpcCode = { NOT_FOUND: 5, FAILED_PRECONDITION: 9, ABORTED: 10 } as const;

type Resource =
  | { type: 'Service'; message: Service }
  | { type: 'Revision'; message: Revision }
  | { type: 'Job'; message: Job }
  | { type: 'Execution'; message: Execution };

export interface OperationRecord {
  name: string;
  /** The service, job or execution it works on: whatever becomes of that ends it. */
  owner: string;
  resource: Resource;
  done: boolean;
  error?: { code: number; message: string };
}

/** Long-running operations: an answer at once, an end when the work has come to its end. */
export interface Operations {
  begin(owner: string, resource: Resource, done?: boolean): OperationRecord;
  /** Ends every operation of the owner that has not ended, but for those on a revision. */
  finishAll(owner: string, resource: Resource | undefined, error: OperationRecord['error']): void;
  finish(name: string): void;
  /** @throws GoogleError NOT_FOUND */
  get(name: string): OperationRecord;
  /** Resolves when it has ended or the signal aborts. */
  settled(name: string, signal: AbortSignal): Promise<void>;
  toJSON(operation: OperationRecord, enumNumbers: boolean): unknown;
}

/** Operations that had not ended when the local cloud went down are ended as ABORTED. */
export function createOperations(options: { store: Store; parent: string; uuid: () => string }): Operations {
  const records: Collection<OperationRecord> = options.store.collection('run-operations');
  const unfinished = new Map<string, OperationRecord>();
  const waiting = new Map<string, Set<() => void>>();
  const end = (record: OperationRecord): void => {
    records.put(record.name, { ...record, done: true });
    unfinished.delete(record.name);
    for (const wake of waiting.get(record.name) ?? []) wake();
    waiting.delete(record.name);
  };
  const get = (name: string): OperationRecord => {
    const record = records.get(name);
    if (record) return record;
    throw new GoogleError('NOT_FOUND', `Operation '${name}' was not found.`);
  };
  for (const record of records.list().filter(({ done }) => !done)) {
    const message = 'The local cloud was stopped before the operation had ended.';
    end({ ...record, error: { code: rpcCode.ABORTED, message } });
  }

  return {
    begin(owner, resource, done = false) {
      const name = `${options.parent}/operations/${options.uuid()}`;
      const record = { name, owner, resource, done };
      records.put(name, record);
      if (!done) unfinished.set(name, record);
      return record;
    },
    finishAll(owner, resource, error) {
      for (const record of unfinished.values()) {
        if (record.owner !== owner || record.resource.type === 'Revision') continue;
        end({ ...record, ...(resource ? { resource } : {}), ...(error ? { error } : {}) });
      }
    },
    finish: (name) => end(get(name)),
    get,
    settled: (name, signal) =>
      new Promise((resolve) => {
        if (get(name).done || signal.aborted) return resolve();
        const wakes = waiting.get(name) ?? new Set();
        waiting.set(name, wakes.add(resolve));
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    toJSON({ name, resource, done, error }, enumNumbers) {
      const packed = {
        '@type': `type.googleapis.com/google.cloud.run.v2.${resource.type}`,
        ...(enumNumbers ? encoded(resource) : resource.message),
      };
      const outcome = error ? { error } : { response: packed };
      return { name, metadata: packed, ...(done ? { done, ...outcome } : {}) };
    },
  };
}

function encoded({ type, message }: Resource): object {
  switch (type) {
    case 'Service':
      return z.encode(Service, message);
    case 'Revision':
      return z.encode(Revision, message);
    case 'Job':
      return z.encode(Job, message);
    case 'Execution':
      return z.encode(Execution, message);
    default:
      return type satisfies never;
  }
}
