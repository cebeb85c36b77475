import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#shared/clock.ts';
import { createArtifacts } from '#local/artifacts/artifacts.ts';
import { createCloudBuild } from '#local/build/cloud-build.ts';
import { createWorkflows } from '#local/executions/executions.ts';
import type { LocalServer, LocalService } from '#local/http.ts';
import type { Identity } from '#local/identity/identity.ts';
import { createLogging, type LocalLogging } from '#local/logging/logging.ts';
import { createLookups } from '#local/lookups/lookups.ts';
import { createMonitoring } from '#local/monitoring/monitoring.ts';
import { accounts, place } from '#local/place.ts';
import { createPubsub, type PubsubOptions } from '#local/pubsub/pubsub.ts';
import { createRegistry } from '#local/registry/registry.ts';
import { createRun } from '#local/run/run.ts';
import { createScheduler } from '#local/scheduler/scheduler.ts';
import { createSecrets } from '#local/secrets/secrets.ts';
import { createSlack } from '#local/slack/slack.ts';
import { createStorage } from '#local/storage/storage.ts';
import type { Store } from '#local/store.ts';
import { connectorOrigins } from '#local/workflows/connector-origin.ts';

/** Google's metrics are minutes late; nobody at a laptop wants to wait that long. */
export const signals = { sampleMs: 1000, metricsLagMs: 500, logsLagMs: 200 } as const;

/** Services of Google's that a connector can reach here. */
const servedByConnectors = [
  'cloudbuild',
  'cloudscheduler',
  'compute',
  'pubsub',
  'run',
  'secretmanager',
  'storage',
  'workflowexecutions',
  'workflows',
];

export interface CloudOptions {
  store: Store;
  clock: Clock;
  identity: Identity;
  /** Where files are kept. */
  directory: string;
  /** Where all of it listens, but the registry; known once it does. */
  origin: () => string;
  listen: (name: string, services: LocalService[]) => Promise<LocalServer>;
  /** HOST:PORT of an account's metadata server. */
  metadataHost: (email: string) => Promise<string>;
  slackApp: { token: string; signingSecret: string };
  /** What calls Cloud Run counts as inside the project's network. */
  isInVpc: boolean;
  faults: PubsubOptions['faults'];
  onLog: (line: string) => void;
  onError: (error: unknown) => void;
}

/** Every service of Google's and Slack, wired to each other; only the registry listens already, as its address is in what others get. */
export async function createCloud(options: CloudOptions) {
  const { store, clock, identity, directory, origin, listen, metadataHost, slackApp, isInVpc, faults } =
    options;
  const { onLog, onError } = options;
  const newId = randomUUID;
  const pubsub = createPubsub({
    store,
    clock,
    identity,
    ...(faults === undefined ? {} : { faults }),
  });
  const publish = (topic: string, data: unknown, attributes: Record<string, string> = {}): void => {
    pubsub.publish(`projects/${place.project}/topics/${topic}`, [{ data: JSON.stringify(data), attributes }]);
  };
  const storage = createStorage({ store, clock, directory: join(directory, 'buckets') });
  const lookups = createLookups({ project: place.project, projectNumber: place.projectNumber });
  const secrets = createSecrets({
    store,
    clock,
    mayReadAll: (email, name) =>
      lookups.grants.has(email, 'secretmanager.versions.access', `//secretmanager.googleapis.com/${name}`),
  });
  const slack = createSlack({
    store,
    clock,
    botToken: slackApp.token,
    channels: [place.slackChannel],
    app: {
      origin,
      requestUrl: () => `${origin()}/functions/chatops`,
      signingSecret: slackApp.signingSecret,
      appId: place.slackApp,
    },
  });
  const registry = createRegistry({
    store,
    clock,
    newId,
    directory: join(directory, 'images'),
    host: place.registryHost,
    repositories: [place.repository],
    authenticate: (token) => identity.authenticate(token),
    announce: (event) => publish('gcr', event),
  });
  const registryServer = await listen('registry', [registry]);
  const { project, region: location } = place;
  const monitoring = createMonitoring({
    clock,
    project,
    location,
    timing: { sampleMs: signals.sampleMs, lagMs: signals.metricsLagMs },
  });
  const logging: LocalLogging = createLogging({
    clock,
    project,
    location,
    output: (service, revision) => run.logs(revision, service),
    lagMs: signals.logsLagMs,
  });
  const run = await createRun({
    store,
    clock,
    identity,
    images: registry.images,
    directory: join(directory, 'run'),
    secretValue: (name, version, account) =>
      secrets.value(`projects/${place.project}/secrets/${name}`, version, account),
    surroundings: async (account) => ({
      GCE_METADATA_HOST: await metadataHost(account),
      STORAGE_EMULATOR_HOST: origin(),
    }),
    mayInvoke: (email, service) =>
      lookups.grants.has(
        email,
        'run.routes.invoke',
        `//run.googleapis.com/projects/${project}/locations/${location}/services/${service}`,
      ),
    isInVpc,
    onRequest(event) {
      monitoring.observe(event);
      logging.observe(event);
    },
    onError,
  });
  const build = createCloudBuild({
    store,
    clock,
    newId,
    project: place.project,
    registry: { host: place.registryHost, endpoint: registryServer.origin },
    readObject: (bucket, object, generation) => storage.readObject(bucket, object, generation),
    defaultServiceAccount: accounts.build,
    accessToken: (email) => identity.accessToken(email),
    publish: (changed, attributes) => publish('cloud-builds', changed, attributes),
    onError,
  });
  const workflows = createWorkflows({
    store,
    clock,
    identity,
    project: place.project,
    projectNumber: place.projectNumber,
    location: place.region,
    origin,
    connectorOrigin: connectorOrigins(origin, servedByConnectors),
    serviceAccount: accounts.workflow,
    onLog: ({ execution, severity, data }) => onLog(JSON.stringify({ severity, execution, message: data })),
    onError,
  });
  const scheduler = createScheduler({
    store,
    clock,
    publish: (topic, message) => pubsub.publish(topic, [message]),
    onError,
  });
  const artifacts = createArtifacts({ catalog: registry.catalog, location: place.region });
  return {
    artifacts,
    build,
    logging,
    lookups,
    monitoring,
    pubsub,
    registry,
    registryServer,
    run,
    scheduler,
    secrets,
    slack,
    storage,
    workflows,
  };
}
