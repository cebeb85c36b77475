// The tests of the suite "Database resilience": a Cloud Run job runs them against the candidate's own address and leaves
// JUnit's XML where SLIPWAY_RESULTS says. Its argument is the timeout that the service should have.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

const { SLIPWAY_URL: origin = '', SLIPWAY_RESULTS: results = '', SLIPWAY_AUDIENCE: audience } = process.env;
const timeoutSeconds = Number(process.argv[2]);

/** Of the job's own account. */
async function metadata(path) {
  const { GCE_METADATA_HOST: host = 'metadata.google.internal' } = process.env;
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/${path}`;
  const answer = await fetch(url, { headers: { 'metadata-flavor': 'Google' } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

/** A service that is closed, as every one is until its first release is proven, lets in who says who it is. */
async function callerOf() {
  if (audience === undefined) return {};
  return { authorization: `Bearer ${await metadata(`identity?audience=${audience}`)}` };
}
const caller = callerOf();

/** Others use the service meanwhile: it counts the connections of this run apart from theirs. */
const run = randomUUID();

async function call(path, options = {}) {
  const headers = { ...(await caller), 'x-run': run, ...options.headers };
  const response = await fetch(origin + path, { ...options, headers });
  return { status: response.status, body: await response.json() };
}
const drilled = (drill) => ({ headers: { 'x-drill': drill } });
const query = (drill = '', milliseconds = 1) => call(`/query?milliseconds=${milliseconds}`, drilled(drill));
const poolNow = async () => (await call('/health')).body.checks.database.pool;

/** That many queries at once. @returns how many failed, and the most connections that were open for this run */
async function burst(count) {
  const answers = await Promise.all(Array.from({ length: count }, () => query('', 150)));
  const good = answers.filter(({ status }) => status === 200);
  return { failed: count - good.length, mostOpen: Math.max(...good.map(({ body }) => body.open)) };
}

const tests = {
  'a query is answered': async () => assert.equal((await query()).status, 200),
  'the pool is set to wait for a connection as long as it should': async () =>
    assert.equal((await poolNow()).timeoutSeconds, timeoutSeconds),
  'as many queries as the pool has connections need no more of them': async () => {
    const { size } = await poolNow();
    const { failed, mostOpen } = await burst(size);
    assert.deepEqual({ failed, within: mostOpen <= size }, { failed: 0, within: true });
  },
  'more queries are taken by the overflow': async () => {
    const { size, overflow } = await poolNow();
    const { failed, mostOpen } = await burst(size + overflow);
    assert.deepEqual({ failed, overflowed: mostOpen > size }, { failed: 0, overflowed: true });
  },
  'still more wait for a connection and are answered': async () => {
    const { size, overflow } = await poolNow();
    const { failed, mostOpen } = await burst(size + overflow + 10);
    assert.deepEqual({ failed, within: mostOpen <= size + overflow }, { failed: 0, within: true });
  },
  'after a burst only the pool is kept open': async () => {
    const { size, overflow } = await poolNow();
    await burst(size + overflow);
    const { open } = (await query()).body;
    assert.ok(open <= size, `${open} connections are open, the pool is ${size}`);
  },
  'a lost connection is replaced': async () => assert.equal((await query('lose')).status, 200),
  'a refused connection is tried again with exponential backoff': async () => {
    const { status, body } = await query('lose, refuse=3');
    assert.equal(status, 200);
    const [first, second, third] = body.waits;
    assert.deepEqual([second, third], [first * 2, first * 4]);
  },
  'a user who signs up while the connection is lost is kept': async () => {
    const { headers } = drilled('lose');
    const signUp = await call('/users', { method: 'POST', headers, body: '{"name": "Grace"}' });
    assert.equal(signUp.status, 201);
    const { id, token } = signUp.body;
    const { status, body } = await call(`/users/${id}/messages`, { headers: { 'x-token': token } });
    assert.deepEqual([status, body.count], [200, 0]);
  },
  'a database that is away is told, and harms nobody else': async () => {
    const { status, body } = await call('/health', drilled('away'));
    assert.deepEqual([status, body.status, (await call('/health')).status], [503, 'unhealthy', 200]);
  },
};

const escaped = (text) =>
  text.replace(/[<>&"\n]/g, (character) => `&#${character.codePointAt(0)};`).replace(/[^\x20-\x7e]/g, '?');

async function testAll() {
  const cases = [];
  for (const [name, test] of Object.entries(tests)) {
    const at = new Date().toISOString();
    const started = performance.now();
    const failure = await test().then(
      () => '',
      (error) => `<failure message="${escaped(String(error.message))}"/>`,
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    cases.push(`<testcase name="${escaped(name)}" timestamp="${at}" time="${seconds}">${failure}</testcase>`);
  }
  return `<testsuite name="Database resilience">${cases.join('\n')}</testsuite>\n`;
}

/** As any client of Cloud Storage does it, with the token of the job's own account. */
async function upload(xml) {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(results) ?? [];
  if (object === undefined) throw new Error(`SLIPWAY_RESULTS "${results}": expected gs://BUCKET/OBJECT`);
  const { access_token: bearer } = JSON.parse(await metadata('token'));
  const { STORAGE_EMULATOR_HOST: storage = 'https://storage.googleapis.com' } = process.env;
  const answer = await fetch(
    `${storage}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(object)}`,
    { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'text/xml' }, body: xml },
  );
  if (!answer.ok) throw new Error(`${results}: ${answer.status} ${await answer.text()}`);
}

void testAll()
  .then(upload)
  .catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
