import { randomUUID } from 'node:crypto';
import { systemClock } from '#shared/clock.ts';
import { loadConfig } from '#shared/env.ts';
import { createTokens } from '#shared/google/auth.ts';
import { createCallback } from '#shared/google/callback.ts';
import { createCloudBuild } from '#shared/google/cloud-build.ts';
import { createCloudRun } from '#shared/google/cloud-run.ts';
import { createJobs } from '#shared/google/cloud-run-jobs.ts';
import { createLogging } from '#shared/google/logging.ts';
import { createLookUps } from '#shared/google/look-ups.ts';
import { createMonitoring } from '#shared/google/monitoring.ts';
import { createProber } from '#shared/google/prober.ts';
import { createPubSub } from '#shared/google/pubsub.ts';
import { createRegistry } from '#shared/google/registry.ts';
import { createRest } from '#shared/google/rest.ts';
import { createSecrets } from '#shared/google/secrets.ts';
import { createObjectStore } from '#shared/google/storage.ts';
import { createWorkflows } from '#shared/google/workflows.ts';
import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { createPager } from '#shared/pager.ts';
import { createSlack } from '#shared/slack/client.ts';
import { createSlackDirectory } from '#shared/slack/directory.ts';
import { createResponder } from '#shared/slack/responder.ts';
import { consoleLog } from '#shared/log.ts';
import type { Deps } from '#functions/deps.ts';

/** The real thing: every port over its client. Clients load when they are first used. @throws Error naming what the environment lacks */
export function createDeps(env: Record<string, string | undefined>): Deps {
  const config = loadConfig(env);
  const { endpoints, project, region, workflow, builder, bucket, slack } = config;
  const slackEndpoint = slack.endpoint === undefined ? {} : { endpoint: slack.endpoint };
  const tokens = createTokens();
  const rest = createRest({ tokens });
  return {
    config,
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    log: consoleLog,
    ledger:
      config.ledger.kind === 'sqlite'
        ? openSqliteLedger(config.ledger.file)
        : openFirestoreLedger({ project, database: config.ledger.database }),
    run: createCloudRun({ endpoint: endpoints.run, rest }),
    jobs: createJobs({ endpoint: endpoints.run, rest }),
    registry: createRegistry({ endpoint: endpoints.registry, artifacts: endpoints.artifacts, rest }),
    lookUps: createLookUps({ endpoint: endpoints.googleApis, rest }),
    build: createCloudBuild({
      endpoint: endpoints.cloudBuild,
      rest,
      ...(builder === undefined ? {} : { step: () => ({ name: builder }) }),
    }),
    secrets: createSecrets({ endpoint: endpoints.secretManager, rest }),
    monitoring: createMonitoring({ endpoint: endpoints.monitoring, rest }),
    logging: createLogging({ endpoint: endpoints.logging, rest }),
    prober: createProber({ tokens }),
    workflows: createWorkflows({ endpoint: endpoints.executions, project, region, workflow, rest }),
    pubsub: createPubSub({ endpoint: endpoints.pubsub, project, rest }),
    callback: createCallback({ rest }),
    objects: createObjectStore({ endpoint: endpoints.storage, bucket, tokens }),
    slack:
      slack.token === undefined
        ? undefined
        : createSlack({
            token: slack.token,
            log: consoleLog,
            ...slackEndpoint,
          }),
    slackDirectory:
      slack.token === undefined ? undefined : createSlackDirectory({ token: slack.token, ...slackEndpoint }),
    responder: createResponder(slackEndpoint),
    pager: config.pager && createPager(config.pager),
  };
}
