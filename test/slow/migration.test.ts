import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { readFolder } from '#local/build/source.ts';
import { accounts, place } from '#local/place.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** A migration as a real job, a real process of the release's own image; and releases from which nobody may go back. */
let test: TestStack;

/** Part of every release: what it says and how it ends is release.json's business. */
const migrate = `import { readFileSync } from 'node:fs';
const { version, migration } = JSON.parse(readFileSync('release.json', 'utf8'));
console.log(version + ' migrates for ' + process.env.SLIPWAY_DEPLOYMENT + ' ' + process.argv.slice(2).join(' '));
if (migration === 'hangs') setInterval(() => {}, 1000);
else process.exit(migration === 'fails' ? 1 : 0);
`;

/** examples/hello with a migration. @returns its digest */
async function push(
  release: Record<string, unknown>,
  tag: string,
  labels: Record<string, string> = {},
  image = 'hello',
): Promise<string> {
  const { files } = await readFolder('examples/hello');
  const own = { 'release.json': JSON.stringify(release), 'migrate.mjs': migrate };
  const built = [
    ...files.filter(({ path }) => !(path in own)),
    ...Object.entries(own).map(([path, text]) => ({ path, isExecutable: false, content: Buffer.from(text) })),
  ];
  return pushImage({
    endpoint: test.stack.registryOrigin,
    token: test.stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/${image}`,
    tag,
    image: await buildImage(built, labels),
  });
}

const jobs = `/v2/projects/${place.project}/locations/${place.region}/jobs`;
async function api(path: string, body?: object): Promise<Record<string, unknown>> {
  const authorization = `Bearer ${test.stack.identity.accessToken(accounts.developer)}`;
  const answer = await fetch(`${test.stack.origin}${path}`, {
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
const executions = async (): Promise<unknown[]> =>
  ((await api(`${jobs}/migrate/executions`))['executions'] ?? []) as unknown[];
const usersOf = ({ id }: Deployment) => test.stack.run.requestsByRevision('hello')[`hello-${id}`]?.user ?? {};

/** The service file with this migration; every tag is deployed. */
const withMigration = (more = '', policy = '') =>
  test.serviceFile((text) =>
    text.replace('policy:\n', `migration: { job: migrate, args: [--up]${more} }\npolicy:\n${policy}`),
  );

beforeAll(async () => {
  test = await openTestStack();
  await push({ version: '0' }, 'base', {}, 'tools');
  const container = {
    image: `${place.registryHost}/${place.repository}/tools:base`,
    command: ['node', 'migrate.mjs'],
  };
  await api(`${jobs}?jobId=migrate`, { template: { template: { maxRetries: 0, containers: [container] } } });
  await withMigration();
});
afterAll(() => test?.close());

describe('a migration', () => {
  it('is run by the image of the release before it serves', async () => {
    const digest = await push({ version: '1.0.0' }, 'v1');
    const done = await test.deployment(digest);
    expect(done.result?.outcome).toMatch(/^live/);
    expect(done.checks.find(({ suite }) => suite === 'Migration')).toMatchObject({
      outcome: 'pass',
      evidence: {
        observed: expect.stringMatching(/^job migrate succeeded in \d+ s$/),
        logUri: expect.any(String),
      },
    });
    const execution = done.migration?.execution?.split('/').at(-1) ?? '';
    expect(test.stack.run.executionLogs(execution)[0]?.text).toBe(`1.0.0 migrates for ${done.id} --up`);
    expect(await executions()).toHaveLength(1);
    const job = JSON.stringify(await api(`${jobs}/migrate`));
    expect(job).toContain(`hello@${digest}`);
  });

  it('that fails keeps the release from its users, and what served before goes on', async () => {
    const digest = await push({ version: '2.0.0', migration: 'fails' }, 'v2');
    const done = await test.deployment(digest);
    expect(done.result?.outcome).toBe('failed');
    expect(done.failure?.message).toContain('Migration: job migrate failed, NON_ZERO_EXIT_CODE');
    expect(usersOf(done)).toEqual({});
    expect(await (await fetch(done.serviceUrl!)).text()).toContain('1.0.0');
  });

  it('that does not end in time is cancelled with its process', async () => {
    await withMigration(', timeout: 1s');
    const digest = await push({ version: '3.0.0', migration: 'hangs' }, 'v3');
    const done = await test.deployment(digest);
    expect(done.failure?.message).toContain('TIMEOUT: it did not end within 1 s and is cancelled');
    expect(done.migration?.status).toBe('stopped');
    const execution = await api(`/v2/${done.migration?.execution}`);
    expect(JSON.stringify(execution['conditions'])).toContain('CANCELLED');
    expect(execution['runningCount'] ?? 0).toBe(0);
  });
});

describe('a release whose image says that one cannot go back from it', () => {
  it('is left where it is when it breaks under traffic, and Slack calls a person', async () => {
    await withMigration();
    const url = (await test.ledger.list('deployments'))[0]!.serviceUrl!;
    const load = setInterval(() => void fetch(url).then((answer) => answer.text()), 20);
    const label = { 'dev.slipway.rollback': 'never' };
    const done = await push({ version: '4.0.0', fault: 'breaks-under-traffic' }, 'v4', label)
      .then((digest) => test.deployment(digest))
      .finally(() => clearInterval(load));
    expect(done.result?.outcome).toBe('rollback-failed');
    const ours = done.result?.serving?.find(({ revision }) => revision === `hello-${done.id}`);
    expect(ours?.percent).toBeGreaterThan(0);
    expect(done.rollback?.observed).toContain('not rolled back: this release is marked');
    const service = await api(`/v2/projects/${place.project}/locations/${place.region}/services/hello`);
    expect(service['trafficStatuses']).toContainEqual(expect.objectContaining(ours));
    await until(async () => (await test.ledger.get('notifications', done.id))?.final || undefined);
    const root = test.stack.slack
      .messages(place.slackChannel.name)
      .findLast(({ threadTs }) => threadTs === undefined);
    expect(root?.text).toMatch(/NOT ROLLED BACK.*A person must decide now/s);
    expect(JSON.stringify(root)).toContain('was run and was not undone');
  });
});
