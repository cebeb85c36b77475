import { fault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';
import { connectorCall, poll, request } from '#local/workflows/library/connector-call.ts';
import { Args, define, type CallContext } from '#local/workflows/library/function.ts';
import { httpFunctions } from '#local/workflows/library/http.ts';
import { percentEncode } from '#local/workflows/library/percent-encode.ts';
import { isList, isMap, type Value } from '#local/workflows/values.ts';

const inCluster = 'namespace?, project?, location?, query?, timeout?';

/** Kubernetes itself, not its managing API: https://docs.cloud.google.com/workflows/docs/reference/connectors/gke/Overview */
export const gkeFunctions = [
  define(
    'gke.request(cluster_id, path, method, project?, location?, timeout?, body?, headers?, query?)',
    (args, context) => send(args, context, { method: args.string('method'), path: args.string('path') }),
    true,
  ),
  define(
    `gke.create_job(cluster_id, job, ${inCluster})`,
    async (args, context) =>
      bodyOf(await send(args, context, { method: 'POST', path: jobsPath(args), body: args.map('job') })),
    true,
  ),
  define(
    `gke.delete_job(cluster_id, job_name, ${inCluster})`,
    async (args, context) => bodyOf(await send(args, context, { method: 'DELETE', path: jobPath(args) })),
    true,
  ),
  define(`gke.await_job(cluster_id, job_name, ${inCluster}, polling_policy?)`, awaitJob, true),
];

/** @throws FailedJobError with the job itself as `job` */
async function awaitJob(args: Args, context: CallContext): Promise<Value> {
  const params = new Map(['timeout', 'polling_policy'].map((name) => [name, args.any(name)]));
  const call = connectorCall(new Args('gke.await_job', new Map([['connector_params', params]])), context);
  const what = `job ${args.string('job_name')}`;
  const look = async (): Promise<Value | undefined> => {
    const job = bodyOf(await send(args, context, { method: 'GET', path: jobPath(args), timeout: null }));
    const conditions = inside(inside(job, 'status'), 'conditions');
    const holds = (type: string): boolean =>
      isList(conditions) &&
      conditions.some((one) => inside(one, 'type') === type && inside(one, 'status') === 'True');
    if (holds('Failed')) throw fault('FailedJobError', `${what} failed`, [['job', job]]);
    return holds('Complete') ? job : undefined;
  };
  return (await look()) ?? poll(call, what, look);
}

/** To the control plane, whose address and authority the cluster tells, as `http.request` would. */
async function send(
  args: Args,
  context: CallContext,
  how: { method: string; path: string; body?: Value; timeout?: null },
): Promise<Value> {
  const { host } = context;
  const project = args.string('project', host.env.GOOGLE_CLOUD_PROJECT_ID);
  const location = args.string('location', host.env.GOOGLE_CLOUD_LOCATION);
  const parts = { projects: project, locations: location, clusters: args.string('cluster_id') };
  const name = Object.entries(parts).map(([kind, id]) => `${kind}/${percentEncode(id)}`);
  const of = { service: 'container', method: 'GET', path: `/v1/${name.join('/')}` };
  const cluster = await request(connectorCall(args, context), of);
  const status = inside(cluster, 'status');
  if (status !== 'RUNNING') {
    throw args.invalid('cluster_id', `names a cluster in status ${formatJson(status)}, not RUNNING`);
  }
  const endpoint = inside(cluster, 'endpoint');
  const authority = inside(inside(cluster, 'masterAuth'), 'clusterCaCertificate');
  if (typeof endpoint !== 'string' || typeof authority !== 'string') {
    throw fault('ResponseTypeError', `expected a cluster with its endpoint, got ${formatJson(cluster)}`);
  }
  const given = new Map<string, Value>([
    ['url', `https://${endpoint}${how.path}`],
    ['method', how.method],
    ['auth', new Map([['type', 'OAuth2']])],
    ['ca_certificate', Buffer.from(authority, 'base64').toString()],
    ['body', how.body ?? args.any('body')],
    ['timeout', how.timeout === null ? null : args.any('timeout')],
    ['headers', args.any('headers')],
    ['query', args.any('query')],
  ]);
  const http = httpFunctions.find((known) => known.name === 'http.request');
  if (!http) throw new Error('http.request is gone');
  // A connector's call is billed as internal wherever its service is.
  return http.run(new Args('gke.request', given), { ...context, billExternal: () => undefined });
}

function jobsPath(args: Args): string {
  return `/apis/batch/v1/namespaces/${percentEncode(args.string('namespace', 'default'))}/jobs`;
}

function jobPath(args: Args): string {
  return `${jobsPath(args)}/${percentEncode(args.string('job_name'))}`;
}

function bodyOf(answer: Value): Value {
  return inside(answer, 'body');
}

function inside(value: Value, key: string): Value {
  return isMap(value) ? (value.get(key) ?? null) : null;
}
