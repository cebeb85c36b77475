import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { named, preflightOf, saidBy } from './looking.ts';

const place = 'Cloud Run service / place';
const inRegion = (region: string): string =>
  serviceFile().replace('region: us-central1', `region: ${region}`);
const secret = (text: string): string =>
  text.replace('access: public,', 'access: public, secrets: { KEY: "key:1" },');

/** Cloud Run answers nothing in that place, in its own words. */
function worldWithout(words: string, others: Partial<Record<'locations' | 'apis', boolean>> = {}): World {
  const world = createWorld();
  world.release('v1');
  world.secrets.versions.set('key:1', 'enabled');
  const refuse = async (): Promise<never> => {
    throw new Fault('permission-denied', `GET https://run.googleapis.com/v2/x/y answered 403: ${words}`);
  };
  override(world.run, 'getService', () => refuse);
  if (others.locations) override(world.run, 'locations', () => refuse);
  if (others.apis)
    world.lookUps.faults
      .set('serviceUsage', new Fault('permission-denied', 'answered 403'))
      .set('iam', new Fault('permission-denied', 'answered 403'));
  return world;
}
const open = ({ checks }: Awaited<ReturnType<typeof preflightOf>>) =>
  checks.filter(({ severity, outcome }) => severity === 'required' && outcome !== 'pass');

describe('a region that Cloud Run does not have', () => {
  const words = `environments.staging.region: Cloud Run has no location "us-centrall1" for slipway-local; did you mean us-central1?`;

  it('is one problem, with its key and what was meant; what depends on it is not run for that reason', async () => {
    const result = await preflightOf(
      worldWithout("Permission denied on 'locations/us-centrall1' (or it may not exist)"),
      secret(inRegion('us-centrall1')),
    );
    expect(open(result)).toEqual([named(result, place)]);
    expect(named(result, place)).toMatchObject({ outcome: 'fail' });
    expect(saidBy(named(result, place))).toBe(words);
    for (const name of ['Cloud Run service / exists', 'Permissions / deploy-service'])
      expect(named(result, name)).toMatchObject({ outcome: 'not-run', reason: words });
    expect(result.checks.filter(({ outcome }) => outcome === 'inconclusive')).toEqual([]);
    // What is in no region is asked.
    for (const name of ['APIs / run.googleapis.com', 'Secrets / KEY', 'Registry / exists'])
      expect(named(result, name)?.outcome).toBe('pass');
    expect(result).toMatchObject({ faults: [], first: undefined });
  });

  it('ends a deployment in preflight with that alone', async () => {
    const world = worldWithout('x');
    world.configure(inRegion('us-centrall1'));
    const done = await runDeployment(world, 'v1');
    expect(done.failure).toMatchObject({
      step: 'preflight',
      message: `Cloud Run has us-centrall1 for slipway-local: ${words}, expected one of the locations`,
    });
  });

  it('is found though Cloud Run says only that there is no such service', async () => {
    const world = createWorld();
    world.release('v1');
    expect(named(await preflightOf(world, inRegion('mars-north1')), place)?.outcome).toBe('fail');
  });

  it("is known by Cloud Run's own words where its locations may not be listed", async () => {
    const world = worldWithout("Permission denied on 'locations/us-centrall1' (or it may not exist)", {
      locations: true,
    });
    const result = await preflightOf(world, inRegion('us-centrall1'));
    expect(open(result)).toEqual([named(result, place)]);
    expect(saidBy(named(result, place))).toMatch(/^environments\.staging\.region: there is no location/);
  });
});

describe('a project', () => {
  it('that is not there is one problem, with its key; nothing in it is asked', async () => {
    const world = worldWithout('Permission denied on resource project my-shop.', {
      locations: true,
      apis: true,
    });
    const text = secret(serviceFile().replace('project: slipway-local', 'project: my-shop'));
    const result = await preflightOf(world, text);
    expect(open(result)).toEqual([named(result, place)]);
    expect(saidBy(named(result, place))).toMatch(
      /^environments\.staging\.project: there is no project "my-shop", or Slipway has no role in it/,
    );
    expect(result.checks.filter(({ outcome }) => outcome === 'inconclusive')).toEqual([]);
    expect(named(result, 'Secrets / KEY')?.outcome).toBe('not-run');
    expect(named(result, 'Registry / exists')?.outcome).toBe('pass');
    expect(result.faults).toEqual([]);
  });

  it('whose locations may not be listed is deployed to all the same', async () => {
    const world = createWorld();
    override(world.run, 'locations', () => async () => {
      throw new Fault('permission-denied', 'answered 403');
    });
    world.release('v1');
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toMatch(/^live/);
    expect(done.checks.find(({ id }) => id === 'place')).toMatchObject({
      outcome: 'inconclusive',
      severity: 'advisory',
    });
  });

  it('that is there, with Cloud Run out of reach, is not said to be missing', async () => {
    const world = worldWithout('API has not been used', { locations: true });
    world.lookUps.off.add('run.googleapis.com');
    const result = await preflightOf(world, serviceFile());
    expect(named(result, place)).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
    expect(named(result, 'APIs / run.googleapis.com')?.outcome).toBe('fail');
    expect(saidBy(named(result, 'Cloud Run service / exists'))).toMatch(
      /^run\.\S+ answered 403: API has not/,
    );
    for (const check of result.checks) expect(saidBy(check)).not.toMatch(/https?:/);
  });
});
