// The tests of the suite "Database resilience": a Cloud Run job runs them against the candidate's own address and leaves
// JUnit's XML where SLIPWAY_RESULTS says. Its argument is the timeout that the service should have.
import assert from 'node:assert/strict';

const { SLIPWAY_URL: origin = '', SLIPWAY_RESULTS: results = '' } = process.env;
const timeoutSeconds = Number(process.argv[2]);

async function get(path, headers = {}) {
  const response = await fetch(origin + path, { headers });
  return { status: response.status, body: await response.json() };
}
const query = (drill = '', milliseconds = 1) =>
  get(`/query?milliseconds=${milliseconds}`, drill === '' ? {} : { 'x-drill': drill });
const poolNow = async () => (await get('/health')).body.checks.database.pool;

/** That many queries at once. @returns their answers, and the most connections that were open */
async function burst(count) {
  await get('/pool');
  const answers = await Promise.all(Array.from({ length: count }, () => query('', 150)));
  const { mostOpen } = (await get('/pool')).body;
  return { failed: answers.filter(({ status }) => status !== 200).length, mostOpen };
}

const tests = {
  'a query is answered': async () => assert.equal((await query()).status, 200),
  'the service waits for a connection as long as it should': async () =>
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
    const { open } = await poolNow();
    assert.ok(open <= size, `${open} connections are open, the pool is ${size}`);
  },
  'a lost connection is replaced': async () => assert.equal((await query('lose')).status, 200),
  'a refused connection is tried again with exponential backoff': async () => {
    const { status, body } = await query('lose, refuse=3');
    assert.equal(status, 200);
    const [first, second, third] = body.waits;
    assert.deepEqual([second, third], [first * 2, first * 4]);
  },
  'a database that is away is told, and harms nobody else': async () => {
    const { status, body } = await get('/health', { 'x-drill': 'away' });
    assert.deepEqual([status, body.status, (await get('/health')).status], [503, 'unhealthy', 200]);
  },
};

const escaped = (text) =>
  text.replace(/[<>&"\n]/g, (character) => `&#${character.codePointAt(0)};`).replace(/[^\x20-\x7e]/g, '?');

async function run() {
  const cases = [];
  for (const [name, test] of Object.entries(tests)) {
    const started = performance.now();
    const failure = await test().then(
      () => '',
      (error) => `<failure message="${escaped(String(error.message))}"/>`,
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    cases.push(`<testcase name="${escaped(name)}" time="${seconds}">${failure}</testcase>`);
  }
  return `<testsuite name="Database resilience">${cases.join('\n')}</testsuite>\n`;
}

/** As any client of Cloud Storage does it, with the token of the job's own account. */
async function upload(xml) {
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(results) ?? [];
  if (object === undefined) throw new Error(`SLIPWAY_RESULTS "${results}": expected gs://BUCKET/OBJECT`);
  const { GCE_METADATA_HOST = 'metadata.google.internal', STORAGE_EMULATOR_HOST } = process.env;
  const token = await fetch(
    `http://${GCE_METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/token`,
    { headers: { 'metadata-flavor': 'Google' } },
  );
  const { access_token: bearer } = await token.json();
  const storage = STORAGE_EMULATOR_HOST ?? 'https://storage.googleapis.com';
  const answer = await fetch(
    `${storage}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(object)}`,
    { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'text/xml' }, body: xml },
  );
  if (!answer.ok) throw new Error(`${results}: ${answer.status} ${await answer.text()}`);
}

void run()
  .then(upload)
  .catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
