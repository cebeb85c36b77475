import type { Clock } from '#shared/clock.ts';
import type { ImageSource } from '#local/registry/image-source.ts';
import { environmentOf, type SecretValue } from './environment.ts';
import { commandOf, unpackImage } from './image.ts';
import type { StoredExecution } from './job-plan.ts';
import type { Log } from './logs.ts';
import { shortName } from './names.ts';
import type { ProcessRecords } from './orphans.ts';
import { spawnNode } from './process.ts';

/** A laptop has few cores: "the actual number of tasks running will be less than this number" (Execution.parallelism). */
const mostAtOnce = 4;

/** Tasks by phase; a retried one is counted once, beside its phase. */
const counted = ['running', 'succeeded', 'failed', 'cancelled', 'retried'] as const;
type Tally = Record<`${(typeof counted)[number]}Count`, number>;

/** Why a task failed for good, in the words that people quote of Cloud Run. */
interface TaskFailure {
  message: string;
  /** False for one that took too long. */
  byExit: boolean;
}

/** What tasks need, whatever the execution. */
export interface TaskOptions {
  images: ImageSource;
  clock: Clock;
  records: ProcessRecords;
  secretValue: SecretValue;
  /** Where a task of that account finds the rest of this cloud; at Google the addresses are known to everybody. */
  surroundings: (account: string) => Promise<Record<string, string>>;
  /** Between SIGTERM and SIGKILL. */
  stopGraceMs: number;
}

/**
 * Runs the execution's tasks as real processes, each until it exits with 0 or its retries are used up. The first one to
 * fail for good cancels the others (so it is told by counts that people show; unverified). `signal` cancels all.
 * @param onProgress told after every change, first when the image is there
 * @returns the failed task in Google's words, if one failed
 * @throws RevisionFailure when the image or a secret cannot be had
 */
export async function runTasks(
  options: TaskOptions & {
    execution: StoredExecution;
    /** For the unpacked image. */
    directory: string;
    log: Log;
    signal: AbortSignal;
    onProgress: (tally: Tally) => void;
  },
): Promise<TaskFailure | undefined> {
  const { execution, clock, directory, log, signal, onProgress } = options;
  const { taskCount = 1, parallelism = 1, template = {} } = execution;
  const { maxRetries = 3, timeout = '600s', containers: [container = {}] = [], serviceAccount } = template;
  const id = shortName(execution.name);
  const image = await unpackImage(options.images, container.image ?? '', directory);
  const command = commandOf(image, container, directory);
  const env = environmentOf({
    container,
    imageEnv: image.env,
    platform: {
      ...(serviceAccount === undefined ? {} : await options.surroundings(serviceAccount)),
      CLOUD_RUN_JOB: execution.job,
      CLOUD_RUN_EXECUTION: id,
      CLOUD_RUN_TASK_COUNT: String(taskCount),
    },
    secretValue: options.secretValue,
    account: serviceAccount,
  });
  const tally = Object.fromEntries(counted.map((phase) => [`${phase}Count`, 0])) as Tally;
  const count = (phase: (typeof counted)[number], leftRunning = 0): void => {
    tally[`${phase}Count`] += 1;
    tally.runningCount -= leftRunning;
    onProgress({ ...tally });
  };
  const failing = new AbortController();
  const ended = AbortSignal.any([signal, failing.signal]);
  const waiting = Array.from({ length: taskCount }, (_, index) => index);
  let failure: TaskFailure | undefined;

  async function attemptTask(
    index: number,
    attempt: number,
  ): Promise<'succeeded' | 'cancelled' | TaskFailure> {
    const platform = { CLOUD_RUN_TASK_INDEX: String(index), CLOUD_RUN_TASK_ATTEMPT: String(attempt) };
    const running = spawnNode({ ...command, env: { ...env, ...platform }, log, clock });
    const { pid } = running;
    if (pid !== undefined) options.records.add(pid);
    const exited = new AbortController();
    const called = await Promise.race([
      running.exited.then(() => 'ended' as const),
      clock.sleep(Number(timeout.slice(0, -1)) * 1000, AbortSignal.any([ended, exited.signal])).then(
        () => 'late' as const,
        () => 'cancelled' as const,
      ),
    ]);
    exited.abort();
    if (called !== 'ended') await running.stop(options.stopGraceMs);
    if (pid !== undefined) options.records.remove(pid);
    if (called === 'cancelled') return called;
    const byExit = called === 'ended';
    if (byExit && (await running.exited) === 0) return 'succeeded';
    const said = byExit ? 'The container exited with an error.' : 'The configured timeout was reached.';
    return { message: `Task ${id}-task${index} failed with message: ${said}`, byExit };
  }

  async function runTask(index: number): Promise<'succeeded' | 'cancelled' | TaskFailure> {
    for (let attempt = 0; ; attempt += 1) {
      if (attempt === 1) count('retried');
      const ending = await attemptTask(index, attempt);
      if (typeof ending === 'string' || attempt >= maxRetries) return ending;
    }
  }

  async function work(): Promise<void> {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      if (ended.aborted) {
        count('cancelled');
        continue;
      }
      count('running');
      const ending = await runTask(index);
      if (typeof ending !== 'string') {
        failure ??= ending;
        failing.abort();
      }
      count(typeof ending === 'string' ? ending : 'failed', 1);
    }
  }

  onProgress({ ...tally });
  await Promise.all(Array.from({ length: Math.min(parallelism, mostAtOnce) }, work));
  return failure;
}
