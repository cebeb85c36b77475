import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createStraightDeployer } from './straight.ts';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));

/**
 * Push → outcome through the whole of Slipway, divided by a straight program that makes the same calls in a row; and the
 * time from a fault under traffic to the verified rollback, beyond the time it takes to detect one.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { runs: { type: 'string', default: '5' } } });
  const runs = Number(values.runs);
  const directory = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const stack = await startStack({ directory });
  const ledger = openSqliteLedger(join(directory, 'ledger.db'));
  try {
    await measure(stack, ledger, runs);
  } finally {
    ledger.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(stack: Stack, ledger: Ledger, runs: number): Promise<void> {
  const text = await readFile(join(examples, 'services/hello.yaml'), 'utf8');
  const file = parseServiceFile(text, 'hello.yaml');
  const config = file.status === 'ok' ? file.configs[0] : undefined;
  if (!config) throw new Error('examples/services/hello.yaml is not valid');
  await upload(stack, text);
  Object.assign(process.env, stack.envOf('functions'));
  const straight = createStraightDeployer(stack.envOf('functions'));
  await deployed(stack, ledger, 'first', 'none');

  const pipelineMs: number[] = [];
  const straightMs: number[] = [];
  const rollbackMs: number[] = [];
  // Taken in turns, so that a slow moment of the machine meets both.
  for (let run = 1; run <= runs; run += 1) {
    const { deployment, pushedMs } = await deployed(stack, ledger, `pipeline-${run}`, 'none');
    pipelineMs.push(Date.parse(deployment.result?.finishedAt ?? '') - pushedMs);

    const tag = `d1benchrun${String(run).padStart(2, '0')}`;
    const startMs = Date.now();
    // An image that no service file tracks, so that Slipway leaves it alone.
    await push(stack, tag, { version: tag, fault: 'none' }, 'hello-straight');
    await straight({ ...config, image: `${config.image}-straight` }, tag, tag);
    straightMs.push(Date.now() - startMs);

    rollbackMs.push(Math.round(await faultToRollback(stack, ledger, run, config.healthProbe)));
    process.stdout.write(
      `run ${run} of ${runs}: pipeline ${pipelineMs.at(-1)} ms, straight ${straightMs.at(-1)} ms, `,
    );
    process.stdout.write(`fault → rollback ${rollbackMs.at(-1)} ms beyond detection\n`);
  }
  const ratio = median(pipelineMs) / median(straightMs);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  process.stdout.write(`
| measure | median of ${runs} | aim |
|---|---|---|
| push → outcome, pipeline | ${median(pipelineMs)} ms | |
| push → outcome, straight program | ${median(straightMs)} ms | |
| pipeline ÷ straight | ${ratio.toFixed(2)} | ≤ 1.15 |
| fault → verified rollback, beyond the detection interval | ${median(rollbackMs)} ms | ≤ 2000 ms |

${new Date().toISOString().slice(0, 10)}, ${machine}
`);
}

/** From the first failed request of a user to the verified rollback, less the interval in which a fault is told from a hiccup. */
async function faultToRollback(
  stack: Stack,
  ledger: Ledger,
  run: number,
  probe: { interval: number; failures: number },
): Promise<number> {
  const [last] = await ledger.list('deployments', { service: 'hello' }, 1);
  const url = last?.serviceUrl ?? '';
  let faultMs: number | undefined;
  const users = setInterval(() => {
    fetch(url).then(
      async (answer) => {
        await answer.arrayBuffer();
        if (answer.status >= 500) faultMs ??= Date.now();
      },
      () => (faultMs ??= Date.now()),
    );
  }, 10);
  const { deployment } = await deployed(stack, ledger, `broken-${run}`, 'breaks-under-traffic');
  clearInterval(users);
  if (deployment.result?.outcome !== 'rolled-back' || faultMs === undefined) {
    throw new Error(`expected a rollback under traffic, got ${deployment.result?.outcome}`);
  }
  const detectionMs = probe.interval * probe.failures * 1000;
  return Math.max(0, Date.parse(deployment.rollback?.at ?? '') - faultMs - detectionMs);
}

async function deployed(
  stack: Stack,
  ledger: Ledger,
  version: string,
  fault: string,
): Promise<{ deployment: Deployment; pushedMs: number }> {
  const pushedMs = Date.now();
  const digest = await push(stack, version, { version, fault });
  for (;;) {
    const [found] = await ledger.list('deployments', { 'request.digest': digest }, 1);
    if (found && isFinished(found)) return { deployment: found, pushedMs };
    if (Date.now() - pushedMs > 60_000) throw new Error(`${version} has no outcome after a minute`);
    await systemClock.sleep(10);
  }
}

const push = (stack: Stack, tag: string, release: Record<string, string>, image = 'hello'): Promise<string> =>
  pushFolder({
    directory: join(examples, 'hello'),
    replace: { 'release.json': JSON.stringify(release) },
    endpoint: stack.registryOrigin,
    token: stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/${image}`,
    tag,
  });

async function upload(stack: Stack, body: string): Promise<void> {
  const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=services/hello.yaml`;
  const authorization = `Bearer ${stack.identity.accessToken(accounts.developer)}`;
  const headers = { authorization, 'content-type': 'application/yaml' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`services/hello.yaml: ${answer.status} ${await answer.text()}`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : Math.round(((sorted[middle - 1] ?? Number.NaN) + high) / 2);
}
