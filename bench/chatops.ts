import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from '#local/http.ts';
import { createIdentity } from '#local/identity/identity.ts';
import { createMetadata } from '#local/metadata/metadata.ts';
import { accounts, place } from '#local/place.ts';
import { createPubsub } from '#local/pubsub/pubsub.ts';
import { openStore } from '#local/store.ts';
import { systemClock } from '#shared/clock.ts';
import { startInstance, type Asked } from './instance.ts';
import { signedCommand } from './signed-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bare = (): Asked => ({ method: 'GET', path: '/', headers: {} });
const secret = 'a-signing-secret-of-no-use';

/** The times of one function, in milliseconds. */
interface Times {
  /** From the start of the process to the end of its first answer. */
  cold: number[];
  /** Of one request to a process that has answered before. */
  warm: number[];
}

/**
 * How long somebody in Slack waits: from the start of a process to the first signed command answered, and from then on; in
 * both the command is with Pub/Sub before it is answered. Divided by a function that only says hello, in the same run.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    runs: { type: 'string', default: '7' },
    requests: { type: 'string', default: '300' },
  } as const;
  const { values } = parseArgs({ args, options });
  const cloud = await openCloud();
  try {
    const chatops: Times = { cold: [], warm: [] };
    const hello: Times = { cold: [], warm: [] };
    // Taken in turns, so that a slow moment of the machine meets both.
    for (let run = 1; run <= Number(values.runs); run += 1) {
      const requests = run === Number(values.runs) ? Number(values.requests) : 0;
      await measure(hello, ['hello', 'bench/hello-function.ts'], cloud.env, requests, bare);
      await measure(chatops, ['chatops', 'functions/index.ts'], cloud.env, requests, () =>
        signedCommand(secret),
      );
    }
    const answered = chatops.cold.length + chatops.warm.length;
    if (cloud.published() !== answered)
      throw new Error(`${answered} commands were accepted and ${cloud.published()} are with Pub/Sub`);
    process.stdout.write(tableOf(chatops, hello));
  } finally {
    await cloud.close();
  }
}

/** What the function calls: a metadata server and Pub/Sub. */
async function openCloud(): Promise<{
  env: Record<string, string>;
  published: () => number;
  close: () => Promise<void>;
}> {
  const clock = systemClock;
  const store = openStore(':memory:');
  const identity = await createIdentity({ store, clock, issuer: 'https://accounts.slipway.local' });
  const pubsub = createPubsub({ store, clock, identity });
  const project = `projects/${place.project}`;
  const subscription = {
    name: `${project}/subscriptions/listener`,
    topic: `${project}/topics/chat-commands`,
  };
  pubsub.ensureTopic(subscription.topic);
  pubsub.ensureSubscription(subscription);
  const { project: projectId, projectNumber, region } = place;
  const metadata = createMetadata({ identity, email: accounts.functions, projectId, projectNumber, region });
  const authenticate = (token: string): string | undefined => identity.authenticate(token);
  const servers = [
    await serve({ routes: metadata.routes, authenticate }),
    await serve({ routes: pubsub.routes, authenticate }),
  ] as const;
  return {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      GCE_METADATA_HOST: `127.0.0.1:${servers[0].port}`,
      PUBSUB_ENDPOINT: servers[1].origin,
      SLIPWAY_PROJECT: place.project,
      SLIPWAY_PROJECT_NUMBER: place.projectNumber,
      SLIPWAY_REGION: place.region,
      SLIPWAY_BUCKET: place.bucket,
      SLIPWAY_LEDGER: 'sqlite::memory:',
      SLACK_SIGNING_SECRET: secret,
      SLACK_TEAM_IDS: place.slackTeam,
      SLACK_APP_ID: place.slackApp,
    },
    published: () => pubsub.backlog(subscription.name).length,
    async close() {
      for (const server of servers) await server.close();
      await pubsub.stop();
      store.close();
    },
  };
}

/** One process, as Cloud Run starts it: its first answer, then so many more, one after another. */
async function measure(
  times: Times,
  [target, source]: [string, string],
  env: Record<string, string>,
  requests: number,
  request: () => Asked,
): Promise<void> {
  const startMs = performance.now();
  const instance = await startInstance({ folder: root, target, source, env });
  try {
    const ask = async (): Promise<void> => {
      const { status, body } = await instance.ask(request());
      if (!/Accepted|hello/.test(body)) throw new Error(`${target} answered ${status} ${body}`);
    };
    await ask();
    times.cold.push(performance.now() - startMs);
    for (let count = 0; count < requests; count += 1) {
      const askedMs = performance.now();
      await ask();
      times.warm.push(performance.now() - askedMs);
    }
  } finally {
    await instance.stop();
  }
}

function tableOf(chatops: Times, hello: Times): string {
  const row = (name: string, own: number, other: number, aim: string): string =>
    `| ${name} | ${own.toFixed(1)} ms | ${other.toFixed(1)} ms | ${(own / other).toFixed(1)} | ${aim} |\n`;
  const rows = [
    row('process start → first answer, median', at(chatops.cold, 0.5), at(hello.cold, 0.5), '≤ 1000 ms'),
    row('process start → first answer, slowest', at(chatops.cold, 1), at(hello.cold, 1), ''),
    row('warm, p50', at(chatops.warm, 0.5), at(hello.warm, 0.5), ''),
    row('warm, p99', at(chatops.warm, 0.99), at(hello.warm, 0.99), '≤ 100 ms'),
  ];
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  return `
| measure (${chatops.cold.length} starts, ${chatops.warm.length} requests) | chatops | bare hello | ratio | aim |
|---|---|---|---|---|
${rows.join('')}
${new Date().toISOString().slice(0, 10)}, ${machine}
`;
}

/** @param share of the values that are not above it */
function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
