import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import type { Collection, Store } from '#local/store.ts';
import { Revision, Service } from './messages.ts';

/** google.rpc.Code, as far as operations end in it here. */
export const rpcCode = { NOT_FOUND: 5, FAILED_PRECONDITION: 9, ABORTED: 10 } as const;

interface OperationRecord {
  name: string;
  /** The service it works on: whatever becomes of that ends it. */
  service: string;
  resource: { type: 'Service'; message: Service } | { type: 'Revision'; message: Revision };
  done: boolean;
  error?: { code: number; message: string };
}

/** Long-running operations: an answer at once, an end when the work has come to its end. */
export interface Operations {
  begin(service: string, resource: OperationRecord['resource'], done?: boolean): OperationRecord;
  /** Ends every operation of the service that has not ended. */
  finishAll(service: string, message: Service | undefined, error: OperationRecord['error']): void;
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
    begin(service, resource, done = false) {
      const name = `${options.parent}/operations/${options.uuid()}`;
      const record = { name, service, resource, done };
      records.put(name, record);
      if (!done) unfinished.set(name, record);
      return record;
    },
    finishAll(service, message, error) {
      for (const record of unfinished.values()) {
        if (record.service !== service || record.resource.type !== 'Service') continue;
        const resource = message ? ({ type: 'Service', message } as const) : record.resource;
        end({ ...record, resource, ...(error ? { error } : {}) });
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
      const any = {
        '@type': `type.googleapis.com/google.cloud.run.v2.${resource.type}`,
        ...(enumNumbers ? encoded(resource) : resource.message),
      };
      const outcome = error ? { error } : { response: any };
      return { name, metadata: any, ...(done ? { done, ...outcome } : {}) };
    },
  };
}

function encoded(resource: OperationRecord['resource']): object {
  return resource.type === 'Service'
    ? z.encode(Service, resource.message)
    : z.encode(Revision, resource.message);
}
