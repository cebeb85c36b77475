import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { readFolder } from '#local/build/source.ts';
import { host, name, openRegistry, temporaryDirectory, token } from '#test/local/registry/open-registry.ts';

const hello = join(import.meta.dirname, '../../examples/hello');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function run(release: object) {
  const directory = await temporaryDirectory();
  await copyFile(join(hello, 'server.mjs'), join(directory, 'server.mjs'));
  await writeFile(join(directory, 'release.json'), JSON.stringify(release));
  return start(directory, ['server.mjs']);
}

async function start(directory: string, args: string[]) {
  const port = await freePort();
  const child = spawn(process.execPath, args, { cwd: directory, env: { PORT: String(port) } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit') as Promise<[code: number | null]>;
  const stderr = text(child.stderr);
  await Promise.race([once(child.stdout, 'data'), exit]);
  const get = async (path: string, userAgent = 'a browser') => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'user-agent': userAgent } });
    return { status: answer.status, json: await answer.json() };
  };
  return { child, exit, stderr, get };
}

const good = { service: 'hello', version: '1.2.0', greeting: 'Hello from version 1.2.0' };

test('a good release names its version, is healthy, and stops when told to', async () => {
  const { get, child, exit } = await run({ version: '1.2.0' });
  expect(await get('/')).toEqual({ status: 200, json: good });
  expect(await get('/healthz')).toEqual({ status: 200, json: { status: 'ok' } });
  expect((await get('/other')).status).toBe(404);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

test('"exit-at-start" prints why and exits with 1', async () => {
  const { exit, stderr } = await run({ version: '1.2.0', fault: 'exit-at-start' });
  expect(await exit).toEqual([1, null]);
  expect(await stderr).toContain('cannot read its configuration');
});

test('"never-healthy" listens and is not well', async () => {
  const { get } = await run({ version: '1.2.0', fault: 'never-healthy' });
  expect((await get('/healthz')).status).toBe(503);
});

test('"wrong-answer" is well and answers without a version', async () => {
  const { get } = await run({ version: '1.2.0', fault: 'wrong-answer' });
  expect((await get('/healthz')).status).toBe(200);
  expect(await get('/')).toEqual({ status: 200, json: { ...good, version: null, greeting: null } });
});

test('"breaks-under-traffic" breaks after requests of users, not of Slipway', async () => {
  const { get } = await run({ version: '1.2.0', fault: 'breaks-under-traffic', breaksAfterRequests: 2 });
  for (let probe = 0; probe < 5; probe += 1) expect((await get('/healthz', 'Slipway/1')).status).toBe(200);
  expect([(await get('/')).status, (await get('/')).status, (await get('/')).status]).toEqual([
    200, 200, 500,
  ]);
  expect((await get('/healthz', 'Slipway/1')).status).toBe(500);
});

test('"fails-some-requests" fails its share of users’ requests, and no probe', async () => {
  const { get } = await run({ version: '1.2.0', fault: 'fails-some-requests', failingRatio: 0.25 });
  const statuses: number[] = [];
  for (let request = 0; request < 8; request += 1) statuses.push((await get('/')).status);
  expect(statuses).toEqual([200, 200, 200, 500, 200, 200, 200, 500]);
  for (let probe = 0; probe < 5; probe += 1) {
    expect((await get('/', 'Slipway/1')).status).toBe(200);
    expect((await get('/healthz')).status).toBe(200);
  }
});

test('a fault nobody knows is an error', async () => {
  const { exit, stderr } = await run({ version: '1.2.0', fault: 'sleepy' });
  expect(await exit).toEqual([1, null]);
  expect(await stderr).toContain('"sleepy"');
});

test('the example is built, pushed, unpacked and runs from its image', async () => {
  const { images, origin } = await openRegistry();
  const image = await buildImage((await readFolder(hello)).files);
  await pushImage({ endpoint: origin, token, name, tag: 'v1', image });
  const directory = await temporaryDirectory();
  const { entrypoint, workingDir } = await images.unpack(`${host}/${name}:v1`, directory);
  expect(entrypoint).toEqual(['node', 'server.mjs']);
  const { get } = await start(join(directory, workingDir), entrypoint.slice(1));
  expect(await get('/')).toMatchObject({ status: 200, json: { service: 'hello', version: '1.0.0' } });
});
