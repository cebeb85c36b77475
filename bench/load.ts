import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));
/** No outcome for that long means that something is stuck, not slow. */
const patienceMs = 600_000;

/** Many services pushed at the same moment on one stack with two function hosts: do all end right, and at what price? */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { services: { type: 'string', default: '10,50,200' } } });
  process.stdout.write(
    '| services at once | live | push → outcome, median | slowest | CPU per deployment: stack | functions |\n|---|---|---|---|---|---|\n',
  );
  let bad = 0;
  for (const count of values.services.split(',').map(Number)) bad += await measure(count);
  if (bad > 0) process.exitCode = 1;
}

async function measure(count: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-load-'));
  const stack = await startStack({ directory, hosts: 2 });
  const ledger = openSqliteLedger(join(directory, 'ledger.db'));
  try {
    const names = Array.from({ length: count }, (_, index) => `svc-${String(index + 1).padStart(3, '0')}`);
    const text = await readFile(join(examples, 'services/hello.yaml'), 'utf8');
    for (const name of names) {
      // All at once is slower than one alone: how quickly each answers is not the question here.
      const own = text
        .replace(/^service: hello$/m, `service: ${name}`)
        // Services that share an account are advised against.
        .replace('serviceAccount: hello@', `serviceAccount: ${name}@`)
        .replace(/apps\/hello$/m, `apps/${name}`)
        .replace('250ms', '9s')
        .replace('startupGrace: 10s', 'startupGrace: 60s');
      await upload(stack, name, own);
    }
    const before = await cpuSeconds(stack);
    const pushedMs = Date.now();
    for (const name of names) await push(stack, name);
    const done = await finished(() => ledger.list('deployments', {}, count + 1), count);
    const after = await cpuSeconds(stack);
    const took = done
      .map(({ result }) => Date.parse(result?.finishedAt ?? '') - pushedMs)
      .sort((a, b) => a - b);
    const live = done.filter(({ result }) => result?.outcome === 'live').length;
    const each = (seconds: number): string => `${((seconds / count) * 1000).toFixed(0)} ms`;
    process.stdout.write(
      `| ${count} | ${live} | ${seconds(took[Math.floor(took.length / 2)])} | ${seconds(took.at(-1))} ` +
        `| ${each(after.stack - before.stack)} | ${each(after.functions - before.functions)} |\n`,
    );
    for (const { id, service, result } of done) {
      if (result?.outcome !== 'live')
        process.stderr.write(`${service} ${id}: ${result?.outcome}: ${result?.explanation}\n`);
    }
    return count - live;
  } finally {
    ledger.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const seconds = (ms: number | undefined): string => `${((ms ?? Number.NaN) / 1000).toFixed(1)} s`;

async function finished(look: () => Promise<Deployment[]>, count: number): Promise<Deployment[]> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const all = await look();
    if (all.length >= count && all.every(isFinished)) return all;
    if (Date.now() > end) {
      const open = all
        .filter((deployment) => !isFinished(deployment))
        .map(({ service, status }) => `${service} ${status}`);
      throw new Error(
        `${all.length} deployments after ${patienceMs / 1000} s, not finished: ${open.join(', ')}`,
      );
    }
    await systemClock.sleep(250);
  }
}

const push = (stack: Stack, image: string): Promise<string> =>
  pushFolder({
    directory: join(examples, 'hello'),
    endpoint: stack.registryOrigin,
    token: stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/${image}`,
    tag: 'v1',
  });

async function upload(stack: Stack, name: string, body: string): Promise<void> {
  const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=services/${name}.yaml`;
  const authorization = `Bearer ${stack.identity.accessToken(accounts.developer)}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/yaml' },
    body,
  });
  if (!answer.ok) throw new Error(`services/${name}.yaml: ${answer.status} ${await answer.text()}`);
}

/** Of this process, which is the whole local cloud, and of the function hosts (read from /proc; NaN where there is none). */
async function cpuSeconds(stack: Stack): Promise<{ stack: number; functions: number }> {
  const own = process.cpuUsage();
  const hosts = await Promise.all(stack.functions.pids().map(cpuOf));
  return { stack: (own.user + own.system) / 1e6, functions: hosts.reduce((sum, host) => sum + host, 0) };
}

/** utime and stime of proc(5), in ticks of 1/100 s. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
