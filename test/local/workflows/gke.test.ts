import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { createAuthority } from '#test/support/certificate.ts';
import { answering } from './answering-server.ts';
import { start } from './harness.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const authority = createAuthority();

/** Runs `gke.NAME` in cluster `c`, whose control plane is behind TLS and gives these answers in turn. */
async function call(
  name: string,
  args: Record<string, unknown>,
  answers: unknown[],
  cluster: object = {},
): Promise<{ asked: string[]; outcome: unknown; billed: unknown; clusterAsked: string[] }> {
  const asked: string[] = [];
  const plane = createServer(
    authority.issue('localhost', [-1, 30]),
    (request, response) => void answer(request, response),
  );

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    asked.push([method, url, headers.authorization, await text(request)].join(' ').trim());
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.shift()));
  }

  await new Promise<void>((resolve) => plane.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    plane.closeAllConnections();
    plane.close();
  });
  const known = {
    status: 'RUNNING',
    endpoint: `localhost:${(plane.address() as AddressInfo).port}`,
    masterAuth: { clusterCaCertificate: Buffer.from(authority.ca).toString('base64') },
    ...cluster,
  };
  const api = await answering([known, known, known]);
  closers.push(api.close);
  const step = { call: `gke.${name}`, args: { cluster_id: 'c', ...args }, result: 'answer' };
  const run = start(JSON.stringify([{ c: step }, { r: { return: '${answer}' } }]), {
    host: {
      env: { GOOGLE_CLOUD_PROJECT_ID: 'p', GOOGLE_CLOUD_LOCATION: 'l' },
      connectorOrigin: (service) => `${api.origin}/${service}`,
    },
  });
  const ended = await run.outcome;
  const outcome: unknown = JSON.parse(ended.state === 'SUCCEEDED' ? ended.result : ended.error.payload);
  return { asked, outcome, billed: run.billed, clusterAsked: api.asked.map(({ line }) => line) };
}

it('asks the control plane of the cluster, by the certificate the cluster has', async () => {
  const args = { method: 'GET', path: '/api/v1/namespaces/default/pods', query: { limit: 3 } };
  const found = await call('request', args, [{ items: [1] }]);
  expect(found).toMatchObject({
    clusterAsked: ['GET /container/v1/projects/p/locations/l/clusters/c'],
    asked: ['GET /api/v1/namespaces/default/pods?limit=3 Bearer access-token'],
    outcome: { code: 200, body: { items: [1] } },
    billed: { internal: 2, external: 0 },
  });
});

it('creates and deletes a job in a namespace, and answers what Kubernetes says of it', async () => {
  const job = { kind: 'Job', metadata: { name: 'j' } };
  const elsewhere = { namespace: 'n', project: 'q', location: 'm' };
  const created = await call('create_job', { job, ...elsewhere }, [job]);
  expect(created).toMatchObject({
    clusterAsked: ['GET /container/v1/projects/q/locations/m/clusters/c'],
    asked: [`POST /apis/batch/v1/namespaces/n/jobs Bearer access-token ${JSON.stringify(job)}`],
    outcome: job,
  });
  const args = { job_name: 'j', query: { propagationPolicy: 'Foreground' } };
  const deleted = await call('delete_job', args, [{ status: 'Success' }]);
  expect(deleted.asked).toEqual([
    'DELETE /apis/batch/v1/namespaces/default/jobs/j?propagationPolicy=Foreground Bearer access-token',
  ]);
});

const job = (type?: string): object => ({
  metadata: { name: 'j' },
  status: type === undefined ? {} : { conditions: [{ type, status: 'True' }] },
});

it.each([
  ['answers the job when it is complete', 'Complete', job('Complete')],
  [
    'raises FailedJobError with the job when it failed',
    'Failed',
    { tags: ['FailedJobError'], message: 'job j failed', job: job('Failed') },
  ],
])('awaits a job and %s', async (_name, type, outcome) => {
  const args = { job_name: 'j', timeout: 90, polling_policy: { initial_delay: 0.001 } };
  const found = await call('await_job', args, [job(), job(type)]);
  expect(found.outcome).toEqual(outcome);
  expect(found.asked).toHaveLength(2);
});

it('raises TimeoutError when a job takes longer than it may', async () => {
  const args = { job_name: 'j', timeout: 0.01, polling_policy: { initial_delay: 0.02 } };
  const found = await call('await_job', args, [job()]);
  expect(found.outcome).toMatchObject({ tags: ['TimeoutError'] });
});

it.each([
  [{ status: 'PROVISIONING' }, 'ValueError', 'in status "PROVISIONING", not RUNNING'],
  [{ endpoint: null }, 'ResponseTypeError', 'expected a cluster with its endpoint'],
])('refuses a cluster with %j', async (cluster, tag, message) => {
  const found = await call('request', { method: 'GET', path: '/' }, [], cluster);
  expect(found).toMatchObject({
    asked: [],
    outcome: { tags: [tag], message: expect.stringContaining(message) },
  });
});
