import { z } from 'zod';

/**
 * The one place that reads the environment. Local, test and production differ only in what stands here.
 * An empty endpoint means Google's own.
 */
const Endpoint = z.url({ protocol: /^https?$/ }).optional();

const Env = z.object({
  SLIPWAY_PROJECT: z.string().min(1),
  SLIPWAY_PROJECT_NUMBER: z.string().regex(/^\d+$/, 'expected the project number'),
  SLIPWAY_REGION: z.string().min(1),
  SLIPWAY_WORKFLOW: z.string().min(1).default('slipway-deploy'),
  /** Bucket of service files (`services/*.yaml`) and reports. */
  SLIPWAY_BUCKET: z.string().min(1),
  /** `sqlite:PATH`, or `firestore:DATABASE` for a database of the project, whose first one is called `(default)`. */
  SLIPWAY_LEDGER: z
    .string()
    .regex(
      /^(sqlite:.+|firestore:(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]))$/,
      'expected sqlite:PATH or firestore:DATABASE',
    ),
  /** Where messages go when a service file names no channel. */
  SLIPWAY_SLACK_CHANNEL: z.string().default('#deployments'),
  /** Where a message goes that its own channel does not take. */
  SLIPWAY_SLACK_FALLBACK_CHANNEL: z.string().min(1).optional(),
  /**
   * Whether somebody else has the token or the pager's address. Most functions only have to know that there is a Slack to
   * wait for, or a call that is owed: they are told so, and get no secret.
   */
  SLIPWAY_HAS_SLACK: z.stringbool().default(false),
  SLIPWAY_HAS_PAGER: z.stringbool().default(false),
  /**
   * Full name of the Serverless VPC Access connector that the functions which call services have, as Terraform gave it to
   * them: only through one are services reached whose ingress is not `all`.
   */
  SLIPWAY_PROBE_VPC_CONNECTOR: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/connectors\/[^/]+$/,
      'expected projects/PROJECT/locations/REGION/connectors/CONNECTOR',
    )
    .optional(),
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  /** Of the Slack app: by it a command is known to come from Slack. A secret. */
  SLACK_SIGNING_SECRET: z.string().min(1).optional(),
  /** The one app that is heard. */
  SLACK_APP_ID: z
    .string()
    .regex(/^A[A-Z0-9]+$/, 'expected an app id such as A012AB3CD')
    .optional(),
  /** Workspaces whose people are heard, apart by commas. */
  SLACK_TEAM_IDS: z
    .string()
    .regex(/^T[A-Z0-9]+(,T[A-Z0-9]+)*$/, 'expected workspace ids such as T012AB3CD, apart by commas')
    .optional(),
  /** Of the `chatops` function, for the doctor, which tries it. */
  SLIPWAY_CHATOPS_URL: Endpoint,
  /** Called when a rollback failed: a webhook that takes events as PagerDuty's Events API v2 does. A secret. */
  SLIPWAY_PAGER_URL: Endpoint,
  /** PagerDuty's integration key, or whatever the webhook wants as `routing_key`. A secret. */
  SLIPWAY_PAGER_KEY: z.string().min(1).optional(),
  SLACK_API_ENDPOINT: Endpoint,
  PUBSUB_ENDPOINT: Endpoint,
  WORKFLOW_EXECUTIONS_ENDPOINT: Endpoint,
  RUN_ENDPOINT: Endpoint,
  STORAGE_ENDPOINT: Endpoint,
  SECRET_MANAGER_ENDPOINT: Endpoint,
  CLOUD_BUILD_ENDPOINT: Endpoint,
  MONITORING_ENDPOINT: Endpoint,
  LOGGING_ENDPOINT: Endpoint,
  /** How long a measurement may stay invisible: https://cloud.google.com/monitoring/api/metrics_gcp says 180 s for Cloud Run. */
  SLIPWAY_MONITORING_LAG_SECONDS: z.coerce.number().min(0).max(3600).default(180),
  /** How long an image's own notification has before `reconcile` asks for it. */
  SLIPWAY_PUSH_GRACE_SECONDS: z.coerce.number().min(0).max(86_400).default(300),
  /** Where the `/v2/` API of every image host is answered; without it, the host of the image itself. */
  REGISTRY_ENDPOINT: Endpoint,
  ARTIFACT_REGISTRY_ENDPOINT: Endpoint,
  /** Where the APIs answer that are only looked at (Service Usage, IAM, Cloud SQL, VPC); without it, each at its own host. */
  GOOGLE_APIS_ENDPOINT: Endpoint,
  /**
   * Who each step runs as: an e-mail address with `{step}` in it, as in `slipway-{step}@my-project.iam.gserviceaccount.com`.
   * Without it all steps run as the account that asks.
   */
  SLIPWAY_STEP_ACCOUNTS: z
    .string()
    .regex(/^[a-z0-9{}-]+@[a-z0-9.-]+$/, 'expected an e-mail address, in which {step} stands for the step')
    .optional(),
  /**
   * Who builds run as: an e-mail address with `{project}` in it, as in `slipway-image-build@{project}.iam.gserviceaccount.com`,
   * because Cloud Build wants an account of the project it builds in. Without it nothing is built: Cloud Build's own choice
   * would be an account that can do much more.
   */
  SLIPWAY_BUILD_ACCOUNT: z
    .string()
    .regex(
      /^[a-z0-9-]+@[a-z0-9{}.-]+$/,
      'expected an e-mail address, in which {project} stands for the project',
    )
    .optional(),
  /** A builder image that takes the source and makes the image by itself; without it, `docker build`. */
  SLIPWAY_BUILDER: z.string().min(1).optional(),
});

export interface Config {
  project: string;
  projectNumber: string;
  region: string;
  workflow: string;
  bucket: string;
  ledger: { kind: 'sqlite'; file: string } | { kind: 'firestore'; database: string };
  builder: string | undefined;
  /** An e-mail address with `{project}` in it; undefined when nothing is built. */
  buildAccount: string | undefined;
  monitoringLagSeconds: number;
  pushGraceSeconds: number;
  /** An e-mail address with `{step}` in it; undefined when all steps run as the account that asks. */
  stepAccounts: string | undefined;
  /** Full name; undefined when no function is in a VPC. */
  probeConnector: string | undefined;
  /** There is a Slack that is written to, by this function or another. */
  hasSlack: boolean;
  /** There is a pager that is called, by this function or another. */
  hasPager: boolean;
  slack: {
    channel: string;
    fallbackChannel: string | undefined;
    token: string | undefined;
    endpoint: string | undefined;
    signingSecret: string | undefined;
    appId: string | undefined;
    teams: string[];
    chatopsUrl: string | undefined;
  };
  pager: { url: string; key: string | undefined } | undefined;
  endpoints: {
    pubsub: string;
    executions: string;
    run: string;
    storage: string;
    secretManager: string;
    cloudBuild: string;
    monitoring: string;
    logging: string;
    registry: string | undefined;
    artifacts: string;
    googleApis: string | undefined;
  };
}

/** @throws Error that lists every problem at once, by variable name */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Env.safeParse(present);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment is not complete:\n${problems.join('\n')}`);
  }
  const values = parsed.data;
  const config: Config = {
    project: values.SLIPWAY_PROJECT,
    projectNumber: values.SLIPWAY_PROJECT_NUMBER,
    region: values.SLIPWAY_REGION,
    workflow: values.SLIPWAY_WORKFLOW,
    bucket: values.SLIPWAY_BUCKET,
    ledger: ledgerOf(values.SLIPWAY_LEDGER),
    builder: values.SLIPWAY_BUILDER,
    buildAccount: values.SLIPWAY_BUILD_ACCOUNT,
    monitoringLagSeconds: values.SLIPWAY_MONITORING_LAG_SECONDS,
    pushGraceSeconds: values.SLIPWAY_PUSH_GRACE_SECONDS,
    stepAccounts: values.SLIPWAY_STEP_ACCOUNTS,
    probeConnector: values.SLIPWAY_PROBE_VPC_CONNECTOR,
    hasSlack: values.SLIPWAY_HAS_SLACK || values.SLACK_BOT_TOKEN !== undefined,
    hasPager: values.SLIPWAY_HAS_PAGER || values.SLIPWAY_PAGER_URL !== undefined,
    slack: {
      channel: values.SLIPWAY_SLACK_CHANNEL,
      fallbackChannel: values.SLIPWAY_SLACK_FALLBACK_CHANNEL,
      token: values.SLACK_BOT_TOKEN,
      endpoint: values.SLACK_API_ENDPOINT,
      signingSecret: values.SLACK_SIGNING_SECRET,
      appId: values.SLACK_APP_ID,
      teams: values.SLACK_TEAM_IDS?.split(',') ?? [],
      chatopsUrl: values.SLIPWAY_CHATOPS_URL,
    },
    pager:
      values.SLIPWAY_PAGER_URL === undefined
        ? undefined
        : { url: values.SLIPWAY_PAGER_URL, key: values.SLIPWAY_PAGER_KEY },
    endpoints: {
      pubsub: values.PUBSUB_ENDPOINT ?? 'https://pubsub.googleapis.com',
      executions: values.WORKFLOW_EXECUTIONS_ENDPOINT ?? 'https://workflowexecutions.googleapis.com',
      run: values.RUN_ENDPOINT ?? 'https://run.googleapis.com',
      storage: values.STORAGE_ENDPOINT ?? 'https://storage.googleapis.com',
      secretManager: values.SECRET_MANAGER_ENDPOINT ?? 'https://secretmanager.googleapis.com',
      cloudBuild: values.CLOUD_BUILD_ENDPOINT ?? 'https://cloudbuild.googleapis.com',
      monitoring: values.MONITORING_ENDPOINT ?? 'https://monitoring.googleapis.com',
      logging: values.LOGGING_ENDPOINT ?? 'https://logging.googleapis.com',
      registry: values.REGISTRY_ENDPOINT,
      artifacts: values.ARTIFACT_REGISTRY_ENDPOINT ?? 'https://artifactregistry.googleapis.com',
      googleApis: values.GOOGLE_APIS_ENDPOINT,
    },
  };
  return Object.freeze(config);
}

function ledgerOf(text: string): Config['ledger'] {
  const rest = text.slice(text.indexOf(':') + 1);
  return text.startsWith('sqlite:') ? { kind: 'sqlite', file: rest } : { kind: 'firestore', database: rest };
}
