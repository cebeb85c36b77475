import { expect, it } from 'vitest';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { connect } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, type World } from '#test/support/world.ts';

/**
 * Slipway lives in slipway-local, us-central1. This service runs in another project and region, its image is in a third. In
 * memory: what every adapter is asked for. The local cloud has one project and one region, so grants across projects are
 * Terraform's tests, and that Google accepts them is unproven.
 */
const image = 'europe-docker.pkg.dev/my-images/apps/hello';
const file = `service: hello
image: ${image}
environments:
  production: { project: my-services, region: europe-west1 }
runtime:
  access: public
  serviceAccount: hello@my-services.iam.gserviceaccount.com
  secrets: { DATABASE_PASSWORD: 'db-password:7' }
build: { source: gs://my-sources/hello.tgz }
healthProbe: { path: /healthz, interval: 1s, successes: 3, startupGrace: 10s }
analysis: { errorRatio: { maximum: 1% }, serverErrorLogs: { maximum: 0 }, inconclusive: go-on }
migration: { job: migrate }
traffic: { steps: [50, 100], bake: 2s }
policy: { autoDeploy: ['*'] }
`;

const watched = ['run', 'jobs', 'build', 'monitoring', 'logging', 'secrets', 'lookUps'] as const;

/** Every call of the ports that look at or change what is deployed, as `run.getService ARGUMENTS`. */
function watch(world: World): string[] {
  const calls: string[] = [];
  const wrapped = (port: object, name: string): object =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        const what = `${name}.${String(key)}`;
        if (typeof value === 'object' && value !== null) return wrapped(value, what);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          calls.push(`${what} ${JSON.stringify(given)}`);
          return Reflect.apply(value, target, given);
        };
      },
    });
  for (const name of watched) Object.assign(world.deps, { [name]: wrapped(world.deps[name], name) });
  return calls;
}

function elsewhere() {
  const world = createWorld();
  world.configure(file);
  world.secrets.versions.set('db-password:7', 'enabled');
  override(world.registry, 'repository', () => async () => ({
    name: 'projects/my-images/locations/europe/repositories/apps',
  }));
  return { world, calls: watch(world), engine: connect(world) };
}

const asked = (more: object) => ({
  version: 1,
  kind: 'deploy',
  requestId: 'request',
  service: 'hello',
  environment: 'production',
  requestedBy: 'ana@example.com',
  requestedAt: new Date(0).toISOString(),
  ...more,
});

it('a service in another project and region is built, deployed, checked, undone and kept there', async () => {
  const { world, calls, engine } = elsewhere();
  engine.publish('deploy-requests', asked({}));
  await engine.idle();
  expect((await world.newest()).result).toMatchObject({ outcome: 'live-with-recommendations' });

  world.release('bad', { answer: () => ({ status: 503 }) });
  engine.publish('deploy-requests', asked({ requestId: 'another', tag: 'bad' }));
  await engine.idle();
  expect((await world.newest()).result).toMatchObject({ outcome: 'failed' });
  await world.finish(reconcile(world.deps));

  const used = new Set(calls.map((call) => call.replace(/ .*$/s, '')));
  for (const call of ['run.updateService', 'jobs.run', 'build.create', 'logging.entries', 'secrets.version'])
    expect([...used]).toContain(call);
  expect(calls.filter((call) => /slipway-local|us-central1/.test(call))).toEqual([]);
  const places = calls.flatMap((call) =>
    [...call.matchAll(/"project":"([^"]*)","region":"([^"]*)"/g)].map(
      ([, project, region]) => `${project} ${region}`,
    ),
  );
  expect(new Set(places)).toEqual(new Set(['my-services europe-west1']));
  expect(world.build.builds).toMatchObject([
    { serviceAccount: 'slipway-image-build@my-services.iam.gserviceaccount.com' },
  ]);
});

it('APIs are asked for where they are used: the registry of a third project is not one of this one', async () => {
  const { calls, engine } = elsewhere();
  engine.publish('deploy-requests', asked({}));
  await engine.idle();
  const [enabled = ''] = calls.filter((call) => call.startsWith('lookUps.serviceUsage.enabled'));
  expect(enabled).toContain('"my-services"');
  expect(enabled).toContain('run.googleapis.com');
  expect(enabled).not.toContain('artifactregistry.googleapis.com');
});
