import { GoogleError } from '#local/google-error.ts';
import {
  MutableJob,
  type Execution,
  type ExecutionTemplate,
  type Job,
  type Overrides,
} from './job-messages.ts';
import { shortName, type Place } from './names.ts';
import { checkContainer, checkMetadata, refuse } from './template.ts';
import type { Container } from './template-message.ts';

/** Set by the platform for every task: https://cloud.google.com/run/docs/container-contract#jobs-env-vars */
const reservedEnv = new Set(
  ['JOB', 'EXECUTION', 'TASK_INDEX', 'TASK_ATTEMPT', 'TASK_COUNT'].map((name) => `CLOUD_RUN_${name}`),
);
const longestTaskSeconds = 24 * 60 * 60;
const mostTasks = 10_000;
const mostRetries = 10;

/** Everything a write needs to know beside its content. */
interface WriteContext {
  /** Full name of what is made or changed. */
  name: string;
  principal: string;
  now: string;
  uuid: () => string;
  place: Place;
}

export type StoredJob = Job & { name: string; template: ExecutionTemplate };
export type StoredExecution = Execution & { name: string; job: string };

/**
 * What a create or update makes of the job; nothing is stored yet. An update replaces all that a client may write, since
 * UpdateJobRequest has no mask.
 * @throws GoogleError INVALID_ARGUMENT, or UNIMPLEMENTED for what the local cloud does not run
 */
export function planJob(context: WriteContext, before: StoredJob | undefined, given: Job): StoredJob {
  const { name, principal, now, uuid, place } = context;
  if (given.startExecutionToken !== undefined || given.runExecutionToken !== undefined) {
    throw new GoogleError(
      'UNIMPLEMENTED',
      'job: the local cloud runs a job by :run, not by an execution token',
    );
  }
  const wanted = MutableJob.parse(given);
  checkMetadata('job', wanted);
  checkMetadata('job.template', wanted.template ?? {});
  const template = withDefaults(wanted.template ?? {}, place);
  checkTemplate(template);
  const identity = before ?? { name, uid: uuid(), createTime: now, creator: principal };
  const pending = { type: 'Ready', state: 'CONDITION_RECONCILING', lastTransitionTime: now } as const;
  const kept = Object.entries(identity).filter(([key]) => !(key in MutableJob.shape));
  return {
    ...Object.fromEntries(kept),
    ...wanted,
    name,
    template,
    launchStage: wanted.launchStage ?? 'GA',
    generation: String(Number(before?.generation ?? 0) + 1),
    updateTime: now,
    lastModifier: principal,
    terminalCondition: pending,
    conditions: [],
    reconciling: true,
    etag: newEtag(uuid),
  };
}

/**
 * A new execution of the job. Overrides replace args, task count and timeout, and are merged into the environment; that
 * the execution's template shows them is unverified.
 * @throws GoogleError INVALID_ARGUMENT
 */
export function planExecution(context: WriteContext, job: StoredJob, overrides: Overrides): StoredExecution {
  const { name, principal, now, uuid, place } = context;
  const { labels, annotations, parallelism, template } = job.template;
  const taskCount = overrides.taskCount ?? job.template.taskCount ?? 1;
  let containers = template?.containers ?? [];
  for (const override of overrides.containerOverrides ?? []) {
    const isMeant = (one: Container): boolean => override.name === undefined || one.name === override.name;
    if (!containers.some(isMeant)) refuse('overrides.container_overrides', `no container "${override.name}"`);
    containers = containers.map((one) => (isMeant(one) ? overridden(one, override) : one));
  }
  const timeout = overrides.timeout ?? template?.timeout;
  const effective = { ...template, containers, ...(timeout === undefined ? {} : { timeout }) };
  checkTemplate({ ...job.template, taskCount, template: effective });
  const [jobId, id] = [shortName(job.name), shortName(name)];
  const filter = `resource.type="cloud_run_job"\nresource.labels.job_name="${jobId}"\nlabels."run.googleapis.com/execution_name"="${id}"`;
  return {
    name,
    uid: uuid(),
    creator: principal,
    generation: '1',
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    createTime: now,
    updateTime: now,
    launchStage: job.launchStage,
    // That it is the job's short name here is unverified.
    job: jobId,
    parallelism: Math.min(parallelism ?? taskCount, taskCount),
    taskCount,
    template: effective,
    reconciling: true,
    conditions: [{ type: 'Completed', state: 'CONDITION_RECONCILING', lastTransitionTime: now }],
    logUri: `https://console.cloud.google.com/logs/viewer?project=${place.project}&advancedFilter=${encodeURIComponent(filter)}`,
    etag: newEtag(uuid),
  };
}

function overridden(
  container: Container,
  { args, env = [], clearArgs }: NonNullable<Overrides['containerOverrides']>[number],
): Container {
  const { args: before, ...rest } = container;
  const effective = args ?? (clearArgs ? undefined : before);
  const kept = (container.env ?? []).filter(({ name }) => !env.some((one) => one.name === name));
  return { ...rest, ...(effective ? { args: effective } : {}), env: [...kept, ...env] };
}

/** A template as Google stores it: with the defaults that its answers show. */
function withDefaults(template: ExecutionTemplate, place: Place): ExecutionTemplate {
  const containers = template.template?.containers?.map((container) => ({
    ...container,
    resources: {
      ...container.resources,
      limits: { cpu: '1000m', memory: '512Mi', ...container.resources?.limits },
    },
  }));
  return {
    taskCount: 1,
    ...template,
    template: {
      maxRetries: 3,
      timeout: '600s',
      serviceAccount: `${place.projectNumber}-compute@developer.gserviceaccount.com`,
      executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
      ...template.template,
      ...(containers ? { containers } : {}),
    },
  };
}

function checkTemplate({ taskCount = 1, parallelism = 0, template = {} }: ExecutionTemplate): void {
  const where = 'template.template';
  const { containers = [], maxRetries = 0, timeout = '' } = template;
  const [container, sidecar] = containers;
  if (container === undefined) refuse(`${where}.containers`, 'at least one container is required');
  if (sidecar)
    throw new GoogleError('UNIMPLEMENTED', `${where}: the local cloud runs one container per task`);
  checkContainer(container, `${where}.containers[0]`, reservedEnv);
  const seconds = Number(timeout.slice(0, -1));
  if (!(seconds > 0 && seconds <= longestTaskSeconds)) {
    refuse(`${where}.timeout`, `"${timeout}" must be above 0s, at most ${longestTaskSeconds}s`);
  }
  if (maxRetries < 0 || maxRetries > mostRetries) {
    refuse(`${where}.max_retries`, `${maxRetries} must be 0 to ${mostRetries}`);
  }
  if (taskCount < 1 || taskCount > mostTasks) {
    refuse('template.task_count', `${taskCount} must be 1 to ${mostTasks}`);
  }
  if (parallelism < 0 || parallelism > taskCount) {
    refuse('template.parallelism', `${parallelism} must be 0 to task_count (${taskCount})`);
  }
}

function newEtag(uuid: () => string): string {
  return `"${Buffer.from(uuid()).toString('base64url')}"`;
}
