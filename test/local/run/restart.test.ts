import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  ask,
  createImages,
  parent,
  repository,
  serviceOf,
  startCloud,
  temporaryDirectory,
} from './support.ts';

const services = `${parent}/services`;
const hello = `${services}/hello`;
const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
const image = `${repository}:v1`;

test('after a restart services answer at the same addresses, without the registry', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'store');
  const first = await startCloud({ file, directory });
  const { response } = await first.settle('POST', `${services}?serviceId=hello`, {
    ...serviceOf('v1', { revision: 'hello-r1' }),
    traffic: [{ type, revision: 'hello-r1', percent: 100, tag: 'cand' }],
  });
  const { pid } = await ask(response.uri);
  await first.stop();
  expect(isRunning(pid)).toBe(false);

  const images = createImages();
  const second = await startCloud({ file, directory, images });
  const again = (await second.api('GET', hello)).json;
  expect(again).toEqual({ ...response, '@type': undefined });
  for (const url of [again.uri, again.trafficStatuses[0].uri]) {
    expect((await ask(url)).version).toBe('v1');
  }
  expect(images.unpacked).toEqual([]);
  expect(second.errors).toEqual([]);
});

test('an operation cut off by a stop is aborted, and the revision it waited for is started again', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'store');
  const first = await startCloud({ file, directory });
  const { json } = await first.api('POST', `${services}?serviceId=hello`, serviceOf('v1'));
  await first.stop();
  expect(first.errors).toEqual([]);

  const second = await startCloud({ file, directory });
  const { json: cut } = await second.api('GET', json.name);
  expect(cut).toMatchObject({ done: true, error: { code: 10 } });
  await expect
    .poll(async () => (await second.api('GET', hello)).json.terminalCondition.state, { timeout: 5000 })
    .toBe('CONDITION_SUCCEEDED');
});

test('stopping ends a container that ignores SIGTERM', async () => {
  const cloud = await startCloud({ stopGraceMs: 100 });
  const stubborn =
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); require('node:http').createServer((q, s) => s.end(String(process.pid))).listen(process.env.PORT, '127.0.0.1')";
  const template = { containers: [{ image, command: ['node', '-e', stubborn] }] };
  const { response } = await cloud.settle('POST', `${services}?serviceId=hello`, {
    template,
    invokerIamDisabled: true,
  });
  const pid = Number(await (await fetch(response.uri)).text());
  await cloud.stop();
  expect(isRunning(pid)).toBe(false);
});

test('no revision outlives a local cloud that was killed', async () => {
  const script = `
    import { spawnNode } from '#local/run/process.ts';
    import { systemClock } from '#shared/clock.ts';
    // The first line comes from the child's own code, which runs when the guard is there.
    const log = { add: () => process.stdout.write(String(child.pid)), lines: () => [] };
    const args = ['-e', "console.log('up'); setInterval(() => {}, 1000)"];
    const child = spawnNode({ args, cwd: '.', env: {}, log, clock: systemClock });
  `;
  const parentProcess = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parentProcess.kill('SIGKILL'));
  const pid = await new Promise<number>((resolve) => {
    parentProcess.stdout.once('data', (data: Buffer) => resolve(Number(data.toString())));
  });
  expect(isRunning(pid)).toBe(true);
  parentProcess.kill('SIGKILL');
  await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    // A zombie, which nobody has waited for yet, has ended too.
    if (existsSync('/proc') && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false;
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
