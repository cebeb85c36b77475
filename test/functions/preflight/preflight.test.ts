import { describe, expect, it } from 'vitest';
import { rules } from '#shared/config/rules/index.ts';
import type { Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { SqlInstance } from '#shared/ports/look-ups.ts';
import { preflightChecks, type Preflight } from '#functions/preflight/preflight.ts';
import { configsOf } from '#test/shared/config/hello-file.ts';
import { establish } from '#test/support/dispatch.ts';
import { createWorld, image, type World } from '#test/support/world.ts';

const account = 'hello@slipway-local.iam.gserviceaccount.com';
const connection = 'slipway-local:us-central1:main';
const connectorName = 'projects/slipway-local/locations/us-central1/connectors/vpc';
const subnetworkName = 'projects/slipway-local/regions/us-central1/subnetworks/run';

/** A service that has everything preflight asks about. */
const fileOf = (runtime: string, more = ''): string => `service: hello
image: ${image}
environments:
  staging: { project: slipway-local, region: us-central1 }
runtime:
  serviceAccount: ${account}
${runtime}
${more}`;
const full = fileOf(`  access: private
  secrets: { DB: "db:3", KEY: "key:1", KEY_AGAIN: "key:1" }
  secretRules: { KEY: { minimumLength: 32, notPlaceholder: true, sameAs: [{ service: auth, variable: TOKEN_KEY }] } }
  cloudSql: ["${connection}"]
  vpc: { connector: vpc }`);
const imageRules = 'imageRules: { maximumSizeMiB: 50, labels: [org.opencontainers.image.revision] }\n';
const authFile = `service: auth
image: ${image}
environments:
  staging: { project: slipway-local, region: us-central1 }
runtime: { secrets: { TOKEN_KEY: "key:latest" } }
`;

const instance: SqlInstance = {
  state: 'RUNNABLE',
  activationPolicy: 'ALWAYS',
  connectionName: connection,
  region: 'us-central1',
  databaseVersion: 'POSTGRES_17',
  tier: 'db-custom-1-3840',
  maxConnections: 100,
  sslMode: 'ENCRYPTED_ONLY',
  hasPublicIp: false,
  privateNetwork: 'projects/slipway-local/global/networks/default',
};
const connector = {
  state: 'READY',
  network: 'default',
  ipCidrRange: '10.8.0.0/28',
  minInstances: 2,
  maxInstances: 10,
  minThroughput: 200,
  maxThroughput: 1000,
};
const value = 'MARKER-0123456789-0123456789-0123456789';

/** A world in which `full` has nothing to complain about. */
function goodWorld(): World {
  const world = createWorld();
  world.release('v1');
  for (const binding of ['db:3', 'key:1', 'key:latest']) {
    world.secrets.versions.set(binding, 'enabled');
    world.secrets.values.set(binding, value);
  }
  world.lookUps.instances.set('slipway-local:main', instance);
  world.lookUps.connectors.set(connectorName, connector);
  world.lookUps.subnetworks.set(subnetworkName, {
    ipCidrRange: '10.0.0.0/24',
    network: 'x/networks/default',
  });
  world.configure(authFile, 'auth');
  return world;
}

const configOf = (text: string) => configsOf(text)[0]!;
const look = (world: World, text = full, release: { tag?: string } | undefined = { tag: 'v1' }) =>
  world.finish(
    preflightChecks(world.deps, { config: configOf(text), ...(release === undefined ? {} : { release }) }),
  );
const idOf = ({ suite, id }: Check): string => `${suite} / ${id}`;
/** What the rules say of the configuration has tests of its own. */
const ruleIds = new Set(rules.map(({ id }) => id));
const open = ({ checks }: Preflight): string[] =>
  checks.filter(({ outcome, id }) => outcome !== 'pass' && !ruleIds.has(id)).map(idOf);
const checkOf = ({ checks }: Preflight, name: string): Check => {
  const found = checks.find((check) => idOf(check) === name);
  if (!found) throw new Error(`no "${name}" among ${checks.map(idOf).join(', ')}`);
  return found;
};
const observedIn = (check: Check): string =>
  check.outcome === 'not-run' ? check.reason : check.evidence.observed;

it('a service that has all it needs passes every check, each with its evidence', async () => {
  const result = await look(goodWorld(), full + imageRules);
  expect(open(result)).toEqual([]);
  expect(result.first).toBe(true);
  expect(new Set(result.checks.map(idOf)).size).toBe(result.checks.length);
  expect(result.checks.map(({ suite }) => suite)).toEqual(
    expect.arrayContaining([
      'APIs',
      'Permissions',
      'Runtime account',
      'Secrets',
      'Registry',
      'Cloud SQL',
      'Network',
    ]),
  );
  expect(observedIn(checkOf(result, 'Secrets / bridge'))).toBe(
    `3 mappings over 2 secrets: all enabled and readable by ${account}`,
  );
  expect(result.seen).toMatchObject({
    sqlInstances: { [connection]: { maxConnections: 100 } },
    connector: { maxInstances: 10 },
    image: { sizeBytes: 41_000_000 },
  });
});

it('what is not configured is not asked about', async () => {
  const result = await look(createWorld(), fileOf(''), undefined);
  const suites = new Set(result.checks.map(({ suite }) => suite));
  for (const suite of ['Secrets', 'Cloud SQL', 'Network']) expect(suites).not.toContain(suite);
  expect(result.checks.filter(({ suite }) => suite === 'APIs').map(({ id }) => id)).toEqual([
    'run.googleapis.com',
    'artifactregistry.googleapis.com',
  ]);
});

const set =
  (change: Partial<SqlInstance>) =>
  ({ lookUps }: World): void =>
    void lookUps.instances.set('slipway-local:main', { ...instance, ...change });

/** What is wrong, which check tells, how, and whether it stops the deployment. */
const wrongs: [string, (world: World) => unknown, string, RegExp, 'required' | 'advisory'][] = [
  [
    'an API that is off',
    ({ lookUps }) => lookUps.off.add('sqladmin.googleapis.com'),
    'APIs / sqladmin.googleapis.com',
    /gcloud services enable sqladmin/,
    'required',
  ],
  [
    'a deployer that may not change the service',
    ({ lookUps }) => lookUps.denied.add('me run.services.update'),
    'Permissions / deploy-service',
    /missing on projects\/slipway-local: run\.services\.update/,
    'required',
  ],
  [
    'a deployer that may not act as the runtime account',
    ({ lookUps }) => lookUps.denied.add('me iam.serviceAccounts.actAs'),
    'Permissions / deploy-act-as',
    /iam\.serviceAccounts\.actAs/,
    'required',
  ],
  [
    'probes that may not call a private service',
    ({ lookUps }) => lookUps.denied.add('me run.routes.invoke'),
    'Permissions / health-probe-invoke',
    /run\.routes\.invoke/,
    'required',
  ],
  [
    'a runtime account that does not exist',
    ({ lookUps }) => lookUps.accounts.set(account, undefined),
    'Runtime account / exists',
    /does not exist/,
    'required',
  ],
  [
    'a runtime account that is disabled',
    ({ lookUps }) => lookUps.accounts.set(account, { disabled: true }),
    'Runtime account / exists',
    /is disabled/,
    'required',
  ],
  [
    'a runtime account that may not connect to the database',
    ({ lookUps }) => lookUps.denied.add(`${account} cloudsql.instances.connect`),
    'Runtime account / cloud-sql-slipway-local',
    /grant it roles\/cloudsql\.client/,
    'required',
  ],
  [
    'a secret that the runtime account may not read',
    ({ lookUps }) => lookUps.denied.add(`${account} secretmanager.versions.access`),
    'Secrets / DB',
    /version 3 is enabled, not readable by hello@.*secretAccessor on db/,
    'required',
  ],
  [
    'a value that is too short',
    ({ secrets }) => secrets.values.set('key:1', 'MARKER-2').set('key:latest', 'MARKER-2'),
    'Secrets / KEY/value',
    /^it is shorter than 32 characters$/,
    'required',
  ],
  [
    'a value that is a placeholder',
    ({ secrets }) => {
      const text = 'MARKER-please-change-me-before-you-go-live';
      secrets.values.set('key:1', text).set('key:latest', text);
    },
    'Secrets / KEY/value',
    /^it is a placeholder$/,
    'required',
  ],
  [
    "a value that differs from another service's",
    ({ secrets }) => secrets.values.set('key:latest', `${value}!`),
    'Secrets / KEY/value',
    /not the same as auth's TOKEN_KEY/,
    'required',
  ],
  [
    'a value that cannot be compared, because the other service does not map it',
    (world) => world.configure(authFile.replace('TOKEN_KEY', 'OTHER'), 'auth'),
    'Secrets / KEY/value',
    /auth has no secret TOKEN_KEY/,
    'required',
  ],
  [
    'an image that is not there',
    ({ registry }) => registry.images.clear(),
    'Registry / exists',
    /has no v1/,
    'required',
  ],
  [
    'an image for another platform',
    ({ registry }) => (registry.images.get('v1')!.platforms = ['linux/arm64']),
    'Registry / platform',
    /linux\/arm64/,
    'required',
  ],
  [
    'an image without a label that the file wants',
    ({ registry }) => (registry.images.get('v1')!.labels = {}),
    'Registry / labels',
    /missing: org\.opencontainers\.image\.revision/,
    'required',
  ],
  [
    'an image larger than the file allows',
    ({ registry }) => (registry.images.get('v1')!.sizeBytes = 60 * 1024 * 1024),
    'Registry / size',
    /60\.0 MiB/,
    'advisory',
  ],
  [
    'a database that does not run',
    set({ state: 'SUSPENDED' }),
    `Cloud SQL / ${connection}/state`,
    /SUSPENDED/,
    'required',
  ],
  [
    'a database that was stopped',
    set({ activationPolicy: 'NEVER' }),
    `Cloud SQL / ${connection}/state`,
    /RUNNABLE, stopped/,
    'required',
  ],
  [
    'a database that is not there',
    ({ lookUps }) => lookUps.instances.clear(),
    `Cloud SQL / ${connection}/state`,
    /no such instance/,
    'required',
  ],
  [
    'a connection name with the wrong region',
    set({ connectionName: 'slipway-local:europe-west1:main' }),
    `Cloud SQL / ${connection}/name`,
    /europe-west1/,
    'required',
  ],
  [
    'a connector that is not ready',
    ({ lookUps }) => lookUps.connectors.set(connectorName, { ...connector, state: 'ERROR' }),
    'Network / connector',
    /ERROR/,
    'required',
  ],
  [
    'a connector that is not there',
    ({ lookUps }) => lookUps.connectors.clear(),
    'Network / connector',
    /no such/,
    'required',
  ],
  [
    'a connector that cannot grow',
    ({ lookUps }) => lookUps.connectors.set(connectorName, { ...connector, maxInstances: 2 }),
    'Network / connector-size',
    /2 to 2 instances/,
    'advisory',
  ],
];

describe('preflight tells', () => {
  it.each(wrongs)('%s', async (_name, arrange, name, observed, severity) => {
    const world = goodWorld();
    arrange(world);
    const check = checkOf(await look(world, full + imageRules), name);
    expect(check).toMatchObject({ outcome: 'fail', severity });
    expect(observedIn(check)).toMatch(observed);
  });

  it('all of them at once', async () => {
    const world = goodWorld();
    world.lookUps.off.add('run.googleapis.com');
    world.lookUps.instances.clear();
    world.secrets.versions.delete('db:3');
    const result = await look(world);
    expect(open(result)).toEqual(
      expect.arrayContaining([
        'APIs / run.googleapis.com',
        'Secrets / DB',
        `Cloud SQL / ${connection}/state`,
      ]),
    );
    expect(observedIn(checkOf(result, 'Secrets / bridge'))).toMatch(/not usable: DB$/);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'that a service runs as the default account',
      'serviceAccount: 1-compute@developer.gserviceaccount.com',
      'Runtime account / own',
      /compute/,
    ],
    [
      'what is at latest, and what to pin it to',
      `serviceAccount: ${account}\n  secrets: { KEY: "key:latest" }`,
      'Secrets / pinned',
      /KEY: key:7/,
    ],
    [
      'one secret at two versions',
      `serviceAccount: ${account}\n  secrets: { DB: "db:3", OLD: "db:2" }`,
      'Secrets / one-version',
      /Map one version of it/,
    ],
  ])('%s, as advice', async (_name, runtime, name, change) => {
    const text = full.slice(0, full.indexOf('  serviceAccount')) + `  ${runtime}\n`;
    const check = checkOf(await look(goodWorld(), text), name);
    expect(check).toMatchObject({ outcome: 'fail', severity: 'advisory' });
    expect(JSON.stringify('recommendation' in check ? check.recommendation : '')).toMatch(change);
  });

  it('by the id of a rule what advice rests on, and where one reads about it', async () => {
    const world = goodWorld();
    world.lookUps.connectors.set(connectorName, { ...connector, maxInstances: 2 });
    const text = full
      .replace('serviceAccount: hello@', 'serviceAccount: shared@')
      .replace('db:3', 'key:latest');
    world.configure(
      authFile.replace('secrets:', 'serviceAccount: shared@slipway-local.iam.gserviceaccount.com, secrets:'),
      'auth',
    );
    const { checks } = await look(world, text);
    const advice = checks.flatMap((check) =>
      check.outcome === 'fail' && !ruleIds.has(check.id) ? (check.recommendation ?? []) : [],
    );
    expect(advice.map(({ rule, link }) => [rule, link?.split('/')[2]])).toEqual([
      ['own-account', 'cloud.google.com'],
      ['secrets-pinned', 'cloud.google.com'],
      ['secret-one-version', undefined],
      ['connector-size', 'cloud.google.com'],
    ]);
  });

  it.each([
    ['10.0.0.0/24', 'pass'],
    ['10.0.0.0/26', 'fail'],
    ['10.0.0.0/28', 'fail'],
  ])('whether a subnetwork of %s has addresses for 100 instances: %s', async (ipCidrRange, outcome) => {
    const world = goodWorld();
    world.lookUps.subnetworks.set(subnetworkName, { ipCidrRange, network: 'x/networks/default' });
    const text = fileOf('  maxInstances: 100\n  vpc: { network: default, subnetwork: run }');
    const result = await look(world, text);
    expect(checkOf(result, 'Network / subnetwork').outcome).toBe('pass');
    expect(checkOf(result, 'Network / subnetwork-size')).toMatchObject({ severity: 'advisory', outcome });
  });

  it('that a subnetwork is of another network, or not there', async () => {
    const world = goodWorld();
    const text = (subnetwork: string, network: string): string =>
      fileOf(`  vpc: { network: ${network}, subnetwork: ${subnetwork} }`);
    expect(checkOf(await look(world, text('run', 'other')), 'Network / subnetwork').outcome).toBe('fail');
    expect(checkOf(await look(world, text('none', 'default')), 'Network / subnetwork').outcome).toBe('fail');
  });
});

describe('an account of the service’s own', () => {
  const own = 'Runtime account / own';
  const fileFor = (service: string, email: string): string =>
    fileOf('').replace('service: hello', `service: ${service}`).replace(account, email);

  it('is one that no other file in the bucket names, in whatever environment', async () => {
    const world = goodWorld();
    world.configure(fileFor('other', 'other@slipway-local.iam.gserviceaccount.com'), 'other');
    const check = checkOf(await look(world), own);
    expect(check.outcome).toBe('pass');
    expect(observedIn(check)).toBe(`${account}; other services that name it: 0 of 2`);
  });

  it('is not one that another file names: it is told which', async () => {
    const world = goodWorld();
    world.configure(fileFor('other', account), 'other');
    const check = checkOf(await look(world), own);
    expect(check).toMatchObject({ outcome: 'fail', severity: 'advisory' });
    expect(observedIn(check)).toBe(`${account}, as other`);
  });

  it('is not known while a file has problems, which hold nobody up', async () => {
    const world = goodWorld();
    world.configure('service: [', 'broken');
    const check = checkOf(await look(world), own);
    expect(check).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
    expect(observedIn(check)).toMatch(/; there are problems in services\/broken\.yaml$/);
  });
});

it('what is there is told by what was looked at', async () => {
  const world = goodWorld();
  expect(observedIn(checkOf(await look(world), 'Cloud Run service / exists'))).toBe('it does not exist yet');
  await establish(world);
  expect(observedIn(checkOf(await look(world), 'Cloud Run service / exists'))).toBe(
    'it exists and serves hello-stable 100 %',
  );
});

describe('an error while checking', () => {
  const ports = [
    ['serviceUsage', 'APIs / run.googleapis.com'],
    ['iam', 'Permissions / deploy-service'],
    ['iam', 'Runtime account / exists'],
    ['cloudSql', `Cloud SQL / ${connection}/state`],
    ['network', 'Network / connector'],
  ] as const;

  it.each(ports)('of %s is no pass: %s is inconclusive, and says what to grant', async (port, name) => {
    const world = goodWorld();
    world.lookUps.faults.set(port, new Fault('permission-denied', 'answered 403: no'));
    const result = await look(world);
    expect(checkOf(result, name)).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
    expect(observedIn(checkOf(result, name))).toMatch(/answered 403: no/);
    expect(result.faults).toEqual([]);
  });

  it.each(ports)('of %s that may pass leaves %s required and is handed on', async (port, name) => {
    const world = goodWorld();
    world.lookUps.faults.set(port, new Fault('unavailable', 'answered 503'));
    const result = await look(world);
    expect(checkOf(result, name)).toMatchObject({ outcome: 'inconclusive', severity: 'required' });
    expect(result.faults.length).toBeGreaterThan(0);
    // All that does not depend on it is answered.
    expect(result.checks.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(8);
  });

  it('of what only Policy Troubleshooter could tell leaves the version known and the access open', async () => {
    const world = goodWorld();
    world.lookUps.hidden.add(`${account} secretmanager.versions.access`);
    const check = checkOf(await look(world), 'Secrets / DB');
    expect(check).toMatchObject({ outcome: 'inconclusive', severity: 'advisory' });
    expect(observedIn(check)).toMatch(
      /version 3 is enabled; not known whether .* roles\/iam\.securityReviewer/,
    );
  });

  it('that comes as no answer at all ends after a while', async () => {
    const world = goodWorld();
    world.lookUps.cloudSql.instance = () => new Promise(() => undefined);
    const startedMs = world.clock.now();
    const result = await look(world);
    expect(observedIn(checkOf(result, `Cloud SQL / ${connection}/state`))).toMatch(/no answer within 10 s/);
    expect(result.faults[0]).toMatchObject({ code: 'timeout', retryable: true });
    expect(world.clock.now() - startedMs).toBe(10_000);
  });
});

describe('preflight is quick', () => {
  it('asks eight things at a time and the same thing once', async () => {
    const world = goodWorld();
    let now = 0;
    let most = 0;
    const asked: string[] = [];
    const slow = async <T>(what: string, answer: T): Promise<T> => {
      asked.push(what);
      most = Math.max(most, (now += 1));
      await world.clock.sleep(100);
      now -= 1;
      return answer;
    };
    const { iam, cloudSql } = world.lookUps;
    iam.granted = (...what) => slow(what.join(' '), 'yes');
    iam.mine = (resource, permissions) => slow(`${resource} ${permissions.join()}`, [...permissions]);
    cloudSql.instance = (project, name) => slow(`${project}:${name}`, instance);
    world.secrets.version = (_project, secret, version) =>
      slow(`${secret}:${version}`, {
        state: 'enabled',
        number: version,
        resource: `projects/1/secrets/${secret}`,
      });
    const mappings = Array.from({ length: 24 }, (_, index) => `V${index}: "s${index % 20}:1"`).join(', ');
    const startedMs = world.clock.now();
    const result = await look(world, fileOf(`  secrets: { ${mappings} }\n  cloudSql: ["${connection}"]`));
    expect(open(result)).toEqual([]);
    expect(observedIn(checkOf(result, 'Secrets / bridge'))).toMatch(
      /^24 mappings over 20 secrets: all enabled/,
    );
    expect(most).toBe(8);
    expect(new Set(asked).size).toBe(asked.length);
    // 20 versions, 20 accesses, a few permissions: one after another they would take five seconds.
    expect(asked.length).toBeGreaterThan(45);
    expect(world.clock.now() - startedMs).toBeLessThan(1000);
  });

  it('does not begin what it has no time for', async () => {
    const world = goodWorld();
    world.secrets.version = () => new Promise(() => undefined);
    const mappings = Array.from({ length: 40 }, (_, index) => `V${index}: "s${index}:1"`).join(', ');
    const startedMs = world.clock.now();
    const result = await look(world, fileOf(`  secrets: { ${mappings} }`));
    expect(world.clock.now() - startedMs).toBe(30_000);
    expect(observedIn(checkOf(result, 'Secrets / V39'))).toMatch(/was not asked/);
  });
});

describe('with an account of its own for each step', () => {
  const world = (): World => {
    const good = goodWorld();
    good.deps = {
      ...good.deps,
      config: { ...good.deps.config, stepAccounts: 'slipway-{step}@slipway-local.iam.gserviceaccount.com' },
    };
    return good;
  };
  const deployer = 'slipway-deploy@slipway-local.iam.gserviceaccount.com';

  it('that account is asked about, not the one that asks', async () => {
    const asking = world();
    asking.lookUps.denied.add('me run.services.update').add(`${deployer} run.services.update`);
    const result = await look(asking);
    expect(observedIn(checkOf(result, 'Permissions / deploy-service'))).toMatch(
      /missing .*run\.services\.update/,
    );
    expect(checkOf(result, 'Permissions / rollback-service').outcome).toBe('pass');
  });

  it('a permission of it that cannot be known is inconclusive', async () => {
    const asking = world();
    asking.lookUps.hidden.add(`${deployer} run.services.get`);
    expect(checkOf(await look(asking), 'Permissions / deploy-service')).toMatchObject({
      outcome: 'inconclusive',
      severity: 'advisory',
    });
  });
});

it('a permission to create is asked of the project for a service that is to be made, and not of one that exists', async () => {
  const world = goodWorld();
  const asked: string[] = [];
  world.lookUps.iam.mine = async (resource, permissions) => {
    asked.push(...permissions.map((permission) => `${permission} on ${resource}`));
    return [...permissions];
  };
  await look(world);
  expect(asked).toContain(
    'run.services.create on //cloudresourcemanager.googleapis.com/projects/slipway-local',
  );
  asked.length = 0;
  await establish(world);
  await look(world);
  expect(asked).toContain(
    'run.services.update on //run.googleapis.com/projects/slipway-local/locations/us-central1/services/hello',
  );
  expect(asked.join()).not.toContain('run.services.create');
});

describe('the rules', () => {
  const text = fileOf(
    `  cloudSql: ["${connection}"]`,
    `app: { database: { instance: "${connection}", pool: 12, overflow: 18, connectionLimit: 10000 } }`,
  );
  const budgetOf = ({ checks }: Preflight): Check | undefined =>
    checks.find(({ id }) => id === 'database-connection-budget');

  it('judge the configuration by what was seen, not by what it declares', async () => {
    const check = budgetOf(await look(goodWorld(), text));
    expect(check).toMatchObject({
      outcome: 'fail',
      evidence: { source: `service file and Cloud SQL ${connection}` },
    });
    const world = goodWorld();
    set({ maxConnections: 1000 })(world);
    expect(budgetOf(await look(world, text))?.outcome).toBe('pass');
  });

  it('know of the services at the same database', async () => {
    const world = goodWorld();
    set({ maxConnections: 1000 })(world);
    world.configure(text.replace('service: hello', 'service: other'), 'other');
    expect(budgetOf(await look(world, text))?.outcome).toBe('fail');
  });

  const ofBudgets = ['database-connection-budget', 'database-rollout-budget'];
  /** What is open of the rules, with the reason. */
  const openRules = ({ checks }: Preflight): [string, string][] =>
    checks.flatMap((check) =>
      ruleIds.has(check.id) && check.outcome === 'not-run' ? [[check.id, check.reason]] : [],
    );

  it('leave budgets open while a file among theirs has problems, and hold nobody up', async () => {
    const world = goodWorld();
    world.configure('service: broken\nruntime: { memory: lots }\n', 'broken');
    const result = await look(world, text);
    const why = 'there are problems in services/broken.yaml';
    expect(checkOf(result, 'Service files / others')).toMatchObject({
      severity: 'advisory',
      outcome: 'inconclusive',
      evidence: { observed: why },
    });
    expect(openRules(result)).toEqual(
      expect.arrayContaining(
        ofBudgets.map((id) => [id, `the other services at ${connection} are not known: ${why}`]),
      ),
    );
    expect(result.faults).toEqual([]);
  });

  it('leave nothing but budgets open while the files cannot be read', async () => {
    const world = goodWorld();
    world.objects.list = async () => {
      throw new Fault('permission-denied', 'answered 403');
    };
    const result = await look(world, text);
    expect(checkOf(result, 'Service files / others')).toMatchObject({
      severity: 'required',
      outcome: 'inconclusive',
    });
    const judged = await look(goodWorld(), text);
    const outcomes = ({ checks }: Preflight) =>
      checks
        .filter(({ id }) => ruleIds.has(id) && !ofBudgets.includes(id))
        .map(({ id, outcome }) => [id, outcome]);
    expect(outcomes(result).length).toBeGreaterThan(5);
    expect(outcomes(result)).toEqual(outcomes(judged));
    const why = `the other services at ${connection} are not known: the service files cannot be read`;
    expect(openRules(result)).toEqual(expect.arrayContaining(ofBudgets.map((id) => [id, why])));
  });
});

it("a configuration from elsewhere does not get rules on secrets' values tried", async () => {
  const world = goodWorld();
  let judged = 0;
  world.secrets.judge = async () => {
    judged += 1;
    return undefined;
  };
  const result = await world.finish(
    preflightChecks(world.deps, { config: configOf(full), mayJudgeValues: false }),
  );
  expect(checkOf(result, 'Secrets / KEY/value')).toMatchObject({ outcome: 'not-run', severity: 'advisory' });
  expect(judged).toBe(0);
});

it('no value of a secret is in anything that preflight gives back, whatever it finds', async () => {
  for (const [, arrange] of wrongs) {
    const world = goodWorld();
    arrange(world);
    for (const secret of world.secrets.values.values()) expect(secret).toContain('MARKER');
    const said = JSON.stringify([await look(world, full + imageRules), world.logs]);
    expect(said).not.toContain('MARKER');
  }
});
