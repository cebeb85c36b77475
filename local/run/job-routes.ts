import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { jsonBody, type LocalRequest, type LocalResponse, type Route } from '#local/http.ts';
import type { Executions, Removal } from './job-executions.ts';
import { CancelRequest, Execution, Job, RunJobRequest } from './job-messages.ts';
import type { Jobs } from './jobs.ts';
import { parentOf, type Place } from './names.ts';
import type { OperationRecord, Operations } from './operations.ts';
import { isTrue, page } from './routes.ts';
import { readMessage, wantsEnumNumbers } from './wire.ts';

const jobPath = '/v2/projects/{project}/locations/{location}/jobs';
const executionPath = `${jobPath}/{job}/executions`;

/** Jobs and executions of the Cloud Run Admin API v2. Their tasks and their IAM policies are not answered. */
export function createJobRoutes(options: {
  jobs: Jobs;
  executions: Executions;
  operations: Operations;
  place: Place;
}): Route[] {
  const { jobs, executions, operations, place } = options;
  const jobName = ({ params }: LocalRequest, id = params['job'] ?? ''): string =>
    `${parentOf(place, params)}/jobs/${id}`;
  const executionName = (request: LocalRequest): string =>
    `${jobName(request)}/executions/${request.params['execution'] ?? ''}`;
  const jobBody = (request: LocalRequest): Job => readMessage(Job, 'job', jsonBody(request));
  const write = ({ url, principal }: LocalRequest): { principal: string; validateOnly: boolean } => ({
    principal,
    validateOnly: isTrue(url, 'validateOnly'),
  });
  const removal = ({ url }: LocalRequest): Removal => ({
    etag: url.searchParams.get('etag') ?? undefined,
    validateOnly: isTrue(url, 'validateOnly'),
  });

  const operation = ({ url }: LocalRequest, record: OperationRecord): LocalResponse => ({
    json: operations.toJSON(record, wantsEnumNumbers(url)),
  });
  const encoded = <Schema extends typeof Job | typeof Execution>(
    { url }: LocalRequest,
    schema: Schema,
    message: z.output<Schema>,
  ): unknown => (wantsEnumNumbers(url) ? z.encode(schema, message) : message);

  return [
    {
      method: 'POST',
      path: jobPath,
      handle(request) {
        const { searchParams } = request.url;
        const id = searchParams.get('jobId') ?? searchParams.get('job_id') ?? '';
        return operation(request, jobs.create(jobName(request, id), jobBody(request), write(request)));
      },
    },
    {
      method: 'GET',
      path: jobPath,
      handle(request) {
        parentOf(place, request.params);
        const { items, nextPageToken } = page(request.url, jobs.list().reverse());
        return { json: { jobs: items.map((job) => encoded(request, Job, job)), nextPageToken } };
      },
    },
    {
      method: 'POST',
      path: `${jobPath}/{job}:run`,
      handle(request) {
        const given = readMessage(RunJobRequest, 'request', jsonBody(request));
        return operation(request, jobs.run(jobName(request), given, request.principal));
      },
    },
    {
      method: 'GET',
      path: `${jobPath}/{job}`,
      handle: (request) => ({ json: encoded(request, Job, jobs.get(jobName(request))) }),
    },
    {
      method: 'PATCH',
      path: `${jobPath}/{job}`,
      handle(request) {
        if (request.url.searchParams.has('updateMask') || request.url.searchParams.has('update_mask')) {
          const message =
            'Invalid JSON payload received. Unknown name "updateMask": Cannot bind query parameter.';
          throw new GoogleError('INVALID_ARGUMENT', message);
        }
        const options = { ...write(request), allowMissing: isTrue(request.url, 'allowMissing') };
        return operation(request, jobs.update(jobName(request), jobBody(request), options));
      },
    },
    {
      method: 'DELETE',
      path: `${jobPath}/{job}`,
      handle: (request) => operation(request, jobs.remove(jobName(request), removal(request))),
    },
    {
      method: 'GET',
      path: executionPath,
      handle(request) {
        if (request.params['job'] !== '-') jobs.get(jobName(request));
        const { items, nextPageToken } = page(request.url, executions.of(jobName(request)).reverse());
        const found = items.map((execution) => encoded(request, Execution, execution));
        return { json: { executions: found, nextPageToken } };
      },
    },
    {
      method: 'GET',
      path: `${executionPath}/{execution}`,
      handle: (request) => ({ json: encoded(request, Execution, executions.get(executionName(request))) }),
    },
    {
      method: 'POST',
      path: `${executionPath}/{execution}:cancel`,
      handle(request) {
        const { etag, validateOnly = false } = readMessage(CancelRequest, 'request', jsonBody(request));
        return operation(request, executions.cancel(executionName(request), { etag, validateOnly }));
      },
    },
    {
      method: 'DELETE',
      path: `${executionPath}/{execution}`,
      handle: (request) => operation(request, executions.remove(executionName(request), removal(request))),
    },
  ];
}
