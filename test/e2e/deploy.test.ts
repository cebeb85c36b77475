import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** The main job, end to end: real processes, real HTTP, the workflow as it would be deployed. */
let test: TestStack;

beforeAll(async () => {
  test = await openTestStack();
  // Long enough at 0 % to look at the candidate from outside.
  await test.serviceFile((text) => text.replace('successes: 3', 'successes: 8'));
});
afterAll(() => test?.close());

const versionAt = async (url: string): Promise<unknown> =>
  ((await (await fetch(url)).json()) as { version: string }).version;

/** The deployment's executions, as the Executions API shows them. */
async function executions(): Promise<
  {
    state: string;
    labels: Record<string, string>;
    localBilledSteps: { internal: number; external: number };
  }[]
> {
  const parent = `projects/${place.project}/locations/${place.region}/workflows/${place.workflow}`;
  const answer = await fetch(`${test.stack.origin}/v1/${parent}/executions?view=FULL`, {
    headers: { authorization: `Bearer ${test.stack.identity.accessToken(accounts.developer)}` },
  });
  return ((await answer.json()) as { executions: Awaited<ReturnType<typeof executions>> }).executions;
}

describe('an image push', () => {
  it('becomes the first deployment: proven while private, then open and serving', async () => {
    const digest = await test.pushHello({ version: '1.0.0' }, 'v1');
    const seen = await test.deployment(digest, (deployment) => deployment.candidate?.url !== undefined);
    expect((await fetch(seen.serviceUrl!)).status).toBe(403);
    const done = await test.deployment(digest);
    expect(done.result).toMatchObject({
      outcome: 'live',
      serving: [{ revision: `hello-${done.id}`, percent: 100 }],
    });
    expect(await versionAt(done.serviceUrl!)).toBe('1.0.0');
  });

  it('takes fewer than 100 billed Workflows steps', async () => {
    const execution = await until(async () =>
      (await executions()).find(({ state }) => state === 'SUCCEEDED'),
    );
    const { internal, external } = execution.localBilledSteps;
    console.log(`a straight deployment takes ${internal} internal and ${external} external billed steps`);
    expect(internal).toBeGreaterThan(20);
    expect(internal + external).toBeLessThan(100);
  });

  it('gives users nothing of the candidate before it is proven, and tells the two apart by the tag address', async () => {
    const digest = await test.pushHello({ version: '2.0.0' }, 'v2');
    const seen = await test.deployment(digest, (deployment) => deployment.candidate?.url !== undefined);
    expect(seen.trafficMoved).toBe(false);
    const fromService = await Promise.all(Array.from({ length: 20 }, () => versionAt(seen.serviceUrl!)));
    expect(new Set(fromService)).toEqual(new Set(['1.0.0']));
    expect(await versionAt(seen.candidate!.url!)).toBe('2.0.0');
    const done = await test.deployment(digest);
    expect(done.result?.outcome).toBe('live');
    expect(await versionAt(done.serviceUrl!)).toBe('2.0.0');
  });

  it('that is announced twice deploys once', async () => {
    const before = (await test.ledger.list('deployments')).length;
    await test.pushHello({ version: '2.0.0' }, 'v2');
    const decided = await until(
      async () => (await test.ledger.list('requests', { decision: 'duplicate' }))[0],
    );
    expect(decided.reason).toContain('already made this release live');
    expect((await test.ledger.list('deployments')).length).toBe(before);
  });

  it('of a release that fails a required check reaches no user and leaves the stable one', async () => {
    test.stack.run.resetRequests('hello');
    const digest = await test.pushHello({ version: '3.0.0', fault: 'wrong-answer' }, 'v3');
    const done = await test.deployment(digest);
    expect(done.result).toMatchObject({ outcome: 'failed' });
    expect(done.rollback).toMatchObject({ result: 'verified' });
    expect(await versionAt(done.serviceUrl!)).toBe('2.0.0');
    expect(test.stack.run.requestsByRevision('hello')[`hello-${done.id}`]?.user ?? {}).toEqual({});
  });

  it('that breaks under traffic is rolled back, and both Cloud Run and the service say so', async () => {
    const url = (await test.ledger.list('deployments'))[0]!.serviceUrl!;
    const load = setInterval(() => void fetch(url).then((answer) => answer.text()), 20);
    const digest = await test.pushHello({ version: '4.0.0', fault: 'breaks-under-traffic' }, 'v4');
    const done = await test.deployment(digest);
    clearInterval(load);
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.rollback?.observed).toMatch(
      /^Cloud Run: hello-\w+ 100 %; service: GET \/healthz answered 200$/,
    );
    expect(await versionAt(url)).toBe('2.0.0');
  });

  it('has exactly one message in Slack, which shows the end', async () => {
    const all = await test.ledger.list('deployments');
    await until(
      async () =>
        (await test.ledger.list('notifications', { final: true })).length === all.length || undefined,
    );
    const roots = test.stack.slack
      .messages(place.slackChannel.name)
      .filter((message) => message.threadTs === undefined);
    expect(roots).toHaveLength(all.length);
    expect(roots.at(-1)!.text).toMatch(/rolled back/i);
  });

  it('leaves a report with its evidence in the bucket', async () => {
    const [newest] = await test.ledger.list('deployments');
    const name = `reports/hello/staging/${newest!.id}`;
    const report = JSON.parse((await test.stack.storage.readObject(place.bucket, `${name}.json`)).toString());
    expect(report).toMatchObject({ outcome: 'rolled-back' });
    expect((await test.stack.storage.readObject(place.bucket, `${name}.md`)).toString()).toContain('hello');
  });

  it('makes one execution per deployment and leaves none running', async () => {
    const all = await until(async () => {
      const found = await executions();
      return found.every((execution) => execution.state !== 'ACTIVE') ? found : undefined;
    });
    expect(new Set(all.map((execution) => execution.labels.deployment))).toEqual(
      new Set((await test.ledger.list('deployments')).map((deployment) => deployment.id)),
    );
    expect(all).toHaveLength((await test.ledger.list('deployments')).length);
    expect(new Set(all.map((execution) => execution.state))).toEqual(new Set(['SUCCEEDED']));
  });
});
