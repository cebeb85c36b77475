import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import indexes from '#shared/ledger/indexes.json' with { type: 'json' };
import { manifest, type InstalledTarget } from '#test/terraform/manifest.ts';
import { readModule } from '#test/terraform/module.ts';

/** A project as `terraform apply` leaves it, in the shapes in which Google's APIs answer. */

export const project = 'my-deployer';
const number = '123456789012';
const region = 'europe-west1';
const location = `projects/${project}/locations/${region}`;
const database = `projects/${project}/databases/slipway`;
export const accountOf = (name: string): string => `slipway-${name}@${project}.iam.gserviceaccount.com`;
const uriOf = (name: string): string => `https://slipway-${name}-abc-ew.a.run.app`;

/** What Google answers, by path: JSON, `{status, error}`, or nothing ever. */
export type Cloud = Map<string, unknown>;
export const never = Symbol('never answers');

export const paths = {
  services: `/v1/projects/${project}/services`,
  targetServices: '/v1/projects/my-services/services',
  functions: `/v2/${location}/functions`,
  runServices: `/v2/${location}/services`,
  policy: (name: string): string => `/v2/${location}/services/slipway-${name}:getIamPolicy`,
  topics: `/v1/projects/${project}/topics`,
  subscriptions: `/v1/projects/${project}/subscriptions`,
  timeSeries: `/v3/projects/${project}/timeSeries`,
  job: `/v1/${location}/jobs/slipway-reconcile`,
  workflow: `/v1/${location}/workflows/slipway-deploy`,
  database: `/v1/${database}`,
  indexes: `/v1/${database}/collectionGroups/-/indexes`,
  fields: `/v1/${database}/collectionGroups/-/fields`,
  bucket: `/storage/v1/b/${project}-slipway`,
  repository: `/v1/${location}/repositories/slipway-functions`,
  versions: (id: string): string => `/v1/projects/${project}/secrets/slipway-${id}/versions`,
  accounts: (of = project): string => `/v1/projects/${of}/serviceAccounts`,
  roles: (of = project): string => `/v1/projects/${of}/roles`,
  alerts: `/v3/projects/${project}/alertPolicies`,
};

const terraform = readModule('terraform').text;
const apis = [...(terraform.match(/(?<=")[a-z]+\.googleapis\.com(?=")/g) ?? [])];
const environment = Object.fromEntries(
  [...(terraform.match(/^ +(SLIPWAY|SLACK)_\w+(?= += )/gm) ?? [])]
    .map((name) => name.trim())
    // There is no pager, nothing is built from source, and what a variable may leave out is left out.
    .filter((name) => !/PAGER|BUILD|FALLBACK|APP_ID|CONNECTOR/.test(name))
    .map((name) => [name, 'a value that is nobody’s business']),
);

const functionOf = (target: InstalledTarget): unknown => ({
  name: `${location}/functions/slipway-${target.name}`,
  buildConfig: { entryPoint: target.name, runtime: 'nodejs24', source: {} },
  serviceConfig: {
    service: `${location}/services/slipway-${target.name}`,
    uri: uriOf(target.name),
    timeoutSeconds: 90,
    serviceAccountEmail: accountOf(target.name),
    ingressSettings:
      target.access === 'public' || target.name === 'api' ? 'ALLOW_ALL' : 'ALLOW_INTERNAL_ONLY',
    maxInstanceCount: target.name === 'reconcile' ? 1 : 10,
    maxInstanceRequestConcurrency: target.concurrency ?? 10,
    environmentVariables: { ...environment },
    secretEnvironmentVariables: Object.keys(target.secrets ?? {})
      .filter((key) => key.startsWith('SLACK_'))
      .map((key) => ({
        key,
        projectId: project,
        secret: `slipway-${manifest.secrets[key]?.id}`,
        version: 'latest',
      })),
  },
  state: 'ACTIVE',
  environment: 'GEN_2',
});

const invokers = (name: string, topic: string | undefined): unknown => {
  if (name === 'chatops') return [{ role: 'roles/run.invoker', members: ['allUsers'] }];
  if (name === 'api') return [{ role: 'roles/run.invoker', members: ['user:ana@example.com'] }];
  return topic === undefined
    ? []
    : [{ role: 'roles/run.invoker', members: [`serviceAccount:${accountOf('pubsub-push')}`] }];
};

/** Changes the answer at `path`; `edit` gets JSON of its own. */
export function change<T>(cloud: Cloud, path: string, edit: (answer: T) => void): void {
  const answer = structuredClone(cloud.get(path)) as T;
  edit(answer);
  cloud.set(path, answer);
}

export const disabled = (api: string, consumer = `projects/${number}`): unknown => ({
  status: 403,
  error: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: `${api} has not been used in project ${number} before or it is disabled.`,
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'SERVICE_DISABLED',
        domain: 'googleapis.com',
        metadata: { service: api, consumer },
      },
    ],
  },
});

/** @param permission what Google names; without it, it names none */
export const denied = (permission?: string): unknown => ({
  status: 403,
  error: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: 'The caller does not have permission (or it may not exist)',
    ...(permission === undefined
      ? {}
      : {
          details: [
            { reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com', metadata: { permission } },
          ],
        }),
  },
});

/** That these are on where services run. */
export const enabledThere = (...apis: string[]): unknown => ({
  services: apis.map((api) => ({ name: `projects/999/services/${api}`, state: 'ENABLED' })),
});

/** Everything right, with Slack, in one project. */
function installed(): Cloud {
  const { targets, deadLetter, capabilities } = manifest;
  const topics = [...new Set([...targets.flatMap(({ topic }) => topic ?? []), deadLetter.topic])];
  const never = { expirationPolicy: {} };
  return new Map<string, unknown>([
    [
      paths.services,
      {
        services: apis.map((api) => ({
          name: `projects/${number}/services/${api}`,
          parent: `projects/${number}`,
          state: 'ENABLED',
        })),
      },
    ],
    [paths.functions, { functions: targets.map(functionOf) }],
    [
      paths.runServices,
      {
        services: targets.map(({ name }) => ({
          name: `${location}/services/slipway-${name}`,
          uri: uriOf(name),
          terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
        })),
      },
    ],
    ...targets.map(({ name, topic }): [string, unknown] => [
      paths.policy(name),
      { version: 1, etag: 'BwX=', bindings: invokers(name, topic) },
    ]),
    [paths.topics, { topics: topics.map((name) => ({ name: `projects/${project}/topics/${name}` })) }],
    [
      paths.subscriptions,
      {
        subscriptions: [
          ...targets
            .filter(({ topic }) => topic !== undefined)
            .map(({ name, topic }) => ({
              name: `projects/${project}/subscriptions/slipway-${name}`,
              topic: `projects/${project}/topics/${topic}`,
              pushConfig: {
                pushEndpoint: `${uriOf(name)}/projects/${project}/topics/${topic}`,
                oidcToken: { serviceAccountEmail: accountOf('pubsub-push'), audience: uriOf(name) },
              },
              ackDeadlineSeconds: 120,
              messageRetentionDuration: '604800s',
              retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
              deadLetterPolicy: {
                deadLetterTopic: `projects/${project}/topics/dead-letters`,
                maxDeliveryAttempts: 20,
              },
              ...never,
              state: 'ACTIVE',
            })),
          {
            name: `projects/${project}/subscriptions/slipway-dead-letters`,
            topic: `projects/${project}/topics/dead-letters`,
            pushConfig: {},
            ackDeadlineSeconds: 10,
            messageRetentionDuration: '604800s',
            ...never,
            state: 'ACTIVE',
          },
        ],
      },
    ],
    [paths.timeSeries, { timeSeries: [{ points: [{ interval: {}, value: { int64Value: '0' } }] }] }],
    [
      paths.job,
      {
        name: `${location}/jobs/slipway-reconcile`,
        schedule: '* * * * *',
        pubsubTarget: { topicName: `projects/${project}/topics/reconcile-ticks`, data: 'e30=' },
        state: 'ENABLED',
        lastAttemptTime: '2026-11-25T03:00:00.1Z',
        status: {},
      },
    ],
    [
      paths.workflow,
      {
        name: `${location}/workflows/slipway-deploy`,
        state: 'ACTIVE',
        revisionId: '000003-a1b',
        revisionCreateTime: '2026-11-20T10:00:00Z',
        serviceAccount: `projects/${project}/serviceAccounts/${accountOf('workflow')}`,
        sourceContents: readFileSync('workflows/deploy.yaml', 'utf8'),
      },
    ],
    [
      paths.database,
      {
        name: database,
        type: 'FIRESTORE_NATIVE',
        locationId: region,
        concurrencyMode: 'PESSIMISTIC',
        pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
        deleteProtectionState: 'DELETE_PROTECTION_ENABLED',
      },
    ],
    [
      paths.indexes,
      {
        indexes: indexes.indexes.map(({ collection, field }, index) => ({
          name: `${database}/collectionGroups/${collection}/indexes/CICAg${index}`,
          queryScope: 'COLLECTION',
          fields: [
            { fieldPath: `fields.${field}`, order: 'ASCENDING' },
            { fieldPath: 'id', order: 'DESCENDING' },
            { fieldPath: '__name__', order: 'DESCENDING' },
          ],
          state: 'READY',
        })),
      },
    ],
    [
      paths.fields,
      {
        fields: [
          ...indexes.expiring.map((collection) => ({
            name: `${database}/collectionGroups/${collection}/fields/expireAt`,
            indexConfig: {},
            ttlConfig: { state: 'ACTIVE' },
          })),
          ...indexes.collections.map((collection) => ({
            name: `${database}/collectionGroups/${collection}/fields/json`,
            indexConfig: {},
          })),
        ],
      },
    ],
    [
      paths.bucket,
      {
        name: `${project}-slipway`,
        versioning: { enabled: true },
        iamConfiguration: {
          uniformBucketLevelAccess: { enabled: true, lockedTime: '2027-02-01T00:00:00Z' },
          publicAccessPrevention: 'enforced',
        },
      },
    ],
    [paths.repository, { name: `${location}/repositories/slipway-functions`, format: 'DOCKER' }],
    ...Object.values(manifest.secrets).map(({ id }): [string, unknown] => [
      paths.versions(id),
      id.startsWith('slack-')
        ? {
            versions: ['2', '1'].map((version) => ({
              name: `projects/${number}/secrets/slipway-${id}/versions/${version}`,
              state: version === '2' ? 'ENABLED' : 'DISABLED',
            })),
            totalSize: 2,
          }
        : {},
    ]),
    [
      paths.accounts(),
      {
        accounts: [...targets.map(({ name }) => name), 'workflow', 'pubsub-push', 'source-build'].map(
          (name) => ({
            name: `projects/${project}/serviceAccounts/${accountOf(name)}`,
            email: accountOf(name),
          }),
        ),
      },
    ],
    [
      paths.roles(),
      {
        roles: Object.entries(capabilities)
          .filter(([, { role }]) => role === undefined)
          .map(([name, { permissions }]) => ({
            name: `projects/${project}/roles/slipway_${name.replaceAll('-', '_')}`,
            includedPermissions: permissions,
            stage: 'GA',
          })),
      },
    ],
    [
      paths.alerts,
      {
        alertPolicies: [
          'rollbacks that failed',
          'deployments that do not move',
          'messages that Slack refuses',
          'calls that the pager refuses',
          'dead letters',
          'workflow failures',
        ].map((title, index) => ({
          name: `projects/${project}/alertPolicies/${index}`,
          displayName: `Slipway: ${title}`,
          enabled: true,
        })),
      },
    ],
  ]);
}

const token = 'ya29.of-nobody';

/** A metadata server, and Google's APIs behind the token it gives; lists come in pages of ten. */
export async function openCloud() {
  let cloud = installed();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (pathname.startsWith('/computeMetadata/v1/')) {
      if (pathname.endsWith('/token'))
        send(200, { access_token: token, expires_in: 3599, token_type: 'Bearer' });
      else send(200, pathname.endsWith('/project-id') ? project : 'googleapis.com');
      return;
    }
    asked.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`);
    if (request.headers.authorization !== `Bearer ${token}`) {
      send(401, { error: { code: 401, status: 'UNAUTHENTICATED', message: 'no token' } });
      return;
    }
    const answer = cloud.get(pathname);
    if (answer === never) return;
    if (answer === undefined) {
      send(404, { error: { code: 404, status: 'NOT_FOUND', message: `${pathname} not found` } });
      return;
    }
    const { status = 200 } = answer as { status?: unknown };
    send(
      typeof status === 'number' ? status : 200,
      paged(answer, Number(searchParams.get('pageToken') ?? 0)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    asked,
    env: { GCE_METADATA_HOST: new URL(origin).host, GOOGLE_APIS_ENDPOINT: origin, HOME: '/nonexistent' },
    become(edit: (cloud: Cloud) => void) {
      cloud = installed();
      edit(cloud);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function paged(answer: unknown, from: number): unknown {
  const lists = Object.entries(answer as object).filter(
    ([name, value]) => Array.isArray(value) && name !== 'bindings',
  );
  const [[name, items] = []] = lists;
  if (name === undefined || lists.length > 1) return answer;
  const end = from + 10;
  const page = (items as unknown[]).slice(from, end);
  return { [name]: page, ...(end < (items as unknown[]).length ? { nextPageToken: String(end) } : {}) };
}
