import { join } from 'node:path';
import { signals } from '#local/cloud.ts';
import { accounts, place } from '#local/place.ts';

/** What a program needs in its environment to find this cloud, as the account of that metadata server. */
export function environmentOf(options: {
  directory: string;
  origin: string;
  registryOrigin: string;
  metadataHost: string;
  slackApp: { token: string; signingSecret: string };
}): Record<string, string> {
  const { directory, origin, registryOrigin, metadataHost, slackApp } = options;
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    GCE_METADATA_HOST: metadataHost,
    SLIPWAY_PROJECT: place.project,
    SLIPWAY_PROJECT_NUMBER: place.projectNumber,
    SLIPWAY_REGION: place.region,
    SLIPWAY_BUCKET: place.bucket,
    SLIPWAY_WORKFLOW: place.workflow,
    SLIPWAY_LEDGER: `sqlite:${join(directory, 'ledger.db')}`,
    SLIPWAY_BUILDER: 'slipway/embedded-builder',
    SLIPWAY_BUILD_ACCOUNT: accounts.build.replace(place.project, '{project}'),
    SLIPWAY_SLACK_CHANNEL: place.slackChannel.id,
    SLACK_BOT_TOKEN: slackApp.token,
    SLACK_API_ENDPOINT: `${origin}/api/`,
    SLACK_SIGNING_SECRET: slackApp.signingSecret,
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
    REGISTRY_ENDPOINT: registryOrigin,
    ARTIFACT_REGISTRY_ENDPOINT: origin,
    GOOGLE_APIS_ENDPOINT: origin,
  };
}
