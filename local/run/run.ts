import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#shared/clock.ts';
import type { LocalService } from '#local/http.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { ImageSource } from '#local/registry/image-source.ts';
import type { Store } from '#local/store.ts';
import { createCounts, type RequestCounts } from './counts.ts';
import type { SecretValue } from './environment.ts';
import { createGateway } from './gateway.ts';
import { createInstances } from './instances.ts';
import { createExecutions } from './job-executions.ts';
import { createJobRoutes } from './job-routes.ts';
import { createJobs } from './jobs.ts';
import type { LogLine } from './logs.ts';
import { localPlace, type Place } from './names.ts';
import { createOperations } from './operations.ts';
import { recordProcesses } from './orphans.ts';
import { openRecords, specOf } from './records.ts';
import type { RequestEvent } from './request-event.ts';
import { createRoutes } from './routes.ts';
import { createServices } from './services.ts';

export interface RunOptions {
  store: Store;
  /** Real processes run in real time, so this is the system's clock outside of tests of single parts. */
  clock: Clock;
  identity: Identity;
  images: ImageSource;
  /**
   * Where revisions are unpacked and their logs kept: `SERVICE/REVISION/{rootfs,log}`; for jobs `_jobs/JOB/EXECUTION/log`.
   */
  directory: string;
  secretValue: SecretValue;
  place?: Place;
  /**
   * What Google's libraries want in their environment to find APIs here and the metadata server of that account; given to
   * the tasks of jobs.
   */
  surroundings?: (account: string) => Promise<Record<string, string>>;
  /** Whether somebody may call the service (its id) beyond its own policy, as a grant on the project would let them. */
  mayInvoke?: (email: string, service: string) => boolean;
  /**
   * Whether everyone who calls a service from here calls from its VPC, and else from outside: who is who cannot be told
   * on one machine.
   */
  isInVpc?: boolean;
  random?: () => number;
  uuid?: () => string;
  /** How long a revision may take to start; 240 s on Cloud Run, 20 s here unless told otherwise. */
  startTimeoutMs?: number;
  /** How long a write takes to reach the proxy. */
  propagationMs?: number;
  /** Between SIGTERM and SIGKILL; 10 s on Cloud Run, 2 s here unless told otherwise. */
  stopGraceMs?: number;
  /** Told of every request that a revision answered, when it is over. */
  onRequest?: (event: RequestEvent) => void;
  onError?: (error: unknown) => void;
}

export interface Run extends LocalService {
  /** What a revision (short name) wrote, and what Cloud Run says of its container; newest last. */
  logs(revision: string, service?: string): LogLine[];
  /** What the tasks of a job's execution (short name) wrote, likewise. */
  executionLogs(execution: string): LogLine[];
  /** Requests the proxy passed to the service's revisions (short names) since the start or the last reset. */
  requestsByRevision(service: string): RequestCounts;
  resetRequests(service: string): void;
  stop(): Promise<void>;
}

/**
 * Cloud Run of the local cloud: the Admin API v2, revisions and jobs as real processes, and a real proxy in front of them.
 * Services of an earlier run on the same store are there again, at the same addresses; their processes start with the
 * first request.
 */
export async function createRun(options: RunOptions): Promise<Run> {
  const { store, clock, identity } = options;
  const { place = localPlace, random = Math.random, uuid = randomUUID } = options;
  const onError = options.onError ?? (() => undefined);
  const parent = `projects/${place.project}/locations/${place.location}`;
  const records = openRecords(store);
  const operations = createOperations({ store, parent, uuid });
  const counts = createCounts();
  const propagationMs = options.propagationMs ?? 50;
  const processes = {
    images: options.images,
    clock,
    records: recordProcesses(store),
    secretValue: options.secretValue,
    stopGraceMs: options.stopGraceMs ?? 2_000,
    onError,
  };
  const instances = createInstances({
    ...processes,
    directory: options.directory,
    startTimeoutMs: options.startTimeoutMs ?? 20_000,
  });
  const gateway = createGateway({
    store,
    clock,
    identity,
    instances,
    counts,
    random,
    mayInvoke: options.mayInvoke ?? (() => false),
    isInVpc: options.isInVpc ?? false,
    view: {
      service: (id) => records.services.get(`${parent}/services/${id}`),
      spec(id, revision) {
        const record = records.revisions.get(`${parent}/services/${id}/revisions/${revision}`);
        return record && specOf(record);
      },
    },
    onRequest: options.onRequest ?? (() => undefined),
    onError,
  });
  const services = createServices({
    records,
    operations,
    instances,
    gateway,
    clock,
    place,
    uuid,
    random,
    propagationMs,
    onError,
  });
  // No service's id begins with an underscore.
  const directory = join(options.directory, '_jobs');
  const surroundings = options.surroundings ?? (async () => ({}));
  const jobOptions = { ...processes, surroundings, store, operations, directory, place, uuid, random };
  const executions = createExecutions(jobOptions);
  const jobs = createJobs({ ...jobOptions, executions, propagationMs });
  await services.resume();

  return {
    routes: [
      ...createRoutes({ services, records, operations, place, clock, uuid }),
      ...createJobRoutes({ jobs, executions, operations, place }),
    ],
    logs: (revision, service) => instances.logs(revision, service),
    executionLogs: (execution) => executions.logs(execution),
    requestsByRevision: (service) => counts.of(service),
    resetRequests: (service) => counts.reset(service),
    async stop() {
      await services.stop();
      await Promise.all([gateway.stop(), instances.stop(), jobs.stop(), executions.stop()]);
    },
  };
}
