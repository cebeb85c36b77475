import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '#shared/clock.ts';
import { systemClock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import { createArtifacts } from '#local/artifacts/artifacts.ts';
import { createCloudBuild } from '#local/build/cloud-build.ts';
import { createWorkflows } from '#local/executions/executions.ts';
import { createFunctions, type LocalFunctions } from '#local/functions/functions.ts';
import { serve, type LocalServer, type LocalService } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import { createLogging, type LocalLogging } from '#local/logging/logging.ts';
import { createLookups, type LocalLookups } from '#local/lookups/lookups.ts';
import { createMetadata } from '#local/metadata/metadata.ts';
import { createMonitoring, type LocalMonitoring } from '#local/monitoring/monitoring.ts';
import { accounts, allTargets, place } from '#local/place.ts';
import { provision, reconcileJob } from '#local/provision.ts';
import { createPubsub, type LocalPubsub, type PubsubOptions } from '#local/pubsub/pubsub.ts';
import { createRegistry } from '#local/registry/registry.ts';
import { createRun, type Run } from '#local/run/run.ts';
import { createScheduler } from '#local/scheduler/scheduler.ts';
import { createSecrets } from '#local/secrets/secrets.ts';
import { createSlack, type LocalSlack } from '#local/slack/slack.ts';
import { createStorage, type LocalStorage } from '#local/storage/storage.ts';
import { openStore, type Store } from '#local/store.ts';
import { connectorOrigins } from '#local/workflows/connector-origin.ts';

/** Google Cloud and Slack on one laptop, with Slipway installed in it. */
export interface Stack {
  /** `http://127.0.0.1:PORT` of every API but the registry's. */
  origin: string;
  registryOrigin: string;
  /** What a program needs in its environment to be this account here. */
  envOf(account: 'functions' | 'developer'): Record<string, string>;
  /** What the local Slack signs with. */
  slackSigningSecret: string;
  identity: Identity;
  pubsub: LocalPubsub;
  run: Run;
  monitoring: LocalMonitoring;
  logging: LocalLogging;
  /** What preflight sees: APIs, grants, databases, networks. */
  lookups: LocalLookups;
  slack: LocalSlack;
  storage: LocalStorage;
  functions: LocalFunctions;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Where all state is kept; made if missing. */
  directory: string;
  /** `functions/index.ts` unless told otherwise. */
  entry?: string;
  hosts?: number;
  clock?: Clock;
  /** Runs `reconcile` that often too; its job runs it every minute. */
  reconcileEveryMs?: number;
  /** Overrides the subscriptions' shortest redelivery, for tests that provoke redeliveries. */
  retryMinimumSeconds?: number;
  faults?: PubsubOptions['faults'];
  /** More environment for the function hosts. */
  functionsEnv?: Record<string, string>;
  onLog?: (line: string) => void;
}

/** Google's metrics are minutes late; nobody at a laptop wants to wait that long. */
const signals = { sampleMs: 1000, metricsLagMs: 500, logsLagMs: 200 } as const;

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

const root = fileURLToPath(new URL('..', import.meta.url));

/** @throws Error when the directory is in use or a port it used before is taken */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { clock = systemClock } = options;
  // Processes of revisions and hosts have working directories of their own.
  const directory = resolve(options.directory);
  const onLog = options.onLog ?? (() => undefined);
  const onError = (error: unknown): void => onLog(`local cloud: ${messageOf(error)}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const store = openStore(join(directory, 'cloud.db'));
  const settings = rememberedSettings(store);
  const { ports } = settings;

  const identity = await createIdentity({ store, clock, issuer: 'https://accounts.slipway.local' });
  const opened: { close(): Promise<void> }[] = [];
  const services: LocalService[] = [];
  const closeAll = async (): Promise<void> => {
    for (const service of services.toReversed()) await service.stop?.();
    for (const server of opened.toReversed()) await server.close();
    store.close();
  };

  try {
    return await open();
  } catch (error) {
    await closeAll();
    throw error;
  }

  async function listen(name: string, list: LocalService[]): Promise<LocalServer> {
    const routes = list.flatMap((service) => service.routes);
    const port = ports.get(name)?.port ?? 0;
    const server = await serve({
      routes,
      port,
      authenticate: (token) => identity.authenticate(token),
      onError,
    }).catch((error: unknown) => {
      throw new Error(
        `The local cloud cannot listen on its port ${port}: ${messageOf(error)}. Is it running already?`,
      );
    });
    ports.put(name, { port: server.port });
    opened.push(server);
    return server;
  }

  async function open(): Promise<Stack> {
    let origin = '';
    const metadata = new Map<string, Promise<LocalServer>>();
    const newId = randomUUID;
    const pubsub = createPubsub({
      store,
      clock,
      identity,
      ...(options.faults === undefined ? {} : { faults: options.faults }),
    });
    const publish = (topic: string, data: unknown, attributes: Record<string, string> = {}): void => {
      pubsub.publish(`projects/${place.project}/topics/${topic}`, [
        { data: JSON.stringify(data), attributes },
      ]);
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
      botToken: settings.slackToken,
      channels: [place.slackChannel],
      app: {
        origin: () => origin,
        requestUrl: () => `${origin}/functions/chatops`,
        signingSecret: settings.slackSigningSecret,
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
        STORAGE_EMULATOR_HOST: origin,
      }),
      mayInvoke: (email, service) =>
        lookups.grants.has(
          email,
          'run.routes.invoke',
          `//run.googleapis.com/projects/${project}/locations/${location}/services/${service}`,
        ),
      isInVpc: options.functionsEnv?.['SLIPWAY_PROBE_VPC_CONNECTOR'] !== undefined,
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
      origin: () => origin,
      connectorOrigin: connectorOrigins(() => origin, servedByConnectors),
      serviceAccount: accounts.workflow,
      onLog: ({ execution, severity, data }) => onLog(JSON.stringify({ severity, execution, message: data })),
      onError,
    });
    const functions = createFunctions({
      entry: options.entry ?? join(root, 'functions/index.ts'),
      targets: allTargets.map((target) => target.name),
      isPublic: (name) => allTargets.some((target) => target.name === name && target.access === 'public'),
      hosts: options.hosts ?? 1,
      env: () => ({ ...envOf('functions'), ...options.functionsEnv }),
      identity,
      origin: () => origin,
      mayInvoke: (email, target) => email === (target === 'api' ? accounts.developer : accounts.push),
      onLog,
    });
    const scheduler = createScheduler({
      store,
      clock,
      publish: (topic, message) => pubsub.publish(topic, [message]),
      onError,
    });
    services.push(storage, secrets, slack, registry, run, build, workflows, pubsub, functions, scheduler);
    const artifacts = createArtifacts({ catalog: registry.catalog, location: place.region });
    const server = await listen('cloud', [
      build,
      artifacts,
      workflows,
      run,
      monitoring,
      logging,
      pubsub,
      scheduler,
      secrets,
      storage,
      slack,
      functions,
      lookups,
    ]);
    ({ origin } = server);

    const hosts = {
      functions: await metadataHost(accounts.functions),
      developer: await metadataHost(accounts.developer),
    };

    /** A metadata server answers for one account, so each has its own from when it is first needed. */
    async function metadataHost(email: string): Promise<string> {
      const service = (): LocalService =>
        createMetadata({
          identity,
          email,
          projectId: place.project,
          projectNumber: place.projectNumber,
          region: place.region,
        });
      const server = metadata.get(email) ?? listen(`metadata-${email}`, [service()]);
      metadata.set(email, server);
      return `127.0.0.1:${(await server).port}`;
    }

    function envOf(account: 'functions' | 'developer'): Record<string, string> {
      return {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'production',
        GCE_METADATA_HOST: hosts[account],
        SLIPWAY_PROJECT: place.project,
        SLIPWAY_PROJECT_NUMBER: place.projectNumber,
        SLIPWAY_REGION: place.region,
        SLIPWAY_BUCKET: place.bucket,
        SLIPWAY_WORKFLOW: place.workflow,
        SLIPWAY_LEDGER: `sqlite:${join(directory, 'ledger.db')}`,
        SLIPWAY_BUILDER: 'slipway/embedded-builder',
        SLIPWAY_BUILD_ACCOUNT: accounts.build.replace(place.project, '{project}'),
        SLIPWAY_SLACK_CHANNEL: place.slackChannel.id,
        SLACK_BOT_TOKEN: settings.slackToken,
        SLACK_API_ENDPOINT: `${origin}/api/`,
        SLACK_SIGNING_SECRET: settings.slackSigningSecret,
        SLACK_TEAM_IDS: place.slackTeam,
        SLACK_APP_ID: place.slackApp,
        SLIPWAY_CHATOPS_URL: `${origin}/functions/chatops`,
        PUBSUB_ENDPOINT: origin,
        WORKFLOW_EXECUTIONS_ENDPOINT: origin,
        RUN_ENDPOINT: origin,
        STORAGE_ENDPOINT: origin,
        SECRET_MANAGER_ENDPOINT: origin,
        CLOUD_BUILD_ENDPOINT: origin,
        MONITORING_ENDPOINT: origin,
        LOGGING_ENDPOINT: origin,
        SLIPWAY_MONITORING_LAG_SECONDS: String(signals.metricsLagMs / 1000),
        REGISTRY_ENDPOINT: registryServer.origin,
        ARTIFACT_REGISTRY_ENDPOINT: origin,
        GOOGLE_APIS_ENDPOINT: origin,
      };
    }

    storage.ensureBucket(place.bucket, { versioned: true });
    await provision({
      origin,
      pubsub,
      token: identity.accessToken(accounts.developer),
      workflowSource: await readFile(join(root, 'workflows/deploy.yaml'), 'utf8'),
      ...(options.retryMinimumSeconds === undefined
        ? {}
        : { retryMinimumSeconds: options.retryMinimumSeconds }),
    });
    await functions.start();
    pubsub.start();
    const runReconcile = (): void => void scheduler.run(reconcileJob);
    // At once, which mends what an earlier run left.
    runReconcile();
    const ticking = new AbortController();
    if (options.reconcileEveryMs !== undefined) {
      repeat(clock, options.reconcileEveryMs, runReconcile, ticking.signal).catch((error: unknown) => {
        if (!ticking.signal.aborted) onError(error);
      });
    }
    return {
      origin,
      registryOrigin: registryServer.origin,
      envOf,
      slackSigningSecret: settings.slackSigningSecret,
      identity,
      pubsub,
      run,
      monitoring,
      logging,
      lookups,
      slack,
      storage,
      functions,
      async stop() {
        ticking.abort();
        await closeAll();
      },
    };
  }
}

/** Until the signal aborts or the act throws: then it rejects. */
async function repeat(clock: Clock, everyMs: number, act: () => void, signal: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    act();
  }
}

/** What must be the same after a restart: addresses that were printed, the token that messages were posted with. */
function rememberedSettings(store: Store): {
  ports: ReturnType<typeof store.collection<{ port: number }>>;
  slackToken: string;
  slackSigningSecret: string;
} {
  const tokens = store.collection<{ token: string }>('stack.tokens');
  const remembered = (name: string, make: () => string): string => {
    const token = tokens.get(name)?.token ?? make();
    tokens.put(name, { token });
    return token;
  };
  return {
    ports: store.collection<{ port: number }>('stack.ports'),
    slackToken: remembered('slack', () => `xoxb-local-${randomBytes(18).toString('hex')}`),
    slackSigningSecret: remembered('slack-signing-secret', () => randomBytes(16).toString('hex')),
  };
}
