import { describe, expect, it, test } from 'vitest';
import { accountOf, change, paths, project, type Cloud } from './doctor-gcp-cloud.ts';
import {
  one,
  without,
  set,
  setIn,
  aFunction,
  aSubscription,
  gone,
  policy,
  push,
  inRegion,
  openDoctor,
  type Json,
} from './doctor-gcp-edits.ts';

const doctor = openDoctor();

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
    const { code, bad } = await doctor.diagnose(edit);
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
    const { bad } = await doctor.diagnose((cloud) => cloud.set(paths.functions, {}));
    const about = bad.filter(({ id }) => id.startsWith('functions'));
    expect(about).toEqual([expect.objectContaining({ ok: false, fix: expect.stringContaining('--region') })]);
  });

  it('nobody may use the command line: fine with Slack, wrong without another way to give an order', async () => {
    const { code, all } = await doctor.diagnose(policy('api'));
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
