import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '#local/http.ts';
import { connectorOrigins } from '#local/workflows/connector-origin.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { answering, type Asked } from './answering-server.ts';
import { start } from './harness.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Arguments = Record<string, unknown>;

const stepsOf = (name: string, args: Arguments): string =>
  JSON.stringify([
    { c: { call: `googleapis.${name}`, args, result: 'answer' } },
    { r: { return: '${answer}' } },
  ]);

/** Runs one connector; its service, reached at `/service`, gives these answers in turn. */
async function call(
  name: string,
  args: Arguments,
  answers: unknown[],
): Promise<{ asked: Asked[]; outcome: unknown; billed: number }> {
  const server = await answering(answers);
  closers.push(server.close);
  const run = start(stepsOf(name, args), {
    host: {
      env: { GOOGLE_CLOUD_PROJECT_ID: 'p', GOOGLE_CLOUD_LOCATION: 'l' },
      connectorOrigin: (service) => `${server.origin}/${service}`,
    },
  });
  const ended = await run.outcome;
  const outcome: unknown = JSON.parse(ended.state === 'SUCCEEDED' ? ended.result : ended.error.payload);
  return { asked: server.asked, outcome, billed: run.billed.internal };
}

describe('a request', () => {
  it.each<[string, Arguments, string, unknown?]>([
    // The names and paths of Google's design guide: name, parent, a method of its own behind a colon
    [
      'cloudtasks.v2.projects.locations.queues.tasks.create',
      { parent: 'projects/p/locations/l/queues/q', body: { task: { name: 't' } } },
      'POST /cloudtasks/v2/projects/p/locations/l/queues/q/tasks',
      { task: { name: 't' } },
    ],
    // Versions of a service that share their methods
    ...(['v1', 'beta'] as const).map((version): [string, Arguments, string] => [
      `compute.${version}.instances.list`,
      { project: 'p', zone: 'z' },
      `GET /compute/compute/${version}/projects/p/zones/z/instances`,
    ]),
    [
      'sqladmin.v1beta4.instances.get',
      { project: 'p', instance: 'i' },
      'GET /sqladmin/sql/v1beta4/projects/p/instances/i',
    ],
    [
      'cloudscheduler.v1.projects.locations.jobs.pause',
      { name: 'projects/p/locations/l/jobs/j' },
      'POST /cloudscheduler/v1/projects/p/locations/l/jobs/j:pause',
      {},
    ],
    [
      'cloudresourcemanager.v3.projects.get',
      { name: 'projects/1' },
      'GET /cloudresourcemanager/v3/projects/1',
    ],
    [
      'cloudfunctions.v1.projects.locations.functions.setIamPolicy',
      { resource: 'projects/p/locations/l/functions/f', body: { policy: {} } },
      'POST /cloudfunctions/v1/projects/p/locations/l/functions/f:setIamPolicy',
      { policy: {} },
    ],
    [
      'transcoder.v1.projects.locations.jobs.list',
      { parent: 'projects/p/locations/l', pageSize: 5, filter: 'a = b' },
      'GET /transcoder/v1/projects/p/locations/l/jobs?filter=a+%3D+b&pageSize=5',
    ],
    [
      'storagetransfer.v1.transferJobs.patch',
      { jobName: 'transferJobs/j', body: { projectId: 'p' } },
      'PATCH /storagetransfer/v1/transferJobs/j',
      { projectId: 'p' },
    ],
    [
      'spanner.v1.projects.instances.databases.sessions.commit',
      { session: 'projects/p/instances/i/databases/d/sessions/s', body: {} },
      'POST /spanner/v1/projects/p/instances/i/databases/d/sessions/s:commit',
      {},
    ],
    // The paths of Google's older APIs: one argument for each segment
    [
      'compute.v1.instances.get',
      { project: 'p', zone: 'z', instance: 'i' },
      'GET /compute/compute/v1/projects/p/zones/z/instances/i',
    ],
    [
      'bigquery.v2.jobs.query',
      { projectId: 'p', body: { query: 'SELECT 1' } },
      'POST /bigquery/bigquery/v2/projects/p/queries',
      { query: 'SELECT 1' },
    ],
    [
      'bigquery.v2.jobs.getQueryResults',
      { projectId: 'p', jobId: 'j', maxResults: 10, pageToken: null, timeoutMs: 100 },
      'GET /bigquery/bigquery/v2/projects/p/queries/j?maxResults=10&timeoutMs=100',
    ],
    [
      'sqladmin.v1beta4.databases.get',
      { project: 'p', instance: 'i', database: 'd' },
      'GET /sqladmin/sql/v1beta4/projects/p/instances/i/databases/d',
    ],
    [
      'sheets.v4.spreadsheets.values.update',
      { spreadsheetId: 's', range: 'A!A1', valueInputOption: 'RAW', body: { values: [['x']] } },
      'PUT /sheets/v4/spreadsheets/s/values/A!A1?valueInputOption=RAW',
      { values: [['x']] },
    ],
    [
      'forms.v1.forms.responses.list',
      { formId: 'f', pageSize: 10 },
      'GET /forms/v1/forms/f/responses?pageSize=10',
    ],
    [
      'sqladmin.v1.backupRuns.get',
      { project: 'p', instance: 'i', id: 7 },
      'GET /sqladmin/v1/projects/p/instances/i/backupRuns/7',
    ],
    // Paths that are like no other
    [
      'translate.v2.translations.translate',
      { q: 'hé', target: 'fr', body: { model: 'nmt' } },
      'POST /translate/language/translate/v2?q=h%C3%A9&target=fr',
      { model: 'nmt' },
    ],
    [
      'language.v1.documents.analyzeSentiment',
      { body: { document: {} } },
      'POST /language/v1/documents:analyzeSentiment',
      { document: {} },
    ],
    [
      'firestore.v1.projects.databases.documents.createDocument',
      {
        parent: 'projects/p/databases/(default)/documents',
        collectionId: 'c',
        query: { documentId: 'd' },
        body: {},
      },
      'POST /firestore/v1/projects/p/databases/(default)/documents/c?documentId=d',
      {},
    ],
    // A map of a query parameter stands for parameters with dots, a list repeats one
    [
      'firestore.v1.projects.databases.documents.patch',
      { name: 'projects/p/databases/(default)/documents/c/d', updateMask: { fieldPaths: ['a', 'b'] } },
      'PATCH /firestore/v1/projects/p/databases/(default)/documents/c/d?updateMask.fieldPaths=a&updateMask.fieldPaths=b',
      {},
    ],
    [
      'sheets.v4.spreadsheets.get',
      { spreadsheetId: 's', ranges: ['A1', 'B2'], includeGridData: false },
      'GET /sheets/v4/spreadsheets/s?includeGridData=false&ranges=A1&ranges=B2',
    ],
    // The region of the host
    [
      'aiplatform.v1.projects.locations.endpoints.streamGenerateContent',
      {
        model: 'projects/p/locations/l/publishers/google/models/m',
        region: 'us-central1',
        body: { contents: 1 },
      },
      'POST /us-central1-aiplatform/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent',
      { contents: 1 },
    ],
    [
      'ml.v1.projects.predict',
      { name: 'projects/p/models/m', body: { httpBody: {} } },
      'POST /ml/v1/projects/p/models/m:predict',
      { httpBody: {} },
    ],
    [
      'ml.v1.projects.explain',
      { name: 'projects/p/models/m/versions/v', body: {} },
      'POST /ml/v1/projects/p/models/m/versions/v:explain',
      {},
    ],
    [
      'integrations.v1.projects.locations.integrations.list',
      { parent: 'projects/p/locations/l', location: 'l' },
      'GET /l-integrations/v1/projects/p/locations/l/integrations',
    ],
    [
      'run.v1.namespaces.jobs.list',
      { parent: 'namespaces/p' },
      'GET /run/apis/run.googleapis.com/v1/namespaces/p/jobs',
    ],
  ])('of %s with %j', async (name, args, line, body) => {
    const found = await call(name, args, [{ k: 1 }]);
    expect(found).toEqual({
      asked: [{ line, authorization: 'Bearer access-token', body }],
      outcome: { k: 1 },
      billed: 2,
    });
  });

  it.each<[string, Arguments, string]>([
    // In none of Google's pages of connectors that were read
    ...[
      'dlp.v2.projects.dlpJobs.create',
      'run.v1.projects.locations.services.get',
      'logging.v2.entries.list',
      'logging.v2.entries.write',
      'eventarc.v1.projects.locations.triggers.create',
      'dataform.v1beta1.projects.locations.repositories.compilationResults.create',
    ].map((name): [string, Arguments, string] => [name, {}, 'neither a sub-workflow nor a function']),
    [
      'compute.v1.instances.get',
      { project: 'p', zone: 'z' },
      "argument 'instance' of googleapis.compute.v1.instances.get is missing",
    ],
    [
      'compute.v1.instances.get',
      { project: 'p', zone: 'z', instance: 'i', body: {} },
      "unsupported argument 'body'",
    ],
    ['aiplatform.v1.projects.locations.customJobs.get', { name: 'j' }, "argument 'region' of"],
  ])('of %s with %j is refused at deployment', (name, args, problem) => {
    expect(() => parseWorkflow(stepsOf(name, args))).toThrow(problem);
  });

  it('of a cluster in a zone is deployed without project and zone, as Google deploys its sample, and fails when it runs', async () => {
    const found = await call('container.v1.projects.zones.clusters.create', { body: { parent: 'x' } }, []);
    expect(found).toMatchObject({ asked: [], outcome: { tags: ['TypeError'] } });
  });

  it('for a service that the cloud does not have is told so by name, never answered by one with the same paths', async () => {
    const cloud = await serve({
      routes: [
        {
          method: 'POST',
          path: '/v1/projects/{project}/locations/{location}/jobs',
          handle: () => ({ json: { name: 'a job of Cloud Scheduler' } }),
        },
      ],
      authenticate: (token) => (token === 'access-token' ? 'me' : undefined),
    });
    closers.push(() => cloud.close());
    const ask = async (service: string): Promise<unknown> => {
      const name = `${service}.v1.projects.locations.jobs.create`;
      const source = stepsOf(name, {
        parent: 'projects/p/locations/l',
        connector_params: { skip_polling: true },
      });
      const connectorOrigin = connectorOrigins(() => cloud.origin, ['cloudscheduler', 'run']);
      const ended = await start(source, { host: { connectorOrigin } }).outcome;
      return JSON.parse(ended.state === 'SUCCEEDED' ? ended.result : ended.error.payload);
    };
    expect(await ask('cloudscheduler')).toEqual({ name: 'a job of Cloud Scheduler' });
    expect(await ask('batch')).toMatchObject({
      tags: ['HttpError'],
      code: 501,
      body: {
        error: {
          message:
            'The local cloud does not support POST /batch.googleapis.com/v1/projects/p/locations/l/jobs',
        },
      },
    });
    const origins = connectorOrigins(() => 'http://c', ['run']);
    expect(origins('us-central1-run')).toBe('http://c');
  });
});

describe('what a connector waits for', () => {
  const quick = { connector_params: { polling_policy: { initial_delay: 0.001, max_delay: 0.001 } } };
  const vm = { project: 'p', zone: 'z', instance: 'i' };
  const operation = (status: string, more: object = {}): object => ({
    status,
    selfLink: 'https://www.googleapis.com/compute/v1/projects/p/zones/z/operations/o',
    ...more,
  });
  const query = (status: object): object => ({
    status,
    selfLink: 'https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs/j?location=US',
  });
  const custom = (state: string): object => ({ name: 'projects/p/locations/l/customJobs/c', state });
  const batch = (state: string): object => ({ name: 'projects/p/locations/l/jobs/j', status: { state } });
  const dataflow = (currentState: string): object => ({
    id: 'i',
    projectId: 'p',
    location: 'l',
    currentState,
  });
  const transfer = (state: string, more: object = {}): object => ({
    name: 'projects/p/runs/r',
    state,
    ...more,
  });
  const execution = (state: string, more: object = {}): object => ({
    name: 'projects/p/executions/e',
    state,
    ...more,
  });
  const knative = (kind: string, type: string, status: string, observedGeneration = 2): object => ({
    apiVersion: 'serving.knative.dev/v1',
    kind,
    metadata: { namespace: 'p', name: 'n', generation: 2 },
    status: { observedGeneration, conditions: [{ type, status, message: 'no image' }] },
  });

  type Case = [
    what: string,
    name: string,
    args: Arguments,
    answers: object[],
    again: string,
    error?: unknown,
  ];
  it.each<Case>([
    [
      'an operation of Compute Engine that ends',
      'compute.v1.instances.stop',
      vm,
      [operation('PENDING'), operation('RUNNING'), operation('DONE')],
      'GET /compute/compute/v1/projects/p/zones/z/operations/o',
    ],
    [
      'an operation of Compute Engine that fails',
      'compute.v1.instances.start',
      vm,
      [operation('RUNNING'), operation('DONE', { error: { errors: [{ message: 'quota' }] } })],
      'GET /compute/compute/v1/projects/p/zones/z/operations/o',
      { errors: [{ message: 'quota' }] },
    ],
    [
      'a job of BigQuery that ends',
      'bigquery.v2.jobs.insert',
      { projectId: 'p', body: {} },
      [query({ state: 'RUNNING' }), query({ state: 'DONE' })],
      'GET /bigquery/bigquery/v2/projects/p/jobs/j?location=US',
    ],
    [
      'a job of BigQuery that fails',
      'bigquery.v2.jobs.insert',
      { projectId: 'p', body: {} },
      [query({ state: 'PENDING' }), query({ state: 'DONE', errorResult: { message: 'syntax' } })],
      'GET /bigquery/bigquery/v2/projects/p/jobs/j?location=US',
      { message: 'syntax' },
    ],
    [
      'a job of Vertex AI that ends',
      'aiplatform.v1.projects.locations.customJobs.create',
      { parent: 'projects/p/locations/l', region: 'l', body: {} },
      [custom('JOB_STATE_PENDING'), custom('JOB_STATE_RUNNING'), custom('JOB_STATE_SUCCEEDED')],
      'GET /l-aiplatform/v1/projects/p/locations/l/customJobs/c',
    ],
    [
      'a job of Batch that fails',
      'batch.v1.projects.locations.jobs.create',
      { parent: 'projects/p/locations/l', body: {} },
      [batch('QUEUED'), batch('FAILED')],
      'GET /batch/v1/projects/p/locations/l/jobs/j',
      'FAILED',
    ],
    [
      'a job of Dataflow that ends',
      'dataflow.v1b3.projects.locations.templates.create',
      { projectId: 'p', location: 'l', body: {} },
      [dataflow('JOB_STATE_QUEUED'), dataflow('JOB_STATE_DONE')],
      'GET /dataflow/v1b3/projects/p/locations/l/jobs/i',
    ],
    [
      'a job of Dataflow that is cancelled',
      'dataflow.v1b3.projects.locations.jobs.create',
      { projectId: 'p', location: 'l', body: {} },
      [dataflow('JOB_STATE_RUNNING'), dataflow('JOB_STATE_CANCELLED')],
      'GET /dataflow/v1b3/projects/p/locations/l/jobs/i',
      'JOB_STATE_CANCELLED',
    ],
    [
      'an execution of a workflow that ends',
      'workflowexecutions.v1.projects.locations.workflows.executions.create',
      { parent: 'projects/p/locations/l/workflows/w', body: {} },
      [execution('ACTIVE'), execution('SUCCEEDED', { result: '1' })],
      'GET /workflowexecutions/v1/projects/p/executions/e',
    ],
    [
      'an execution of a workflow that fails',
      'workflowexecutions.v1.projects.locations.workflows.executions.create',
      { parent: 'projects/p/locations/l/workflows/w', body: {} },
      [execution('QUEUED'), execution('FAILED', { error: { payload: '"no"' } })],
      'GET /workflowexecutions/v1/projects/p/executions/e',
      { payload: '"no"' },
    ],
    [
      'a service of Cloud Run v1 whose earlier generation was ready',
      'run.v1.namespaces.services.replaceService',
      { name: 'namespaces/p/services/n', location: 'l', body: {} },
      [
        knative('Service', 'Ready', 'True', 1),
        knative('Service', 'Ready', 'Unknown'),
        knative('Service', 'Ready', 'True'),
      ],
      'GET /l-run/apis/serving.knative.dev/v1/namespaces/p/services/n',
    ],
    [
      'a service of Cloud Run v1 that does not get ready',
      'run.v1.namespaces.services.create',
      { parent: 'namespaces/p', location: 'l', body: {} },
      [knative('Service', 'Ready', 'Unknown'), knative('Service', 'Ready', 'False')],
      'GET /l-run/apis/serving.knative.dev/v1/namespaces/p/services/n',
      { type: 'Ready', status: 'False', message: 'no image' },
    ],
  ])('is %s', async (_what, name, args, answers, again, error) => {
    const last = answers.at(-1);
    const looks = answers.length - 1;
    const { asked, outcome, billed } = await call(name, { ...args, ...quick }, answers);
    expect(asked.slice(1).map(({ line }) => line)).toEqual(Array.from({ length: looks }, () => again));
    const failure = { tags: ['OperationError'], message: expect.any(String), operation: last, error };
    expect(outcome).toEqual(error === undefined ? last : failure);
    // The call, each look and, when it succeeds, `return`.
    expect(billed).toBe(1 + looks + (error === undefined ? 1 : 0));
  });

  it('is every run of a transfer', async () => {
    const name = 'bigquerydatatransfer.v1.projects.locations.transferConfigs.startManualRuns';
    const args = { parent: 'projects/p/transferConfigs/t', body: {}, ...quick };
    const started = { runs: [transfer('PENDING'), transfer('RUNNING')] };
    const good = await call(name, args, [started, transfer('SUCCEEDED'), transfer('SUCCEEDED')]);
    expect(good.outcome).toEqual({ runs: [transfer('SUCCEEDED'), transfer('SUCCEEDED')] });
    const failed = transfer('FAILED', { errorStatus: { message: 'no bucket' } });
    const bad = await call(name, args, [started, failed]);
    expect(bad.outcome).toMatchObject({
      tags: ['OperationError'],
      message: '/v1/projects/p/runs/r failed: no bucket',
      operation: failed,
    });
    expect((await call(name, args, [{}])).outcome).toMatchObject({ tags: ['ResponseTypeError'] });
  });

  it.each<[string, Arguments]>([
    ['compute.v1.instances.stop', vm],
    ['dataflow.v1b3.projects.jobs.create', { projectId: 'p', body: {} }],
    ['run.v1.namespaces.jobs.create', { parent: 'namespaces/p', body: {} }],
  ])('must have the form that %s starts', async (name, args) => {
    expect((await call(name, args, [{ k: 1 }])).outcome).toMatchObject({ tags: ['ResponseTypeError'] });
    const unwaited = { ...args, connector_params: { skip_polling: true } };
    expect((await call(name, unwaited, [{ k: 1 }])).outcome).toEqual({ k: 1 });
  });
});

describe('the text of a secret', () => {
  it('is asked for and decoded', async () => {
    const name = 'secretmanager.v1.projects.secrets.versions.accessString';
    const found = await call(name, { secret_id: 's', version: 'latest' }, [{ payload: { data: 'aMOp' } }]);
    expect(found.outcome).toBe('hé');
    expect(found.asked[0]?.line).toBe('GET /secretmanager/v1/projects/p/secrets/s/versions/latest:access');
  });
});
