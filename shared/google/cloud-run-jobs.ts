import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { ExecutionState, Jobs, RawJson, ServiceRef } from '#shared/ports/cloud-run.ts';
import { nameOf, parsedAs, type Rest } from './rest.ts';

/** An override of a task's environment is the only mark of ours that an execution can carry: jobs.run takes no labels. */
const keyVariable = 'SLIPWAY_DEPLOYMENT';
const newest = 100;
/** Within the time one call may take; a change of a job's image needs seconds. */
const longestWaitSeconds = 15;

const Containers = z.array(
  z.looseObject({
    image: z.string().default(''),
    env: z.array(z.looseObject({ name: z.string(), value: z.string().default('') })).default([]),
  }),
);
const JobJson = z.looseObject({
  etag: z.string(),
  template: z.looseObject({ template: z.looseObject({ containers: Containers }) }),
});
/** Without an account of its own a job runs as the project's default one. */
const Declared = z.object({
  template: z.object({
    template: z.object({
      serviceAccount: z.string().default(''),
      containers: z.array(z.unknown()).default([]),
    }),
  }),
});
const Operation = z.object({
  name: z.string().min(1),
  done: z.boolean().default(false),
  error: z.object({ message: z.string().default('') }).optional(),
  response: z.unknown().optional(),
});
/** The operation of a run carries the execution from the first answer on. */
const RunOperation = z.object({ metadata: z.object({ name: z.string().min(1) }) });
const ExecutionJson = z.object({
  name: z.string(),
  createTime: z.string().default(''),
  startTime: z.string().optional(),
  completionTime: z.string().default(''),
  logUri: z.string().optional(),
  template: z.object({ containers: Containers.default([]) }).default({ containers: [] }),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        state: z.string().default(''),
        message: z.string().default(''),
        reason: z.string().optional(),
        executionReason: z.string().optional(),
      }),
    )
    .default([]),
});
type ExecutionJson = z.infer<typeof ExecutionJson>;
const ExecutionList = z.object({ executions: z.array(ExecutionJson).default([]) });

/**
 * Jobs of the Cloud Run Admin API v2, without Google's client: it would drop fields it does not know from a job that is
 * written back whole (UpdateJobRequest has no mask). Unverified at Google: that an execution's template shows overrides of
 * the environment, that a new execution is listed at once, and that an update keeps the etag its operation answers with.
 */
export function createJobs(options: { endpoint: string; rest: Rest }): Jobs {
  const { rest } = options;
  const urlOf = (name: string): string => `${options.endpoint}/v2/${name}`;
  const post = (url: string, body: RawJson, method = 'POST') => ({
    url,
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  const find: Jobs['find'] = async (ref, key) => {
    const url = `${urlOf(jobName(ref))}/executions?pageSize=${newest}`;
    const { executions } = await rest.json(ExecutionList, { url });
    // Newest first. Two would mean that two calls met; the first one is the one to follow.
    return executions.findLast(({ template }) =>
      template.containers.some(({ env }) =>
        env.some(({ name, value }) => name === keyVariable && value === key),
      ),
    )?.name;
  };

  const execution: Jobs['execution'] = async (name) =>
    stateOf(await rest.json(ExecutionJson, { url: urlOf(name) }));

  /** @returns the etag of the job with that image */
  async function withImage(ref: ServiceRef, image: string): Promise<string> {
    const request = { url: urlOf(jobName(ref)) };
    const raw = await rest.json(z.record(z.string(), z.unknown()), request);
    const job = parsedAs(JobJson, raw, nameOf(request));
    const [container, sidecar] = job.template.template.containers;
    if (container === undefined || sidecar !== undefined) {
      throw new Fault(
        'unsupported',
        `job ${ref.name} has not exactly one container: which one gets ${image}?`,
      );
    }
    if (container.image === image) return job.etag;
    // Sent back with it, a token would start an execution of its own.
    const { startExecutionToken: _, runExecutionToken: __, ...kept } = raw;
    const given = raw as { template: { template: { containers: RawJson[] } } };
    const containers = [{ ...given.template.template.containers[0], image }];
    const template = { ...given.template, template: { ...given.template.template, containers } };
    const started = await rest.json(Operation, post(request.url, { ...kept, template }, 'PATCH'));
    const wait = post(`${urlOf(started.name)}:wait`, { timeout: `${longestWaitSeconds}s` });
    const { done, error, response } = started.done ? started : await rest.json(Operation, wait);
    if (error) throw new Fault('invalid-input', `job ${ref.name} does not take ${image}: ${error.message}`);
    if (!done) throw new Fault('timeout', `job ${ref.name} is still being changed to ${image}`);
    return parsedAs(z.object({ etag: z.string() }), response, nameOf(wait)).etag;
  }

  return {
    async get(ref) {
      const job = await rest.find(Declared, { url: urlOf(jobName(ref)) });
      if (job === undefined) return undefined;
      const { serviceAccount, containers } = job.template.template;
      return { serviceAccount: serviceAccount || undefined, containers: containers.length };
    },
    find,
    execution,
    async run(ref, { key, args, env = {}, image }) {
      const made = await find(ref, key);
      if (made !== undefined) return made;
      const override = {
        ...(args === undefined ? {} : args.length > 0 ? { args } : { clearArgs: true }),
        env: Object.entries({ ...env, [keyVariable]: key }).map(([name, value]) => ({ name, value })),
      };
      // Under the etag, so that what runs is the image that was asked for.
      const etag = image === undefined ? {} : { etag: await withImage(ref, image) };
      const body = { ...etag, overrides: { containerOverrides: [override] } };
      const { metadata } = await rest.json(RunOperation, post(`${urlOf(jobName(ref))}:run`, body));
      return metadata.name;
    },
    async cancel(name) {
      try {
        await rest.call(post(`${urlOf(name)}:cancel`, {}));
      } catch (error) {
        // It may have ended by itself; how Google refuses that is unverified, so the execution is asked.
        if (!(error instanceof Fault) || (await execution(name)).status === 'running') throw error;
      }
    },
  };
}

const jobName = ({ project, region, name }: ServiceRef): string =>
  `projects/${project}/locations/${region}/jobs/${name}`;

/** By the Completed condition alone: counts and times are "not guaranteed to be set in happens-before order". */
function stateOf(execution: ExecutionJson): ExecutionState {
  const completed = execution.conditions.find(({ type }) => type === 'Completed');
  const { completionTime, createTime, startTime = createTime, logUri } = execution;
  const endedMs = Date.parse(completionTime);
  const rest = {
    ...(Number.isFinite(endedMs) ? { endedAt: new Date(endedMs).toISOString() } : {}),
    ...(logUri === undefined ? {} : { logUri }),
  };
  switch (completed?.state) {
    case 'CONDITION_SUCCEEDED': {
      const seconds = (endedMs - Date.parse(startTime)) / 1000;
      return { status: 'succeeded', seconds: Number.isFinite(seconds) ? seconds : 0, ...rest };
    }
    case 'CONDITION_FAILED': {
      const reason = completed.executionReason ?? completed.reason ?? 'UNKNOWN';
      return { status: 'failed', reason, message: completed.message, ...rest };
    }
    default:
      return { status: 'running' };
  }
}
