import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '#shared/clock.ts';
import { systemClock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import { createCloud } from '#local/cloud.ts';
import { environmentOf } from '#local/environment.ts';
import { createFunctions, type LocalFunctions } from '#local/functions/functions.ts';
import type { LocalService } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import { createListeners } from '#local/listeners.ts';
import type { LocalLogging } from '#local/logging/logging.ts';
import type { LocalLookups } from '#local/lookups/lookups.ts';
import { createMetadataHosts } from '#local/metadata/hosts.ts';
import type { LocalMonitoring } from '#local/monitoring/monitoring.ts';
import { accounts, allTargets, place } from '#local/place.ts';
import { provision, reconcileJob } from '#local/provision.ts';
import type { LocalPubsub, PubsubOptions } from '#local/pubsub/pubsub.ts';
import type { Run } from '#local/run/run.ts';
import type { LocalSlack } from '#local/slack/slack.ts';
import type { LocalStorage } from '#local/storage/storage.ts';
import { openStore, type Store } from '#local/store.ts';

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
  const identity = await createIdentity({ store, clock, issuer: 'https://accounts.slipway.local' });
  const listeners = createListeners({ store, identity, onError });
  const services: LocalService[] = [];
  const closeAll = async (): Promise<void> => {
    for (const service of services.toReversed()) await service.stop?.();
    await listeners.close();
    store.close();
  };
  try {
    return await open({
      options,
      clock,
      directory,
      store,
      identity,
      listeners,
      services,
      closeAll,
      onLog,
      onError,
    });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** @param given `services` are stopped by `closeAll`, which whoever calls this does when it throws */
async function open(given: {
  options: StackOptions;
  clock: Clock;
  directory: string;
  store: Store;
  identity: Identity;
  listeners: ReturnType<typeof createListeners>;
  services: LocalService[];
  closeAll: () => Promise<void>;
  onLog: (line: string) => void;
  onError: (error: unknown) => void;
}): Promise<Stack> {
  const { options, clock, directory, store, identity, services, closeAll, onLog, onError } = given;
  const { listen } = given.listeners;
  const slackApp = rememberedSlackApp(store);
  const metadataHost = createMetadataHosts(identity, listen);
  let origin = '';
  const cloud = await createCloud({
    store,
    clock,
    identity,
    directory,
    origin: () => origin,
    listen,
    metadataHost,
    slackApp,
    isInVpc: options.functionsEnv?.['SLIPWAY_PROBE_VPC_CONNECTOR'] !== undefined,
    faults: options.faults,
    onLog,
    onError,
  });
  const { artifacts, build, logging, lookups, monitoring, pubsub, registry, registryServer } = cloud;
  const { run, scheduler, secrets, slack, storage, workflows } = cloud;
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
  services.push(storage, secrets, slack, registry, run, build, workflows, pubsub, functions, scheduler);
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
  const { origin: registryOrigin } = registryServer;
  function envOf(account: keyof typeof hosts): Record<string, string> {
    return environmentOf({ directory, origin, registryOrigin, metadataHost: hosts[account], slackApp });
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
    registryOrigin,
    envOf,
    slackSigningSecret: slackApp.signingSecret,
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

/** Until the signal aborts or the act throws: then it rejects. */
async function repeat(clock: Clock, everyMs: number, act: () => void, signal: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    act();
  }
}

/** What messages were posted with is the same after a restart. */
function rememberedSlackApp(store: Store): { token: string; signingSecret: string } {
  const tokens = store.collection<{ token: string }>('stack.tokens');
  const remembered = (name: string, make: () => string): string => {
    const token = tokens.get(name)?.token ?? make();
    tokens.put(name, { token });
    return token;
  };
  return {
    token: remembered('slack', () => `xoxb-local-${randomBytes(18).toString('hex')}`),
    signingSecret: remembered('slack-signing-secret', () => randomBytes(16).toString('hex')),
  };
}
