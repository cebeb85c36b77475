import { GoogleError } from '#local/google-error.ts';
import type { Collection } from '#local/store.ts';
import { checkImage } from './image.ts';
import type { Executions, JobOptions, Removal } from './job-executions.ts';
import type { Job, RunJobRequest } from './job-messages.ts';
import { planJob, type StoredJob } from './job-plan.ts';
import type { Condition } from './messages.ts';
import { checkId, shortName } from './names.ts';
import { rpcCode, type OperationRecord } from './operations.ts';
import { checkEtag } from './preconditions.ts';
import { failedCondition, failureOf } from './revision-status.ts';

interface Write {
  principal: string;
  validateOnly: boolean;
}

/** Jobs; whatever changes one answers with an operation. */
export interface Jobs {
  /** With its newest execution. @throws GoogleError NOT_FOUND */
  get(name: string): Job;
  /** In order of creation. */
  list(): Job[];
  create(name: string, wanted: Job, write: Write): OperationRecord;
  update(name: string, wanted: Job, write: Write & { allowMissing: boolean }): OperationRecord;
  remove(name: string, removal: Removal): OperationRecord;
  run(name: string, request: RunJobRequest, principal: string): OperationRecord;
  /** Resolves when nothing is written to the store any more. */
  stop(): Promise<void>;
}

export function createJobs(
  options: JobOptions & {
    executions: Executions;
    /** How long it takes until a write is seen to. */
    propagationMs: number;
  },
): Jobs {
  const { operations, executions, clock, uuid, place } = options;
  const jobs: Collection<StoredJob> = options.store.collection('run-jobs');
  const work = new Set<Promise<void>>();
  let stopped = false;
  const now = (): string => new Date(clock.now()).toISOString();
  for (const job of jobs.list().filter(({ reconciling }) => reconciling)) inBackground(() => settle(job));

  function inBackground(task: () => Promise<void>): void {
    const done = task()
      .catch(options.onError)
      .finally(() => work.delete(done));
    work.add(done);
  }

  function stored(name: string): StoredJob {
    const job = jobs.get(name);
    if (job) return job;
    throw new GoogleError('NOT_FOUND', `Resource '${shortName(name)}' of kind 'JOB' was not found.`);
  }

  function accept(job: StoredJob, { validateOnly }: Write): OperationRecord {
    const operation = operations.begin(job.name, { type: 'Job', message: job }, validateOnly);
    if (validateOnly) return operation;
    jobs.put(job.name, job);
    inBackground(() => settle(job));
    return operation;
  }

  /** A job is ready when its image may run. */
  async function settle({ name, etag, template }: StoredJob): Promise<void> {
    await clock.sleep(options.propagationMs);
    const image = template.template?.containers?.[0]?.image ?? '';
    const failure = await failureOf(options.onError, async () => checkImage(options.images, image));
    const job = jobs.get(name);
    // A write of this time has its own turn.
    if (stopped || !job || job.etag !== etag) return;
    const terminalCondition: Condition = failure
      ? failedCondition('Ready', failure, now())
      : { type: 'Ready', state: 'CONDITION_SUCCEEDED', lastTransitionTime: now() };
    const settled = { ...job, terminalCondition, reconciling: false, observedGeneration: job.generation };
    jobs.put(name, settled);
    const error = failure && { code: rpcCode.FAILED_PRECONDITION, message: failure.message };
    operations.finishAll(name, { type: 'Job', message: withLatest(settled) }, error);
  }

  /** What becomes of executions shows in their job: they are looked up when it is asked for. */
  function withLatest(job: StoredJob): Job {
    const latest = executions.of(job.name).at(-1);
    if (!latest) return job;
    const { name, createTime, completionTime } = latest;
    const completionStatus = completionStatusOf(latest.conditions?.[0]);
    return { ...job, latestCreatedExecution: { name, createTime, completionTime, completionStatus } };
  }

  function create(name: string, wanted: Job, write: Write): OperationRecord {
    checkId('job_id', shortName(name));
    if (jobs.get(name)) {
      throw new GoogleError('ALREADY_EXISTS', `Resource '${shortName(name)}' already exists.`);
    }
    const { principal } = write;
    return accept(planJob({ name, principal, now: now(), uuid, place }, undefined, wanted), write);
  }

  return {
    get: (name) => withLatest(stored(name)),
    list: () => jobs.list().map(withLatest),
    create,
    update(name, wanted, { allowMissing, ...write }) {
      if (allowMissing && !jobs.get(name)) return create(name, wanted, write);
      const before = stored(name);
      checkEtag(name, wanted.etag, before.etag);
      const { principal } = write;
      return accept(planJob({ name, principal, now: now(), uuid, place }, before, wanted), write);
    },
    remove(name, { etag, validateOnly }) {
      const job = stored(name);
      checkEtag(name, etag, job.etag);
      const message = { ...withLatest(job), deleteTime: now() };
      if (validateOnly) return operations.begin(name, { type: 'Job', message }, true);
      jobs.delete(name);
      const gone = `Job '${shortName(name)}' was deleted.`;
      operations.finishAll(name, undefined, { code: rpcCode.NOT_FOUND, message: gone });
      const operation = operations.begin(name, { type: 'Job', message });
      inBackground(async () => {
        await executions.discardAll(name);
        if (!stopped) operations.finish(operation.name);
      });
      return operation;
    },
    run(name, request, principal) {
      const job = stored(name);
      checkEtag(name, request.etag, job.etag);
      const operation = executions.start(job, request, principal);
      // Whether a run changes the job's etag at Google is unverified; here it does not, so that nobody relies on it.
      if (!request.validateOnly) jobs.put(name, { ...job, executionCount: (job.executionCount ?? 0) + 1 });
      return operation;
    },
    async stop() {
      stopped = true;
      await Promise.all(work);
    },
  };
}

function completionStatusOf(completed: Condition | undefined) {
  if (completed?.state === 'CONDITION_SUCCEEDED') return 'EXECUTION_SUCCEEDED';
  if (completed?.state !== 'CONDITION_FAILED') return 'EXECUTION_RUNNING';
  return completed.executionReason === 'CANCELLED' ? 'EXECUTION_CANCELLED' : 'EXECUTION_FAILED';
}
