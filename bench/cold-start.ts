import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, allTargets, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { systemClock } from '#shared/clock.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { dataOf, openColdInstances, type ColdInstances } from './cold-instances.ts';
import { coldStartTable } from './cold-start-table.ts';
import type { Asked } from './instance.ts';
import { signedCommand } from './signed-command.ts';
import { unpack } from './unpacked.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));
const patienceMs = 120_000;
const project = `projects/${place.project}`;

/**
 * The archive that Terraform uploads, started as the buildpack starts it, one process per message: real deployments, in which
 * every target's first answer is to the very message that it gets in one. Divided by a bare function, started right before.
 * With an emulator at `FIRESTORE_EMULATOR_HOST` the ledger is in Firestore, as on Google Cloud; without, in SQLite.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { runs: { type: 'string', default: '7' } } });
  const runs = Number(values.runs);
  const emulator = process.env.FIRESTORE_EMULATOR_HOST;
  // Of this run alone: an emulator keeps what earlier ones wrote.
  const database = `cold-start-${Date.now()}`;
  const inFirestore = { SLIPWAY_LEDGER: `firestore:${database}`, FIRESTORE_EMULATOR_HOST: emulator ?? '' };
  const directory = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const unpacked = await unpack();
  const functionsEnv: Record<string, string> = emulator === undefined ? {} : inFirestore;
  const stack = await startStack({ directory, retryMinimumSeconds: 1, functionsEnv });
  process.env.METADATA_SERVER_DETECTION = 'none';
  const ledger =
    emulator === undefined
      ? openSqliteLedger(join(directory, 'ledger.db'))
      : openFirestoreLedger({ project: place.project, database });
  const env = (target: string): Record<string, string> => {
    const { SLACK_BOT_TOKEN, ...rest } = { ...stack.envOf('functions'), ...functionsEnv };
    // With Slack it would wait for a message to be there.
    return target === 'report' || SLACK_BOT_TOKEN === undefined ? rest : { ...rest, SLACK_BOT_TOKEN };
  };
  const instances = await openColdInstances({ unpacked, env, runs, isTimed: firstOfADeployment() });
  try {
    pushTo(stack, instances.origin);
    // One that tells what is read, the cold ones, and two more on the processes that are left.
    for (let round = 1; round <= runs + 3; round += 1) {
      await everyTarget(stack, instances, ledger, round);
      process.stderr.write(`round ${round} of ${runs + 3}\n`);
    }
  } finally {
    await instances.close();
    ledger.close();
    await stack.stop();
    await unpacked.remove();
    await rm(directory, { recursive: true, force: true });
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  process.stdout.write(`
${coldStartTable(instances.measured())}
${allTargets.length} targets in one archive of ${(unpacked.zipBytes / 1024).toFixed(0)} KiB; medians of ${runs} starts; ledger in ${emulator === undefined ? 'SQLite, which needs no client' : "Firestore (Google's emulator)"}.

${new Date().toISOString().slice(0, 10)}, ${machine}
`);
}

/** Changes that follow each other are shown at most every few seconds, and `notify` waits for that: not its start. */
function firstOfADeployment(): (target: string, asked: Asked) => boolean {
  const seen = new Set<string>();
  return (target, asked) => {
    const id = target === 'notify' ? /"deploymentId":"([^"]*)"/.exec(dataOf(asked))?.[1] : undefined;
    if (target === 'notify' && (id === undefined || seen.has(id))) return false;
    seen.add(id ?? '');
    return true;
  };
}

/** From now on messages go to the measured processes; the stack's own host only serves its Slack. */
function pushTo(stack: Stack, origin: string): void {
  for (const { name, topic } of allTargets) {
    if (topic === undefined) continue;
    stack.pubsub.ensureSubscription({
      name: `${project}/subscriptions/${name}`,
      topic: `${project}/topics/${topic}`,
      pushConfig: { pushEndpoint: `${origin}/${name}/${project}/topics/${topic}` },
    });
  }
}

/** A command in Slack, a deployment from source that goes live, a pushed image that does not, and a look at it all. */
async function everyTarget(
  stack: Stack,
  instances: ColdInstances,
  ledger: Ledger,
  round: number,
): Promise<void> {
  const version = `1.0.${round}`;
  await upload(stack, 'services/hello.yaml', 'application/yaml', await serviceFile());
  await upload(stack, 'source.tgz', 'application/gzip', await sourceOf(version));

  await instances.deliver('chatops', signedCommand(stack.slackSigningSecret));
  const { error } = await stack.slack.command('ana', place.slackChannel.name, '/deploy status');
  if (error !== undefined) throw new Error(error);
  await quiet(stack, instances);

  const url = `${stack.origin}/functions/api`;
  const order = { requestId: `cold-start-${round}`, service: 'hello', environment: 'staging' };
  const answer = await instances.deliver('api', {
    method: 'POST',
    path: '/deployments',
    headers: {
      authorization: `Bearer ${await stack.identity.idToken(accounts.developer, url)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(order),
  });
  if (answer.status !== 202) throw new Error(`api answered ${answer.status} ${answer.body}`);
  await outcome(stack, instances, ledger, 2 * round - 1, 'live');

  await pushFolder({
    directory: join(examples, 'hello'),
    replace: { 'release.json': JSON.stringify({ version, fault: 'wrong-answer' }) },
    endpoint: stack.registryOrigin,
    token: stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/hello`,
    tag: `v${version}`,
  });
  await outcome(stack, instances, ledger, 2 * round, 'failed');

  stack.pubsub.publish(`${project}/topics/reconcile-ticks`, [{ data: '{}' }]);
  await quiet(stack, instances);
}

/** As in the example, without the pauses in which a step only waits. */
async function serviceFile(): Promise<string> {
  const text = await readFile(join(examples, 'services/hello.yaml'), 'utf8');
  return text
    .replace('successes: 3', 'successes: 1')
    .replace('steps: [50, 100]', 'steps: [100]')
    .replace('bake: 1s', 'bake: 0s')
    .replace('maximumLatency: 250ms', 'maximumLatency: 9s')
    .replace('policy:', `build:\n  source: gs://${place.bucket}/source.tgz\n\npolicy:`);
}

async function sourceOf(version: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-source-'));
  try {
    await cp(join(examples, 'hello'), folder, { recursive: true });
    await writeFile(join(folder, 'release.json'), JSON.stringify({ version }));
    return execFileSync('tar', ['-czf', '-', '-C', folder, '.']);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function upload(stack: Stack, name: string, type: string, body: string | Buffer): Promise<void> {
  const url = `${stack.origin}/upload/storage/v1/b/${place.bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
  const headers = {
    authorization: `Bearer ${stack.identity.accessToken(accounts.developer)}`,
    'content-type': type,
  };
  const content = typeof body === 'string' ? body : new Uint8Array(body);
  const answer = await fetch(url, { method: 'POST', headers, body: content });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
}

/** Waits for so many deployments, all ended. @throws Error when the newest did not end like that */
async function outcome(
  stack: Stack,
  instances: ColdInstances,
  ledger: Ledger,
  count: number,
  wanted: string,
): Promise<void> {
  const ended = async (): Promise<Deployment | undefined> => {
    const all = await ledger.list('deployments', {}, count + 1);
    return all.length === count && all.every(isFinished)
      ? all.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]
      : undefined;
  };
  const newest = await until(`deployment ${count}`, ended);
  if (newest.result?.outcome !== wanted)
    throw new Error(
      `${newest.id} is ${newest.result?.outcome}, not ${wanted}: ${newest.result?.explanation}`,
    );
  await quiet(stack, instances);
}

/** Waits until nothing is to be delivered. */
const quiet = (stack: Stack, instances: ColdInstances): Promise<true> =>
  until('an end of the messages', async () => {
    const waiting = allTargets.some(
      ({ name, topic }) =>
        topic !== undefined && stack.pubsub.backlog(`${project}/subscriptions/${name}`).length > 0,
    );
    return waiting || instances.busy() ? undefined : true;
  });

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain for ${what}`);
    await systemClock.sleep(50);
  }
}
