import { describe, expect, it } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import { preflightApi } from '#functions/triggers/preflight-api.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

const ask = (world: World, body: unknown) =>
  world.finish(preflightApi(world.deps, { method: 'POST', path: '/preflight', body }));
interface Answer {
  environments: { service: string; environment: string; verdict: { status: string }; checks: Check[] }[];
}
const answerOf = async (world: World, body: unknown): Promise<Answer> => {
  const answer = await ask(world, body);
  expect(answer?.status).toBe(200);
  return answer?.body as Answer;
};

describe('POST /preflight', () => {
  it('tells of each environment of the file what stands between it and a deployment, and changes nothing', async () => {
    const world = createWorld();
    world.lookUps.off.add('run.googleapis.com');
    const text = serviceFile().replace(
      'environments:',
      'environments:\n  production: { project: slipway-prod, region: us-central1 }',
    );
    const { environments } = await answerOf(world, { file: text });
    expect(environments).toMatchObject([
      { service: 'hello', environment: 'production', verdict: { status: 'fail' } },
      { service: 'hello', environment: 'staging', verdict: { status: 'fail' } },
    ]);
    expect(world.run.writes).toEqual([]);
    expect(world.pubsub.published).toEqual([]);
    expect(await world.deps.ledger.list('deployments')).toEqual([]);
  });

  it('tells of one environment only, when it is named', async () => {
    const { environments } = await answerOf(createWorld(), { file: serviceFile(), environment: 'staging' });
    expect(environments).toMatchObject([{ environment: 'staging', verdict: { status: 'pass' } }]);
  });

  it.each([
    ['no file', {}, 400, /file/],
    ['a file with problems', { file: 'service: 1' }, 400, /service/],
    [
      'an environment that the file has not',
      { file: serviceFile(), environment: 'moon' },
      404,
      /it has staging/,
    ],
  ])('refuses %s', async (_name, body, status, error) => {
    expect(await ask(createWorld(), body)).toMatchObject({
      status,
      body: { error: expect.stringMatching(error) },
    });
  });

  it("tries rules on secrets' values only as the bucket has them", async () => {
    const world = createWorld();
    world.secrets.versions.set('key:1', 'enabled');
    world.secrets.values.set('key:1', 'a-value-of-no-great-length');
    const text = (length: number): string =>
      serviceFile().replace(
        'access: public',
        `access: public, secrets: { KEY: "key:1" }, secretRules: { KEY: { minimumLength: ${length} } }`,
      );
    world.configure(text(32));
    const outcome = async (file: string): Promise<unknown> =>
      (await answerOf(world, { file })).environments[0]?.checks.find(({ id }) => id === 'KEY/value')?.outcome;
    expect(await outcome(text(32))).toBe('fail');
    // By asking for one length after another somebody could measure it.
    expect(await outcome(text(20))).toBe('not-run');
  });

  it('leaves other paths to others', async () => {
    const { deps } = createWorld();
    expect(await preflightApi(deps, { method: 'GET', path: '/preflight', body: undefined })).toBeUndefined();
  });
});
