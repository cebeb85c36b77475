import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushFolder } from '#local/build/push-folder.ts';
import { accounts, place } from '#local/place.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** A failure explains itself: real processes that end, read back through the log as on Google Cloud. */
let test: TestStack;

beforeAll(async () => {
  test = await openTestStack();
  // The grace that nobody should have to wait out.
  await test.serviceFile((text) =>
    text
      .replace('startupGrace: 10s', 'startupGrace: 60s')
      .replace('access: public', 'access: public\n  env: { DATABASE_PASSWORD: opensesame7 }'),
  );
  await test.deployment(await test.pushHello({ version: '1.0.0' }, 'v1'));
});
afterAll(() => test?.close());

const pushServer = (source: string, tag: string): Promise<string> =>
  pushFolder({
    directory: fileURLToPath(new URL('../../examples/hello', import.meta.url)),
    replace: { 'server.mjs': source },
    endpoint: test.stack.registryOrigin,
    token: test.stack.identity.accessToken(accounts.developer),
    name: `${place.repository}/hello`,
    tag,
  });
const endedAt = ({ id }: Deployment): number => {
  const line = test.stack.run
    .logs(`hello-${id}`, 'hello')
    .find(({ text }) => text.startsWith('Container called exit'));
  return Date.parse(line?.time ?? '');
};
const evidenceOf = ({ checks }: Deployment, id: string) => {
  const check = checks.find((known) => known.id === id && known.outcome === 'fail');
  if (check?.outcome !== 'fail') throw new Error(`no failed check ${id}`);
  return check.evidence;
};

describe('a container that ends', () => {
  it('at start is told within 2 s of its end, with its last word and exit code', async () => {
    const digest = await test.pushHello({ version: '2.0.0', fault: 'exit-at-start' }, 'v2');
    const told = await test.deployment(digest, ({ checks }) =>
      checks.some(({ outcome }) => outcome === 'fail'),
    );
    expect(Date.now() - endedAt(told)).toBeLessThan(2000);
    const done = await test.deployment(digest);
    expect(done.result).toMatchObject({ outcome: 'failed' });
    expect(evidenceOf(done, 'ready').observed).toMatch(
      /^HEALTH_CHECK_CONTAINER_ERROR: .*"hello 2\.0\.0: cannot read its configuration, giving up", "Container called exit\(1\)\."$/,
    );
    expect(done.failure).toMatchObject({
      step: 'deploy',
      cause: {
        class: 'does-not-start',
        sentence:
          'The container ended with exit code 1 before it was ready; its last word: "hello 2.0.0: cannot read its configuration, giving up".',
        command: expect.arrayContaining([
          'gcloud',
          expect.stringContaining(`revision_name="hello-${done.id}"`),
        ]),
      },
      lastLines: ['hello 2.0.0: cannot read its configuration, giving up', 'Container called exit(1).'],
    });
  });

  it('because its database is out of reach says so, and what it prints of its password goes nowhere', async () => {
    const digest = await pushServer(
      `import { connect } from 'node:net';
       console.log('connecting to postgres://app:' + process.env.DATABASE_PASSWORD + '@127.0.0.1:1/app');
       connect(1, '127.0.0.1');`,
      'v3',
    );
    const done = await test.deployment(digest);
    expect(done.failure?.cause).toMatchObject({
      class: 'dependency',
      sentence: expect.stringContaining(
        'Error: connect ECONNREFUSED 127.0.0.1:1", and ended with exit code 1.',
      ),
    });
    expect(done.failure?.lastLines).toContain('connecting to postgres://app:[redacted]@127.0.0.1:1/app');
    const { config: _, ...record } = done;
    const name = `reports/hello/staging/${done.id}.md`;
    // Stored and told after the outcome is on record.
    const report = await until(() =>
      test.stack.storage.readObject(place.bucket, name).catch(() => undefined),
    );
    await until(async () => (await test.ledger.get('notifications', done.id))?.final || undefined);
    const told = JSON.stringify([
      record,
      report.toString(),
      test.stack.slack.messages(place.slackChannel.name),
    ]);
    expect(told).toContain('ECONNREFUSED');
    expect(told).not.toContain('opensesame7');
  });

  it('after it was ready is told from one that never started', async () => {
    const digest = await pushServer(
      `import { createServer } from 'node:http';
       createServer(() => { console.error('pool: no such table'); process.exit(7); }).listen(process.env.PORT);`,
      'v4',
    );
    const done = await test.deployment(digest);
    expect(done.result).toMatchObject({ outcome: 'failed' });
    expect(done.failure).toMatchObject({
      step: 'health-probe',
      cause: {
        class: 'crashes',
        sentence:
          'The container ended with exit code 7 after it was ready; its last word: "pool: no such table".',
      },
    });
    // Its revision stays ready, and it is started again for every request; the grace is 60 s.
    const { observed, attempts } = evidenceOf(done, 'healthy');
    expect(observed).toMatch(
      /; Cloud Run says at \S+Z(, the last of \d+ times)?: Container called exit\(7\)\.$/,
    );
    const times = attempts?.map(({ at }) => Date.parse(at)) ?? [];
    expect(times.at(-1)! - times[0]!).toBeLessThan(30_000);
  });

  it('is explained in Slack by the same sentence, with lines in the thread', async () => {
    const [root] = test.stack.slack
      .messages(place.slackChannel.name)
      .filter(
        ({ text, threadTs }) => threadTs === undefined && text.includes('exit code 1 before it was ready'),
      );
    expect(root?.text).toContain('Failed in deploy: The container ended with exit code 1');
    const thread = test.stack.slack
      .messages(place.slackChannel.name)
      .filter(({ threadTs }) => threadTs !== undefined && threadTs === root?.ts);
    expect(JSON.stringify(thread)).toContain('giving up\\nContainer called exit(1).');
  });
});
