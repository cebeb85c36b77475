import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import { GoogleError } from '#local/google-error.ts';
import { jsonBody, parsedBody, type LocalRequest, type LocalService, type Route } from '#local/http.ts';
import { changedSettings, newJob, nextRun, type Job } from '#local/scheduler/job.ts';
import type { Store } from '#local/store.ts';

/**
 * Cloud Scheduler v1 with Pub/Sub targets: https://cloud.google.com/scheduler/docs/reference/rest
 * Runs that fell into a time when the local cloud was off are not made up for.
 */
export interface LocalScheduler extends LocalService {
  /**
   * What `:run` does, for the stack: an attempt at once, whatever the job's state and schedule. A failed one is in the
   * job's `status` and is told to `onError`.
   * @param name `projects/P/locations/L/jobs/J`
   * @throws GoogleError NOT_FOUND when the job does not exist
   */
  run(name: string): Job;
  stop(): Promise<void>;
}

const Empty = z.strictObject({});

/** google.rpc.Code of what a publication can fail with; anything else is INTERNAL. */
const rpcCodes: Partial<Record<GoogleError['status'], number>> = { INVALID_ARGUMENT: 3, NOT_FOUND: 5 };
const rpcInternal = 13;

export function createScheduler(options: {
  store: Store;
  clock: Clock;
  /** @throws GoogleError NOT_FOUND when the topic does not exist */
  publish: (topic: string, message: { data: Buffer; attributes: Record<string, string> }) => void;
  onError: (error: unknown) => void;
}): LocalScheduler {
  const { clock, publish, onError } = options;
  const jobs = options.store.collection<Job>('scheduler.jobs');
  const timestamp = (): string => new Date(clock.now()).toISOString();
  const stopping = new AbortController();
  let waiting = new AbortController();

  const parentOf = ({ params }: LocalRequest): string =>
    `projects/${params['project']}/locations/${params['location']}`;
  const nameOf = (request: LocalRequest): string => `${parentOf(request)}/jobs/${request.params['job']}`;

  function find(name: string): Job {
    const job = jobs.get(name);
    if (!job) throw new GoogleError('NOT_FOUND', `Job not found: ${name}`);
    return job;
  }

  /** Keeps the job with its next run. A paused job shows none (unverified). */
  function keep(job: Job): Job {
    const { scheduleTime: _, ...kept } = job;
    const next = nextRun(job, clock.now());
    const shown = job.state === 'ENABLED' ? { ...kept, scheduleTime: next } : kept;
    jobs.put(job.name, shown);
    wait();
    return shown;
  }

  function attempt(job: Job): Job {
    const { topicName, data = '', attributes = {} } = job.pubsubTarget;
    let status: Job['status'] = {};
    try {
      publish(topicName, { data: Buffer.from(data, 'base64'), attributes });
    } catch (error) {
      onError(error);
      const code = error instanceof GoogleError ? rpcCodes[error.status] : undefined;
      status = { code: code ?? rpcInternal, message: messageOf(error) };
    }
    const attempted = { ...job, status, lastAttemptTime: timestamp() };
    jobs.put(job.name, attempted);
    return attempted;
  }

  /** One timer, for the earliest run of all jobs. */
  function wait(): void {
    waiting.abort();
    if (stopping.signal.aborted) return;
    waiting = new AbortController();
    const { signal } = waiting;
    const times = jobs.list().flatMap(({ scheduleTime }) => scheduleTime ?? []);
    if (times.length === 0) return;
    const earliest = Math.min(...times.map((time) => Date.parse(time)));
    clock
      .sleep(earliest - clock.now(), signal)
      .then(runDue)
      .catch((error: unknown) => {
        if (!signal.aborted) onError(error);
      });
  }

  function runDue(): void {
    const isDue = ({ scheduleTime }: Job): boolean =>
      scheduleTime !== undefined && Date.parse(scheduleTime) <= clock.now();
    for (const job of jobs.list().filter(isDue)) keep(attempt(job));
    wait();
  }

  function create(request: LocalRequest): Job {
    const job = newJob(jsonBody(request), parentOf(request));
    if (jobs.get(job.name)) throw new GoogleError('ALREADY_EXISTS', `Job already exists: ${job.name}`);
    return keep({ ...job, state: 'ENABLED', userUpdateTime: timestamp() });
  }

  function update(request: LocalRequest): Job {
    const job = find(nameOf(request));
    const settings = changedSettings(job, jsonBody(request), request.url.searchParams.get('updateMask'));
    return keep({ ...job, ...settings, userUpdateTime: timestamp() });
  }

  /** To that state, from the other one only. */
  function turn(request: LocalRequest, from: Job['state'], to: Job['state']): Job {
    parsedBody(request, Empty);
    const job = find(nameOf(request));
    if (job.state !== from) {
      throw new GoogleError('FAILED_PRECONDITION', `Job ${job.name} is ${job.state}: expected ${from}.`);
    }
    return keep({ ...job, state: to, userUpdateTime: timestamp() });
  }

  const root = '/v1/projects/{project}/locations/{location}/jobs';
  const route = (method: string, path: string, answer: (request: LocalRequest) => unknown): Route => ({
    method,
    path,
    handle: (request) => ({ json: answer(request) }),
  });

  for (const job of jobs.list()) keep(job);
  return {
    routes: [
      route('POST', root, create),
      route('GET', root, (request) => ({
        jobs: jobs.list().filter(({ name }) => name.startsWith(`${parentOf(request)}/`)),
      })),
      route('GET', `${root}/{job}`, (request) => find(nameOf(request))),
      route('PATCH', `${root}/{job}`, update),
      route('DELETE', `${root}/{job}`, (request) => {
        jobs.delete(find(nameOf(request)).name);
        wait();
        return {};
      }),
      route('POST', `${root}/{job}:run`, (request) => {
        parsedBody(request, Empty);
        return attempt(find(nameOf(request)));
      }),
      route('POST', `${root}/{job}:pause`, (request) => turn(request, 'ENABLED', 'PAUSED')),
      route('POST', `${root}/{job}:resume`, (request) => turn(request, 'PAUSED', 'ENABLED')),
    ],
    run: (name) => attempt(find(name)),
    async stop() {
      stopping.abort();
      waiting.abort();
    },
  };
}
