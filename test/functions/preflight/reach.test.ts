import { describe, expect, it } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import type { RawJson } from '#shared/ports/cloud-run.ts';
import { preflightChecks } from '#functions/preflight/preflight.ts';
import { configsOf } from '#test/shared/config/hello-file.ts';
import { establish } from '#test/support/dispatch.ts';
import { runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

/** What keeps Slipway from asking a service, told before anything is built. */
const connector = 'projects/slipway-local/locations/us-central1/connectors/probes';
const fileWith = (ingress: string): string =>
  serviceFile().replace('access: public', `access: public, ingress: ${ingress}`);

/** @param probeConnector what Terraform gave to the functions that call services */
async function worldWith(
  ingress: string,
  probeConnector?: string,
  live: 'exists' | 'absent' = 'exists',
): Promise<World> {
  const world = createWorld();
  world.deps.config = { ...world.deps.config, probeConnector };
  world.configure(fileWith(ingress));
  if (live === 'exists')
    await establish(world, (service) => {
      service.ingress = 'INGRESS_TRAFFIC_INTERNAL_ONLY';
    });
  return world;
}
async function checksOf(world: World, text: string): Promise<Check[]> {
  const [config] = configsOf(text);
  return (await world.finish(preflightChecks(world.deps, { config: config! }))).checks;
}
const find = (checks: Check[], id: string): Check | undefined => checks.find((check) => check.id === id);

describe('a service with internal ingress', () => {
  it.each(['exists', 'absent'] as const)(
    'that %s is refused before anything is built, with what to do, when no function is in a VPC',
    async (live) => {
      const world = await worldWith('internal', undefined, live);
      world.release('v1');
      const { failure, steps, ...done } = await runDeployment(world, 'v1');
      expect(done.result?.outcome).toBe('failed');
      expect(steps.map(({ step }) => step)).toEqual(['preflight', 'rollback', 'report']);
      expect(failure).toMatchObject({
        step: 'preflight',
        message: expect.stringMatching(
          /Probes get to the service: ingress is internal .*set probe_vpc_connector in Terraform/,
        ),
      });
      expect(world.run.writes).toEqual([]);
    },
  );

  it('is deployed, probed and checked like any other through a connector', async () => {
    const world = await worldWith('internal', connector);
    world.release('v1');
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('live');
    expect(find(done.checks, 'probes')).toMatchObject({
      outcome: 'pass',
      evidence: { observed: connector },
    });
    const healthy = done.checks.filter(({ id }) => id === 'healthy');
    expect(healthy.map(({ outcome, phase }) => [phase, outcome])).toEqual([
      ['candidate', 'pass'],
      ['traffic-50', 'pass'],
      ['traffic-100', 'pass'],
    ]);
  });

  it('is not taken for healthy because it is hidden: a bad candidate is found out', async () => {
    const world = await worldWith('internal', connector);
    world.release('v1', { answer: () => ({ status: 500 }) });
    const done = await runDeployment(world, 'v1');
    expect(done.failure).toMatchObject({ step: 'health-probe' });
  });

  it('is asked again after a way back', async () => {
    const world = await worldWith('internal', connector);
    world.release('v1', {
      answer: ({ candidate }) => ({ status: candidate ? 200 : 500, body: 'hello' }),
    });
    const done = await runDeployment(world, 'v1');
    expect(done.result?.outcome).toBe('rolled-back');
    expect(done.rollback?.observed).toMatch(/service: GET \/healthz answered 200/);
  });

  it('is left open, and deployed, when the connector is of another project', async () => {
    const world = await worldWith('internal-and-cloud-load-balancing', connector.replace('local', 'net'));
    const check = find(await checksOf(world, fileWith('internal-and-cloud-load-balancing')), 'probes');
    expect(check).toMatchObject({
      outcome: 'inconclusive',
      severity: 'advisory',
      evidence: { observed: expect.stringContaining('only in a Shared VPC') },
    });
  });
});

it('a service that answers everybody is not asked about connectors', async () => {
  expect(find(await checksOf(createWorld(), serviceFile()), 'probes')).toBeUndefined();
});

describe('what keeps probes away on the live service', () => {
  const withBalancer = serviceFile('app: { loadBalancer: { host: api.example.com } }\n');
  const looked = async (raw: RawJson, text = serviceFile()): Promise<Check[]> => {
    const world = createWorld();
    await establish(world);
    override(world.run, 'getService', (before) => async (ref) => {
      const live = await before(ref);
      return live && { ...live, raw: { ...live.raw, ...raw } };
    });
    return checksOf(world, text);
  };

  it.each<[string, RawJson, string, RegExp, string?]>([
    [
      'a disabled default URL',
      { defaultUriDisabled: true },
      'default-url',
      /before it has traffic\. Enable the default URL/,
    ],
    [
      'the same behind a load balancer, whose address is no candidate’s',
      { defaultUriDisabled: true },
      'default-url',
      /api\.example\.com leads to the service, not to its candidate/,
      withBalancer,
    ],
    ['IAP', { iapEnabled: true }, 'iap', /load balancer's backend service instead/],
  ])('%s stops the deployment and is told with what to do', async (_name, raw, id, words, text) => {
    const checks = await looked(raw, text);
    expect(find(checks, id)).toMatchObject({
      severity: 'required',
      outcome: 'fail',
      evidence: { observed: expect.stringMatching(words), asked: Object.keys(raw)[0] },
    });
    expect(find(checks, id === 'iap' ? 'default-url' : 'iap')?.outcome).toBe('pass');
  });

  it.each([{}, { defaultUriDisabled: false, iapEnabled: false }])('passes with %o', async (raw) => {
    const checks = await looked(raw);
    expect([find(checks, 'default-url')?.outcome, find(checks, 'iap')?.outcome]).toEqual(['pass', 'pass']);
  });

  it('that is in words nobody knows is no pass', async () => {
    const checks = await looked({ iapEnabled: 'YES' });
    expect(find(checks, 'iap')).toMatchObject({
      severity: 'required',
      outcome: 'inconclusive',
      evidence: { observed: expect.stringMatching(/iapEnabled/) },
    });
  });

  it('is not asked of a service that does not exist yet', async () => {
    const checks = await checksOf(createWorld(), serviceFile());
    expect([find(checks, 'default-url'), find(checks, 'iap')]).toEqual([undefined, undefined]);
  });
});
