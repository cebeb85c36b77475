import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { z } from 'zod';
import {
  accountOf,
  change,
  denied,
  disabled,
  enabledThere,
  never,
  openCloud,
  paths,
  project,
  type Cloud,
} from './doctor-gcp-cloud.ts';
import { runCli, runHere } from './run-cli.ts';

const Findings = z.array(
  z.object({
    id: z.string(),
    ok: z.union([z.boolean(), z.literal('unknown')]),
    what: z.string(),
    found: z.string(),
    fix: z.string().optional(),
  }),
);
type Findings = z.infer<typeof Findings>;
type Json = Record<string, unknown>;

let google: Awaited<ReturnType<typeof openCloud>>;
beforeAll(async () => {
  google = await openCloud();
});
afterAll(() => google.close());
beforeEach(() => {
  google.become(() => undefined);
  // Google's library looks there by itself.
  for (const [name, value] of Object.entries(google.env)) vi.stubEnv(name, value);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
});
afterEach(() => vi.unstubAllEnvs());

const where = ['--project', project, '--region', 'europe-west1'];

/** What is not as it should be, with the exit code. */
async function diagnose(
  edit: (cloud: Cloud) => void,
  ...options: string[]
): Promise<{ code: number | null; all: Findings; bad: Findings }> {
  google.become(edit);
  const { code, stdout, stderr } = await runHere(
    ['doctor', 'gcp', ...where, '--json', ...options],
    google.env,
  );
  expect(stderr).toBe('');
  const all = Findings.parse(JSON.parse(stdout));
  return { code, all, bad: all.filter(({ ok }) => ok !== true) };
}

/** Edits the one thing of a list whose name ends so. */
const one =
  (path: string, list: string, name: string, edit: (thing: Json) => void) =>
  (cloud: Cloud): void =>
    change<Record<string, Json[]>>(cloud, path, (answer) => {
      const thing = answer[list]?.find((each) => String(each['name']).endsWith(`/${name}`));
      if (!thing) throw new Error(`${path} has no ${name}`);
      edit(thing);
    });
const without =
  (path: string, list: string, name: string) =>
  (cloud: Cloud): void =>
    change<Record<string, Json[]>>(cloud, path, (answer) => {
      const left = answer[list]?.filter((each) => !String(each['name']).endsWith(`/${name}`)) ?? [];
      expect(left.length + 1).toBe(answer[list]?.length);
      answer[list] = left;
    });
const set =
  (path: string, ...keys: string[]) =>
  (value: unknown) =>
  (cloud: Cloud): void =>
    change<Json>(cloud, path, (answer) => setIn(answer, keys, value));
function setIn(thing: Json, [key = '', ...more]: string[], value: unknown): void {
  if (more.length === 0) {
    if (value === undefined) delete thing[key];
    else thing[key] = value;
  } else setIn((thing[key] ??= {}) as Json, more, value);
}

const aFunction = (name: string, edit: (thing: Json) => void) =>
  one(paths.functions, 'functions', `slipway-${name}`, edit);
const aSubscription =
  (name: string, ...keys: string[]) =>
  (value: unknown) =>
    one(paths.subscriptions, 'subscriptions', `slipway-${name}`, (thing) => setIn(thing, keys, value));
const gone = (path: string) => (cloud: Cloud) => void cloud.delete(path);
const policy = (name: string, ...members: string[]) =>
  set(paths.policy(name), 'bindings')([{ role: 'roles/run.invoker', members }]);
const push = `serviceAccount:${accountOf('pubsub-push')}`;
const inRegion = `--region europe-west1 --project ${project}`;

describe('an installation as Terraform leaves it', () => {
  it('is all good, told by a process of its own to somebody who named nothing but the region', async () => {
    const env = { ...google.env, SLIPWAY_REGION: 'europe-west1' };
    const { code, stdout, stderr } = await runCli(['doctor', 'gcp'], env);
    expect(stderr).toBe('');
    // How many there are is the business of others.
    expect(stdout.replace(/: \d+ (?!message)/g, ': N ')).toMatchInlineSnapshot(`
      "✓ APIs: N switched on in my-deployer
      ✓ functions: N ACTIVE in europe-west1, as functions/targets.json has them; with slack, without pager, without builds
      ✓ services of the functions: N ready
      ✓ who may call: N called by whom they should be
      ✓ who may use the command line (slipway-api): user:ana@example.com
      ✓ topics: N there
      ✓ subscriptions: N there, with endpoint, account, dead letters, retries, and no end
      ✓ dead letters: none waits
      ✓ schedule slipway-reconcile: ENABLED; its attempt of 2026-11-25T03:00:00.1Z succeeded
      ✓ workflow slipway-deploy: ACTIVE; revision 000003-a1b of 2026-11-20T10:00:00Z is workflows/deploy.yaml of this checkout
      ✓ ledger slipway: FIRESTORE_NATIVE in europe-west1, protected, with point-in-time recovery
      ✓ indexes: N READY
      ✓ expiry: N ACTIVE
      ✓ fields without an index: N exempt
      ✓ bucket my-deployer-slipway: versions kept, uniform access, never public
      ✓ repository slipway-functions: there
      ✓ secrets: N there; those that are read have an enabled version
      ✓ service accounts in my-deployer: N there and enabled
      ✓ custom roles in my-deployer: N there with their permissions
      ✓ alerts: N there and on

      20 good · 0 wrong · 0 not known
      "
    `);
    expect(code).toBe(0);
    // Only reads; no secret's value, and no value of a variable.
    expect(google.asked.filter((line) => !line.startsWith('GET ') || line.includes(':access'))).toEqual([]);
    expect(stdout).not.toContain('business');
  });

  it('is all good without Slack, where other things are expected', async () => {
    const { bad } = await diagnose((cloud) => {
      for (const name of ['chatops', 'commands']) {
        without(paths.functions, 'functions', `slipway-${name}`)(cloud);
        without(paths.runServices, 'services', `slipway-${name}`)(cloud);
        without(paths.accounts(), 'accounts', accountOf(name))(cloud);
        cloud.delete(paths.policy(name));
      }
      without(paths.subscriptions, 'subscriptions', 'slipway-commands')(cloud);
      for (const id of ['slack-bot-token', 'slack-signing-secret']) cloud.set(paths.versions(id), {});
      change<{ functions: { serviceConfig: Json }[] }>(cloud, paths.functions, ({ functions }) => {
        for (const { serviceConfig } of functions) {
          const given = serviceConfig['environmentVariables'] as Json;
          for (const name of Object.keys(given)) if (/SLACK|CHATOPS/.test(name)) delete given[name];
          delete serviceConfig['secretEnvironmentVariables'];
        }
      });
    });
    expect(bad).toEqual([]);
  });

  it('is all good with the registry and the services in other projects', async () => {
    const elsewhere = (cloud: Cloud): void => {
      aSubscription('image-push', 'topic')('projects/my-images/topics/gcr')(cloud);
      one(paths.subscriptions, 'subscriptions', 'slipway-image-push', (thing) => {
        thing['name'] = `projects/${project}/subscriptions/slipway-image-push-my-images`;
        setIn(
          thing,
          ['pushConfig', 'pushEndpoint'],
          'https://slipway-image-push-abc-ew.a.run.app/projects/my-images/topics/gcr',
        );
      })(cloud);
      without(paths.topics, 'topics', 'gcr')(cloud);
      const { roles } = cloud.get(paths.roles()) as { roles: Json[] };
      const own = roles.filter(({ name }) =>
        /callbacks|executions|read_files|write_reports/.test(String(name)),
      );
      cloud.set(paths.roles(), { roles: own });
      cloud.set(paths.roles('my-services'), { roles: roles.filter((role) => !own.includes(role)) });
      cloud.set(paths.accounts('my-services'), {});
      cloud.set(paths.targetServices, enabledThere('iam.googleapis.com', 'run.googleapis.com'));
    };
    const named = await diagnose(elsewhere, '--target', 'my-services');
    expect(named.bad).toEqual([]);
    const { bad, code } = await diagnose(elsewhere);
    expect(bad).toEqual([expect.objectContaining({ id: 'roles:targets', ok: 'unknown' })]);
    expect(bad[0]?.fix).toContain('--target PROJECT');
    expect(code).toBe(0);
  });
});

describe('what is only there under a condition', () => {
  const told = (name: string) => (cloud: Cloud) =>
    change<{ functions: { serviceConfig: { environmentVariables: Json } }[] }>(
      cloud,
      paths.functions,
      ({ functions }) => {
        for (const { serviceConfig } of functions) serviceConfig.environmentVariables[name] = 'set';
      },
    );

  it('a pager: its address is read, and has to be there', async () => {
    const { bad } = await diagnose(told('SLIPWAY_HAS_PAGER'));
    expect(bad.map(({ id, found }) => [id, found])).toEqual([
      ['functions:slipway-notify', 'of its secrets SLIPWAY_PAGER_URL missing'],
      ['secrets:slipway-pager-url', expect.stringContaining('no version is enabled')],
    ]);
  });

  it('builds: an account for them where services run', async () => {
    const { bad } = await diagnose(
      (cloud) => {
        told('SLIPWAY_BUILD_ACCOUNT')(cloud);
        cloud.set(paths.accounts('my-services'), {});
        cloud.set(paths.roles('my-services'), cloud.get(paths.roles()));
        cloud.set(paths.targetServices, enabledThere('iam.googleapis.com', 'run.googleapis.com'));
      },
      '--target',
      'my-services',
    );
    const email = 'slipway-image-build@my-services.iam.gserviceaccount.com';
    expect(bad.map(({ id }) => id)).toEqual([
      'apis:my-services:cloudbuild.googleapis.com',
      `accounts:my-services:${email}`,
    ]);
  });
});

describe('where services run, if it is another project', () => {
  const looked = (services: unknown) =>
    diagnose(
      (cloud) => {
        cloud.set(paths.targetServices, services);
        cloud.set(paths.accounts('my-services'), {});
        cloud.set(paths.roles('my-services'), cloud.get(paths.roles()));
      },
      '--target',
      'my-services',
    );

  it('Cloud Run and IAM have to be on', async () => {
    const { bad, code } = await looked(enabledThere('iam.googleapis.com', 'storage.googleapis.com'));
    expect(bad).toEqual([
      {
        id: 'apis:my-services:run.googleapis.com',
        ok: false,
        what: 'APIs in my-services: run.googleapis.com',
        found: 'it is not switched on',
        fix: 'gcloud services enable run.googleapis.com --project my-services',
      },
    ]);
    expect(code).toBe(1);
  });

  it('a right that is missing is one to be had there', async () => {
    const { bad } = await looked(denied());
    expect(bad).toEqual([
      expect.objectContaining({
        id: 'apis:my-services',
        ok: 'unknown',
        fix: 'gcloud projects add-iam-policy-binding my-services --member=user:YOU@example.com --role=roles/viewer',
      }),
    ]);
  });
});

describe('what is taken away or changed turns one finding, which names it and says what to do', () => {
  const cases: [
    what: string,
    edit: (cloud: Cloud) => void,
    id: string,
    found: RegExp,
    fix: RegExp | string,
  ][] = [
    [
      'an API',
      without(paths.services, 'services', 'run.googleapis.com'),
      'apis:run.googleapis.com',
      /not switched on/,
      `gcloud services enable run.googleapis.com --project ${project}`,
    ],
    [
      'a function',
      without(paths.functions, 'functions', 'slipway-admit'),
      'functions:slipway-admit',
      /not there/,
      /terraform apply/,
    ],
    [
      'the function that shows Slack is there',
      without(paths.functions, 'functions', 'slipway-chatops'),
      'functions:slipway-chatops',
      /not there/,
      /terraform apply/,
    ],
    [
      'a build that failed',
      aFunction('push', (thing) =>
        Object.assign(thing, {
          state: 'FAILED',
          stateMessages: [{ severity: 'ERROR', type: 'x', message: 'Build failed' }],
        }),
      ),
      'functions:slipway-push',
      /FAILED: Build failed/,
      /-replace='module\.slipway\.google_cloudfunctions2_function\.main\["push"\]'/,
    ],
    [
      'an entry point',
      aFunction('push', (thing) => setIn(thing, ['buildConfig', 'entryPoint'], 'index')),
      'functions:slipway-push',
      /entry point is index, expected push/,
      /terraform apply/,
    ],
    [
      'a runtime',
      aFunction('push', (thing) => setIn(thing, ['buildConfig', 'runtime'], 'nodejs20')),
      'functions:slipway-push',
      /runtime is nodejs20, expected nodejs24/,
      /terraform apply/,
    ],
    [
      'an account',
      aFunction('push', (thing) => setIn(thing, ['serviceConfig', 'serviceAccountEmail'], 'x@y.test')),
      'functions:slipway-push',
      /account is x@y\.test/,
      /terraform apply/,
    ],
    [
      'an ingress',
      aFunction('push', (thing) => setIn(thing, ['serviceConfig', 'ingressSettings'], 'ALLOW_ALL')),
      'functions:slipway-push',
      /ingress is ALLOW_ALL, expected ALLOW_INTERNAL_ONLY/,
      /terraform apply/,
    ],
    [
      'a timeout',
      aFunction('push', (thing) => setIn(thing, ['serviceConfig', 'timeoutSeconds'], 60)),
      'functions:slipway-push',
      /timeout is 60, expected 90/,
      /terraform apply/,
    ],
    [
      'how many run',
      aFunction('reconcile', (thing) => setIn(thing, ['serviceConfig', 'maxInstanceCount'], 10)),
      'functions:slipway-reconcile',
      /most instances is 10, expected 1/,
      /terraform apply/,
    ],
    [
      'a variable',
      aFunction('push', (thing) =>
        setIn(thing, ['serviceConfig', 'environmentVariables', 'SLIPWAY_LEDGER'], undefined),
      ),
      'functions:slipway-push',
      /variables SLIPWAY_LEDGER missing/,
      /terraform apply/,
    ],
    [
      'a variable for Slack',
      aFunction('notify', (thing) =>
        setIn(thing, ['serviceConfig', 'environmentVariables', 'SLACK_TEAM_IDS'], undefined),
      ),
      'functions:slipway-notify',
      /variables SLACK_TEAM_IDS missing/,
      /terraform apply/,
    ],
    [
      'a secret of a function',
      aFunction('notify', (thing) =>
        setIn(thing, ['serviceConfig', 'secretEnvironmentVariables'], undefined),
      ),
      'functions:slipway-notify',
      /secrets SLACK_BOT_TOKEN missing/,
      /terraform apply/,
    ],
    [
      'a service',
      without(paths.runServices, 'services', 'slipway-admit'),
      'services:slipway-admit',
      /not there/,
      /terraform apply/,
    ],
    [
      'a service that does not start',
      one(paths.runServices, 'services', 'slipway-admit', (thing) =>
        setIn(thing, ['terminalCondition'], { state: 'CONDITION_FAILED', message: 'secret not found' }),
      ),
      'services:slipway-admit',
      /CONDITION_FAILED secret not found/,
      `gcloud run services logs read slipway-admit ${inRegion}`,
    ],
    [
      'a service open to all',
      policy('deploy', push, 'allUsers'),
      'callers:slipway-deploy',
      /open to allUsers \(roles\/run\.invoker\)/,
      `gcloud run services remove-iam-policy-binding slipway-deploy --member=allUsers --role=roles/run.invoker ${inRegion}`,
    ],
    [
      'the API open to all who have an account',
      policy('api', 'user:ana@example.com', 'allAuthenticatedUsers'),
      'callers:slipway-api',
      /open to allAuthenticatedUsers/,
      /remove-iam-policy-binding slipway-api --member=allAuthenticatedUsers/,
    ],
    [
      'a service that asks nobody who they are',
      one(paths.runServices, 'services', 'slipway-deploy', (thing) =>
        setIn(thing, ['invokerIamDisabled'], true),
      ),
      'callers:slipway-deploy',
      /invoker check is off/,
      `gcloud run services update slipway-deploy --invoker-iam-check ${inRegion}`,
    ],
    [
      "Pub/Sub's right to call",
      policy('deploy'),
      'callers:slipway-deploy',
      /Pub\/Sub may not call it/,
      /add-iam-policy-binding slipway-deploy --member=serviceAccount:slipway-pubsub-push@/,
    ],
    [
      "Slack's way in",
      policy('chatops'),
      'callers:slipway-chatops',
      /Slack cannot call it/,
      /add-iam-policy-binding slipway-chatops --member=allUsers/,
    ],
    [
      'a topic',
      without(paths.topics, 'topics', 'step-push'),
      'topics:step-push',
      /not there/,
      /terraform apply/,
    ],
    [
      "the registry's topic",
      without(paths.topics, 'topics', 'gcr'),
      'topics:gcr',
      /not there/,
      `gcloud pubsub topics create gcr --project ${project}`,
    ],
    [
      'a subscription',
      without(paths.subscriptions, 'subscriptions', 'slipway-push'),
      'subscriptions:slipway-push',
      /not there/,
      /terraform apply/,
    ],
    [
      "the registry's subscription",
      without(paths.subscriptions, 'subscriptions', 'slipway-image-push'),
      'subscriptions:slipway-image-push',
      /not there/,
      /terraform apply/,
    ],
    [
      'a topic under a subscription',
      aSubscription('push', 'topic')('_deleted-topic_'),
      'subscriptions:slipway-push',
      /topic is _deleted-topic_/,
      /terraform apply/,
    ],
    [
      'an endpoint',
      aSubscription('push', 'pushConfig', 'pushEndpoint')('https://slipway-push-abc-ew.a.run.app/'),
      'subscriptions:slipway-push',
      /endpoint is .*, expected .*\/topics\/step-push/,
      /terraform apply/,
    ],
    [
      'who calls',
      aSubscription('push', 'pushConfig', 'oidcToken')(undefined),
      'subscriptions:slipway-push',
      /account is not set, expected slipway-pubsub-push@.*audience is not set/,
      /terraform apply/,
    ],
    [
      'an ack deadline',
      aSubscription('push', 'ackDeadlineSeconds')(10),
      'subscriptions:slipway-push',
      /ack deadline is 10, expected 120/,
      /terraform apply/,
    ],
    [
      'where dead letters go',
      aSubscription('push', 'deadLetterPolicy')(undefined),
      'subscriptions:slipway-push',
      /dead letter topic is not set/,
      /terraform apply/,
    ],
    [
      'retries',
      aSubscription('push', 'retryPolicy', 'maximumBackoff')('60s'),
      'subscriptions:slipway-push',
      /longest backoff is 60s, expected 600s/,
      /terraform apply/,
    ],
    [
      'a subscription with an end',
      aSubscription('push', 'expirationPolicy')({ ttl: '2678400s' }),
      'subscriptions:slipway-push',
      /expires is 2678400s, expected never/,
      /terraform apply/,
    ],
    [
      'a subscription with the usual end',
      aSubscription('push', 'expirationPolicy')(undefined),
      'subscriptions:slipway-push',
      /expires is after 31 days/,
      /terraform apply/,
    ],
    [
      'a subscription in trouble',
      aSubscription('push', 'state')('RESOURCE_ERROR'),
      'subscriptions:slipway-push',
      /RESOURCE_ERROR/,
      /terraform apply/,
    ],
    [
      'what keeps dead letters',
      without(paths.subscriptions, 'subscriptions', 'slipway-dead-letters'),
      'subscriptions:slipway-dead-letters',
      /lost/,
      /terraform apply/,
    ],
    [
      'dead letters',
      set(
        paths.timeSeries,
        'timeSeries',
      )([{ points: [{ value: { int64Value: '3' } }, { value: { int64Value: '0' } }] }]),
      'dead-letters',
      /3 messages wait in slipway-dead-letters/,
      `gcloud pubsub subscriptions pull slipway-dead-letters --limit 10 --project ${project}`,
    ],
    ['the schedule', gone(paths.job), 'schedule', /not there/, /terraform apply/],
    [
      'a paused schedule',
      set(paths.job, 'state')('PAUSED'),
      'schedule',
      /PAUSED, expected ENABLED/,
      `gcloud scheduler jobs resume slipway-reconcile --location europe-west1 --project ${project}`,
    ],
    [
      'a schedule that fails',
      set(paths.job, 'status')({ code: 5, message: 'topic not found' }),
      'schedule',
      /failed with code 5 topic not found/,
      /scheduler jobs run slipway-reconcile/,
    ],
    ['the workflow', gone(paths.workflow), 'workflow', /not there/, /terraform apply/],
    [
      'a workflow without its key',
      set(paths.workflow, 'state')('UNAVAILABLE'),
      'workflow',
      /UNAVAILABLE/,
      /terraform apply/,
    ],
    [
      'an older workflow',
      set(paths.workflow, 'sourceContents')('main: {}'),
      'workflow',
      /revision 000003-a1b .* is not workflows\/deploy\.yaml of this checkout .* older/,
      /terraform apply/,
    ],
    [
      "the workflow's account",
      set(paths.workflow, 'serviceAccount')(`projects/x/serviceAccounts/${accountOf('admit')}`),
      'workflow',
      /account is slipway-admit@/,
      /terraform apply/,
    ],
    ['the ledger', gone(paths.database), 'ledger', /not there/, /--ledger DATABASE/],
    [
      "the ledger's type",
      set(paths.database, 'type')('DATASTORE_MODE'),
      'ledger',
      /type is DATASTORE_MODE/,
      /The ledger is gone/,
    ],
    [
      "the ledger's place",
      set(paths.database, 'locationId')('nam5'),
      'ledger',
      /location is nam5/,
      /--ledger-location/,
    ],
    [
      "the ledger's protection",
      set(paths.database, 'deleteProtectionState')('DELETE_PROTECTION_DISABLED'),
      'ledger',
      /delete protection/,
      /terraform apply/,
    ],
    [
      "the ledger's past",
      set(paths.database, 'pointInTimeRecoveryEnablement')('POINT_IN_TIME_RECOVERY_DISABLED'),
      'ledger',
      /point-in-time recovery/,
      /terraform apply/,
    ],
    [
      'an index',
      (cloud) => change<{ indexes: unknown[] }>(cloud, paths.indexes, ({ indexes }) => indexes.shift()),
      'indexes:deployments.status',
      /not there/,
      /terraform apply/,
    ],
    [
      'an index that is being made',
      (cloud) =>
        change<{ indexes: [Json] }>(cloud, paths.indexes, ({ indexes: [first] }) =>
          setIn(first, ['state'], 'CREATING'),
        ),
      'indexes:deployments.status',
      /CREATING, expected READY/,
      /gcloud firestore operations list/,
    ],
    [
      'an index in the other direction',
      (cloud) =>
        change<{ indexes: [{ fields: [Json, Json] }] }>(cloud, paths.indexes, ({ indexes: [first] }) =>
          setIn(first.fields[1], ['order'], 'ASCENDING'),
        ),
      'indexes:deployments.status',
      /not there/,
      /terraform apply/,
    ],
    [
      'what expires',
      one(paths.fields, 'fields', 'dispatches/fields/expireAt', (thing) =>
        setIn(thing, ['ttlConfig'], undefined),
      ),
      'expiry:dispatches.expireAt',
      /not there/,
      /terraform apply/,
    ],
    [
      'an exemption',
      without(paths.fields, 'fields', 'audit/fields/json'),
      'unindexed:audit.json',
      /has one/,
      /terraform apply/,
    ],
    ['the bucket', gone(paths.bucket), 'bucket', /not there/, /terraform apply/],
    [
      'versions in the bucket',
      set(paths.bucket, 'versioning')(undefined),
      'bucket',
      /versioning is off, expected on/,
      /gcloud storage buckets update gs:\/\/my-deployer-slipway --versioning/,
    ],
    [
      'access to the bucket',
      set(paths.bucket, 'iamConfiguration', 'uniformBucketLevelAccess')({ enabled: false }),
      'bucket',
      /uniform access is off/,
      /--uniform-bucket-level-access/,
    ],
    [
      'a bucket that may be public',
      set(paths.bucket, 'iamConfiguration', 'publicAccessPrevention')('inherited'),
      'bucket',
      /prevention is inherited, expected enforced/,
      /--public-access-prevention/,
    ],
    ['the repository', gone(paths.repository), 'repository', /not there/, /terraform apply/],
    [
      'a secret',
      gone(paths.versions('slack-bot-token')),
      'secrets:slipway-slack-bot-token',
      /not there/,
      /terraform apply/,
    ],
    [
      'a secret that is not read',
      gone(paths.versions('pager-key')),
      'secrets:slipway-pager-key',
      /not there/,
      /terraform apply/,
    ],
    [
      "a secret's value",
      (cloud) => cloud.set(paths.versions('slack-bot-token'), {}),
      'secrets:slipway-slack-bot-token',
      /no version is enabled/,
      `gcloud secrets versions add slipway-slack-bot-token --project ${project} --data-file=-`,
    ],
    [
      "a secret's newest value",
      set(
        paths.versions('slack-bot-token'),
        'versions',
      )([
        { name: 'projects/1/secrets/s/versions/2', state: 'DISABLED' },
        { name: 'projects/1/secrets/s/versions/1', state: 'ENABLED' },
      ]),
      'secrets:slipway-slack-bot-token',
      /version 2 \(latest\) is read, and is DISABLED/,
      /secrets versions add/,
    ],
    [
      'an account',
      without(paths.accounts(), 'accounts', accountOf('source-build')),
      `accounts:${project}:${accountOf('source-build')}`,
      /not there/,
      /terraform apply/,
    ],
    [
      'an account that is disabled',
      one(paths.accounts(), 'accounts', accountOf('admit'), (thing) => setIn(thing, ['disabled'], true)),
      `accounts:${project}:${accountOf('admit')}`,
      /disabled/,
      `gcloud iam service-accounts enable ${accountOf('admit')} --project ${project}`,
    ],
    [
      'a role',
      without(paths.roles(), 'roles', 'slipway_send_callbacks'),
      `roles:${project}:slipway_send_callbacks`,
      /not there/,
      /terraform apply/,
    ],
    [
      'a right of a role',
      one(paths.roles(), 'roles', 'slipway_send_callbacks', (thing) =>
        setIn(thing, ['includedPermissions'], []),
      ),
      `roles:${project}:slipway_send_callbacks`,
      /permissions workflows\.callbacks\.send missing/,
      /terraform apply/,
    ],
    [
      'an alert',
      without(paths.alerts, 'alertPolicies', '4'),
      'alerts:Slipway: dead letters',
      /not there/,
      /terraform apply/,
    ],
    [
      'an alert that is off',
      one(paths.alerts, 'alertPolicies', '4', (thing) => setIn(thing, ['enabled'], false)),
      'alerts:Slipway: dead letters',
      /switched off/,
      `gcloud monitoring policies update projects/${project}/alertPolicies/4 --enabled`,
    ],
  ];

  test.each(cases)('%s', async (_, edit, id, found, fix) => {
    const { code, bad } = await diagnose(edit);
    expect(bad).toEqual([
      {
        id,
        ok: false,
        what: expect.stringContaining(
          id
            .split(':')
            .at(-1)!
            .replace(/^(schedule|workflow|ledger|bucket|repository|dead)\b.*/, '$1'),
        ),
        found: expect.stringMatching(found),
        fix: expect.stringMatching(typeof fix === 'string' ? /^gcloud / : fix),
      },
    ]);
    // A command is given whole: it is there to be pasted.
    expect(typeof fix === 'string' ? bad[0]?.fix : fix).toBe(fix);
    expect(code).toBe(1);
  });

  it('is one finding also when nothing is installed in that region', async () => {
    const { bad } = await diagnose((cloud) => cloud.set(paths.functions, {}));
    const about = bad.filter(({ id }) => id.startsWith('functions'));
    expect(about).toEqual([expect.objectContaining({ ok: false, fix: expect.stringContaining('--region') })]);
  });

  it('nobody may use the command line: fine with Slack, wrong without another way to give an order', async () => {
    const { code, all } = await diagnose(policy('api'));
    expect(all).toContainEqual(
      expect.objectContaining({
        id: 'people:slipway-api',
        ok: true,
        fix: expect.stringContaining('api_invokers'),
      }),
    );
    expect(code).toBe(0);
  });
});

describe('an API that is off', () => {
  it('is one finding, not one for everything behind it', async () => {
    const api = 'firestore.googleapis.com';
    const { bad } = await diagnose((cloud) => {
      without(paths.services, 'services', api)(cloud);
      for (const path of [paths.database, paths.indexes, paths.fields]) cloud.set(path, disabled(api));
    });
    expect(bad.map(({ id, ok }) => [id, ok])).toEqual([[`apis:${api}`, false]]);
  });

  it('is found also where the list of APIs may not be read', async () => {
    const { bad } = await diagnose((cloud) => {
      cloud.set(paths.services, denied());
      cloud.set(paths.repository, disabled('artifactregistry.googleapis.com'));
    });
    expect(bad.map(({ id, ok }) => [id, ok])).toEqual([
      ['apis', 'unknown'],
      ['apis:artifactregistry.googleapis.com', false],
    ]);
  });

  it('in the project that the calls count for is said of that project', async () => {
    const { bad } = await diagnose((cloud) =>
      cloud.set(paths.repository, disabled('artifactregistry.googleapis.com', 'projects/999')),
    );
    expect(bad).toEqual([
      expect.objectContaining({
        found: expect.stringContaining('in project 999'),
        fix: 'gcloud services enable artifactregistry.googleapis.com --project 999',
      }),
    ]);
  });
});

describe('what may not be looked at is not known, with the right that is missing', () => {
  const cases: [path: string, id: string, permission: string, role: string][] = [
    [paths.services, 'apis', 'serviceusage.services.list', 'roles/viewer'],
    [paths.functions, 'functions', 'cloudfunctions.functions.list', 'roles/viewer'],
    [paths.runServices, 'services', 'run.services.list', 'roles/viewer'],
    [paths.policy('admit'), 'callers', 'run.services.getIamPolicy', 'roles/iam.securityReviewer'],
    [paths.topics, 'topics', 'pubsub.topics.list', 'roles/viewer'],
    [paths.subscriptions, 'subscriptions', 'pubsub.subscriptions.list', 'roles/viewer'],
    [paths.timeSeries, 'dead-letters', 'monitoring.timeSeries.list', 'roles/viewer'],
    [paths.job, 'schedule', 'cloudscheduler.jobs.get', 'roles/viewer'],
    [paths.workflow, 'workflow', 'workflows.workflows.get', 'roles/viewer'],
    [paths.database, 'ledger', 'datastore.databases.getMetadata', 'roles/viewer'],
    [paths.indexes, 'indexes', 'datastore.indexes.list', 'roles/viewer'],
    [paths.bucket, 'bucket', 'storage.buckets.get', 'roles/storage.bucketViewer'],
    [paths.repository, 'repository', 'artifactregistry.repositories.get', 'roles/viewer'],
    [paths.versions('slack-bot-token'), 'secrets', 'secretmanager.versions.list', 'roles/viewer'],
    [paths.accounts(), `accounts:${project}`, 'iam.serviceAccounts.list', 'roles/viewer'],
    [paths.roles(), `roles:${project}`, 'iam.roles.list', 'roles/viewer'],
    [paths.alerts, 'alerts', 'monitoring.alertPolicies.list', 'roles/viewer'],
  ];

  test.each(cases)('%s', async (path, id, permission, role) => {
    const { bad } = await diagnose((cloud) => cloud.set(path, denied()));
    expect(bad[0]).toEqual({
      id,
      ok: 'unknown',
      what: expect.any(String),
      found: expect.stringContaining(`${permission} is missing`),
      fix: `gcloud projects add-iam-policy-binding ${project} --member=user:YOU@example.com --role=${role}`,
    });
    expect(bad.filter(({ ok }) => ok === false)).toEqual([]);
    // Without the functions nobody knows of their secrets and of Slack.
    expect(bad).toHaveLength(1);
  });

  it('as Google names it', async () => {
    const { bad } = await diagnose((cloud) => cloud.set(paths.topics, denied('pubsub.topics.other')));
    expect(bad).toEqual([
      expect.objectContaining({ found: 'you may not look: pubsub.topics.other is missing' }),
    ]);
  });

  it('and is one finding for all policies and one for all secrets', async () => {
    const { bad, code } = await diagnose((cloud) => {
      for (const path of cloud.keys()) if (/:getIamPolicy$|\/versions$/.test(path)) cloud.set(path, denied());
    });
    expect(bad.map(({ id }) => id)).toEqual(['callers', 'secrets']);
    expect(bad[0]?.found).toMatch(/run\.services\.getIamPolicy is missing; nor are .*slipway-report$/);
    expect(code).toBe(0);
  });

  it('but another reason for a refusal is told as Google tells it', async () => {
    const error = {
      code: 403,
      status: 'PERMISSION_DENIED',
      message: 'This API method requires billing to be enabled.',
      details: [{ reason: 'BILLING_DISABLED', metadata: {} }],
    };
    const { bad } = await diagnose((cloud) => cloud.set(paths.repository, { status: 403, error }));
    expect(bad).toEqual([
      expect.objectContaining({ ok: 'unknown', found: expect.stringContaining('requires billing') }),
    ]);
    expect(bad[0]?.fix).toBeUndefined();
  });
});

describe('what does not answer is not known', () => {
  it('after the time that was given, and holds up nothing else', async () => {
    const began = Date.now();
    google.become((cloud) => {
      cloud.set(paths.workflow, never);
      cloud.set(paths.topics, never);
    });
    const { code, stdout } = await runCli(['doctor', 'gcp', ...where, '--timeout', '0.5'], google.env);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(stdout).toMatch(/^\? topics: GET http.*\/topics gave no answer within 0\.5 s$/m);
    expect(stdout).toMatch(/^\? workflow slipway-deploy: GET http.* gave no answer within 0\.5 s$/m);
    expect(stdout).toMatch(/^18 good · 0 wrong · 2 not known$/m);
    expect(code).toBe(0);
  });

  test.each([
    [
      'a server error',
      { status: 503, error: { code: 503, status: 'UNAVAILABLE', message: 'try later' } },
      /answered 503: UNAVAILABLE try later/,
    ],
    [
      'a refused token',
      { status: 401, error: { code: 401, status: 'UNAUTHENTICATED', message: 'expired' } },
      /answered 401/,
    ],
    ['an answer in another shape', { state: 7 }, /answered unexpectedly/],
  ])('%s', async (_, answer, found) => {
    const { bad } = await diagnose((cloud) => cloud.set(paths.workflow, answer));
    expect(bad).toEqual([
      expect.objectContaining({ id: 'workflow', ok: 'unknown', found: expect.stringMatching(found) }),
    ]);
  });

  it('so is a region that an API could not reach', async () => {
    const { bad } = await diagnose((cloud) =>
      cloud.set(paths.functions, { functions: [], unreachable: ['europe-west1'], nextPageToken: '' }),
    );
    expect(bad[0]).toMatchObject({
      id: 'functions',
      ok: 'unknown',
      found: expect.stringContaining('could not reach'),
    });
  });
});

describe('who asks, and of which project', () => {
  const nobody = { HOME: '/nonexistent', METADATA_SERVER_DETECTION: 'none' };

  it('without credentials there is one clear error', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', 'gcp', ...where], nobody);
    expect(stderr).toMatch(
      /^No credentials for Google Cloud: .*\nSign in: gcloud auth application-default login\n$/,
    );
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });

  it("a person's own credentials go to Google alone", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
    const file = join(directory, 'credentials.json');
    await writeFile(
      file,
      JSON.stringify({ type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' }),
    );
    const asked = google.asked.length;
    const { code, stderr } = await runCli(['doctor', 'gcp', ...where], {
      ...google.env,
      GOOGLE_APPLICATION_CREDENTIALS: file,
    });
    await rm(directory, { recursive: true });
    expect(stderr).toContain('unset GOOGLE_APIS_ENDPOINT');
    expect(code).toBe(2);
    expect(google.asked).toHaveLength(asked);
  });

  test.each([
    [['--project', 'no good'], /project "no good": expected a project id/],
    [['--region', 'europe'], /region "europe": expected a region/],
    [['--prefix', 'x;y'], /prefix "x;y"/],
    [['--target', '../x'], /targetProjects\.0 "\.\.\/x"/],
    [['--timeout', '0'], /Expected seconds/],
  ])('refuses %j before anything is asked', async (words, said) => {
    const asked = google.asked.length;
    const { code, stderr } = await runHere(['doctor', 'gcp', ...where, ...words], google.env);
    expect(stderr).toMatch(said);
    expect(code).toBe(2);
    expect(google.asked).toHaveLength(asked);
  });

  it('SLIPWAY_PROJECT names it as well', async () => {
    const env = { ...google.env, SLIPWAY_PROJECT: 'another-one' };
    await runHere(['doctor', 'gcp'], env);
    expect(google.asked.at(-1)).toContain('/another-one/');
  });

  it('explains itself', async () => {
    const { code, stdout } = await runHere(['doctor', 'gcp', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('slipway doctor gcp --project my-deployer --json');
    expect(stdout).toContain('1 something is wrong · 2 wrong usage · 3 no credentials');
  });
});
