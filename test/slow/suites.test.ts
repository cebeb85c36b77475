import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { accounts, place } from '#local/place.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';

/** Suites of every kind that a laptop has, against a real process through the real proxy, with a real job beside it. */
let test: TestStack;

/** A shop with a deep health endpoint and a WebSocket that greets; `health` is what it says of its database. */
const shop = (health: string) => `import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  const answer = (status, body, headers = {}) => { response.writeHead(status, headers); response.end(JSON.stringify(body)); };
  if (request.url === '/healthz') return answer(200, { status: '${health}' === 'ok' ? 'healthy' : 'unhealthy', checks: { database: '${health}' } });
  if (request.url === '/login') return answer(200, { token: 'token-of-ada' });
  if (request.url === '/orders') return request.headers['x-token'] === 'token-of-ada' ? answer(201, {}, { location: '7' }) : answer(403, {});
  if (request.url === '/orders/7') return answer(200, { state: 'open' });
  if (request.url === '/old') return answer(302, {}, { location: 'http://169.254.169.254/computeMetadata/v1/' });
  answer(404, {});
});
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: ' + key + '\\r\\n\\r\\n');
  socket.write(Buffer.from([0x81, 16, ...Buffer.from('{"hello":"user"}')]));
});
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;

/**
 * A test that asks the candidate, as itself where that is closed, and writes JUnit's XML to the bucket, as any client of
 * Cloud Storage would.
 */
const smoke = `const { SLIPWAY_URL, SLIPWAY_AUDIENCE, SLIPWAY_RESULTS, GCE_METADATA_HOST, STORAGE_EMULATOR_HOST } = process.env;
const metadata = (path) => fetch('http://' + GCE_METADATA_HOST + '/computeMetadata/v1/instance/service-accounts/default/' + path, { headers: { 'metadata-flavor': 'Google' } });
const audience = SLIPWAY_AUDIENCE && encodeURIComponent(SLIPWAY_AUDIENCE);
const headers = audience ? { authorization: 'Bearer ' + await (await metadata('identity?audience=' + audience)).text() } : {};
const seen = await fetch(SLIPWAY_URL + '/orders/7', { headers });
const { state } = seen.ok ? await seen.json() : {};
const failure = state === 'open' ? '' : '<failure message="answered ' + seen.status + ' to ' + await (await metadata('email')).text() + '"/>';
const [, bucket, name] = /^gs:..([^/]+).(.*)$/.exec(SLIPWAY_RESULTS);
const { access_token } = await (await metadata('token')).json();
const url = STORAGE_EMULATOR_HOST + '/upload/storage/v1/b/' + bucket + '/o?uploadType=media&name=' + encodeURIComponent(name);
const answer = await fetch(url, {
  method: 'POST',
  headers: { authorization: 'Bearer ' + access_token, 'content-type': 'text/xml' },
  body: '<testsuite><testcase name="an order is open">' + failure + '</testcase></testsuite>',
});
if (!answer.ok) throw new Error(await answer.text());
`;

async function push(text: string, tag: string, image = 'hello'): Promise<string> {
  const file = { path: 'server.mjs', isExecutable: false, content: Buffer.from(text) };
  return pushImage({
    endpoint: test.stack.registryOrigin,
    token: test.stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/${image}`,
    tag,
    image: await buildImage([file]),
  });
}

const suites = `
healthProbe:
  path: /healthz
  interval: 100ms
  successes: 2
  startupGrace: 5s
  expect: { contains: healthy, json: { status: healthy } }
  dependencies: { database: { field: checks.database, equals: ok } }
suites:
  - title: Golden path
    ordered: true
    checks:
      - { name: log-in, path: /login, capture: { token: { json: token } } }
      - { name: order, method: POST, path: /orders, headers: { x-token: '\${token}' }, expect: { status: 201 }, capture: { id: { header: location } } }
      - { name: look, path: '/orders/\${id}', expect: { json: { state: open } } }
  - title: WebSocket
    checks: [{ name: greets, kind: websocket, path: /ws, expect: { json: { hello: user }, staysOpen: 100ms } }]
  - title: Redirect
    checks: [{ name: old, path: /old, followRedirects: true, expect: { status: 302 } }]
  - title: TLS
    checks: [{ name: certificate, kind: tls, severity: advisory }]
`;
const tests = `  - title: Tests
    when: [candidate]
    checks: [{ name: smoke, kind: job, job: smoke, results: junit }]
`;
const configure = (service = 'hello') =>
  test.serviceFile(
    (text) =>
      text
        .replace('service: hello', `service: ${service}`)
        .replaceAll('apps/hello', `apps/${service}`)
        .replace(/\nhealthProbe:[\s\S]*?\ntraffic:/, () => `${suites}${tests}\ntraffic:`),
    service,
  );
/** Who the test job runs as. */
const tester = `tests@${place.project}.iam.gserviceaccount.com`;

beforeAll(async () => {
  test = await openTestStack();
  await push(smoke, 'base', 'tools');
  const container = {
    image: `${place.registryHost}/${place.repository}/tools:base`,
    command: ['node', 'server.mjs'],
  };
  const jobs = `${test.stack.origin}/v2/projects/${place.project}/locations/${place.region}/jobs`;
  const answer = await fetch(`${jobs}?jobId=smoke`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${test.stack.identity.accessToken(accounts.developer)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      template: { template: { maxRetries: 0, serviceAccount: tester, containers: [container] } },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await configure();
});
afterAll(() => test?.close());

it.each([
  ['the first one, which is closed until then', 'v1'],
  ['one beside a stable one', 'v2'],
])('a release whose paths, WebSocket, tests and dependencies are good goes live: %s', async (_, tag) => {
  const done = await test.deployment(await push(`${shop('ok')}// ${tag}`, tag));
  expect(done.result?.outcome).toBe('live-with-recommendations');
  expect(done.stable?.first).toBe(tag === 'v1');
  const seen = done.checks
    .filter(({ phase }) => phase === 'candidate')
    .map(({ id, outcome }) => [id, outcome]);
  expect(seen).toEqual(
    expect.arrayContaining([
      ['dependency:database', 'pass'],
      ['log-in', 'pass'],
      ['order', 'pass'],
      ['look', 'pass'],
      ['greets', 'pass'],
      ['old', 'pass'],
      ['certificate', 'not-run'],
      ['smoke', 'pass'],
      ['smoke/an order is open', 'pass'],
    ]),
  );
  expect(JSON.stringify(done)).not.toContain('token-of-ada');
});

it('a release whose health endpoint answers 200 and says that it is unhealthy gets no traffic', async () => {
  const done = await test.deployment(await push(shop('down'), 'v3'));
  expect(done.result?.outcome).toBe('failed');
  expect(done.failure).toMatchObject({ step: 'health-probe' });
  expect(done.failure?.message).toContain('status = "unhealthy"');
  expect(done.checks.find(({ id }) => id === 'dependency:database')).toMatchObject({
    outcome: 'fail',
    evidence: { observed: 'checks.database = "down"' },
  });
  expect(test.stack.run.requestsByRevision('hello')[`hello-${done.id}`]?.user ?? {}).toEqual({});
});

it('a first release stays closed to tests whose account may not call it, and is not believed', async () => {
  test.stack.lookups.grants.deny(tester, 'run.routes.invoke', '/services/shut');
  await configure('shut');
  const done = await test.deployment(await push(`${shop('ok')}// shut`, 'v1', 'shut'));
  expect(done.result).toMatchObject({ outcome: 'failed', serving: [] });
  expect(done.checks.find(({ id }) => id === 'smoke/an order is open')).toMatchObject({
    outcome: 'fail',
    evidence: { observed: `answered 403 to ${tester}` },
  });
});
