import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { configsOf, file, image, overridden, place, problemsOf } from './hello-file.ts';

describe('a service file', () => {
  it('is complete with service, image and one environment, and safe by default', () => {
    const parsed = parseServiceFile(file(), 'hello.yaml');
    expect(parsed).toMatchObject({ status: 'ok', service: 'hello', image });
    expect(configsOf(file())).toEqual([
      {
        service: 'hello',
        environment: 'staging',
        image,
        project: 'slipway-local',
        region: 'us-central1',
        cloudRunService: 'hello',
        runtime: expect.objectContaining({ access: 'private', concurrency: 80, requestTimeout: 300 }),
        healthProbe: {
          path: '/',
          status: 200,
          startupGrace: 60,
          interval: 1,
          timeout: 5,
          successes: 3,
          failures: 3,
        },
        suites: [],
        traffic: { steps: [100], bake: 10, keepPrevious: false },
        retries: {
          attempts: 6,
          initialBackoff: 1,
          maximumBackoff: 60,
          budget: 900,
          deploymentBudget: 21_600,
          steps: {},
        },
        policy: {
          autoDeploy: [],
          freeze: [],
          allow: { deploy: [], rollback: [], cancel: [], lock: [], quarantine: [] },
          rollBack: 'automatic',
        },
        slack: { owners: [], onCall: [], quiet: [] },
      },
    ]);
  });

  it('gives one configuration per environment, in its order', () => {
    const text = `${file()}  production: { project: other-project, region: europe-west1, cloudRunService: hello-live }`;
    expect(
      configsOf(text).map(({ environment, project, cloudRunService }) => [
        environment,
        project,
        cloudRunService,
      ]),
    ).toEqual([
      ['staging', 'slipway-local', 'hello'],
      ['production', 'other-project', 'hello-live'],
    ]);
  });

  it('is the example in examples/services/hello.yaml', () => {
    const name = 'examples/services/hello.yaml';
    const [config, ...others] = configsOf(readFileSync(name, 'utf8'));
    expect(others).toEqual([]);
    expect(config).toMatchObject({
      service: 'hello',
      environment: 'staging',
      image,
      project: 'slipway-local',
      runtime: { access: 'public' },
      healthProbe: { path: '/healthz', interval: 0.2, successes: 3, startupGrace: 10 },
      traffic: { steps: [50, 100], bake: 1 },
      policy: { autoDeploy: ['*'] },
      slack: { channel: '#deployments' },
    });
    expect(config?.suites.flatMap(({ checks }) => checks.map(({ severity }) => severity))).toEqual([
      'required',
      'advisory',
    ]);
  });
});

describe('an environment', () => {
  it('is laid over the file: maps are merged, lists and single values replace', () => {
    const override = `    runtime: { memory: 1Gi, env: { B: two } }
    suites: [{ title: Own, checks: [{ name: own, path: /own }] }]
    traffic: { steps: [10, 100] }`;
    const top = `runtime: { memory: 2Gi, cpu: "2", env: { A: one, B: one } }
suites: [{ title: Common, checks: [{ name: a, path: / }, { name: b, path: / }] }]
traffic: { steps: [25, 50, 100], bake: 5m }`;
    expect(configsOf(overridden(override, top))[0]).toMatchObject({
      runtime: { memory: '1Gi', cpu: '2', env: { A: 'one', B: 'two' } },
      suites: [{ title: 'Own', checks: [{ name: 'own' }] }],
      traffic: { steps: [10, 100], bake: 300 },
    });
    expect(configsOf(overridden(override, top))[0]?.suites[0]?.checks).toHaveLength(1);
  });

  it('may supply a key that the section above lacks', () => {
    const vpc = configsOf(
      overridden('    runtime: { vpc: { subnetwork: s } }', 'runtime: { vpc: { network: n } }'),
    );
    expect(vpc[0]?.runtime.vpc).toMatchObject({ network: 'n', subnetwork: 's' });
    expect(problemsOf(file('runtime: { vpc: { network: n } }'))).toEqual([
      '5:12 runtime.vpc.subnetwork: missing — expected text',
    ]);
  });

  it('gets its problem where its own value stands', () => {
    expect(problemsOf(overridden('    runtime: { memory: 1G }', 'runtime: { memory: 1Gi }'))).toEqual([
      '7:24 environments.staging.runtime.memory: "1G" — expected an amount such as 512Mi or 2Gi',
    ]);
  });

  it('shares a problem of the file with every other: it is listed once', () => {
    const text = file(`  production: { project: other-project, region: us-central1 }
runtime: { minInstances: 5, maxInstances: 2 }`);
    expect(problemsOf(text)).toEqual([
      '6:26 runtime.minInstances: 5 — expected at most runtime.maxInstances, which is 2',
    ]);
  });

  it('that covers a map without the key it lacks leaves the problem where the map is', () => {
    const override = '    runtime: { vpc: { egress: all-traffic } }';
    expect(problemsOf(overridden(override, 'runtime: { vpc: { network: n } }'))).toEqual([
      '8:12 runtime.vpc.subnetwork: missing — expected text',
    ]);
  });

  it('that covers a wrong value of the file does not hide it', () => {
    expect(problemsOf(overridden('    runtime: { port: 1 }', 'runtime: { port: 0 }'))).toEqual([
      '8:18 runtime.port: 0 — expected at least 1',
    ]);
  });

  it('has a place of its own', () => {
    expect(problemsOf(file(`  production: ${place}`))).toEqual([
      '5:3 environments.production: this key — expected a place of its own: staging is slipway-local/us-central1/hello too',
    ]);
  });
});
