import { z } from 'zod';
import { FreezeWindow } from './freeze.ts';
import { longestServiceName } from './ids.ts';
import { stepNames } from './steps.ts';

/**
 * The service file (`services/<name>.yaml`): the one description of a Cloud Run service. This module is its schema;
 * reading YAML, positions of problems and merging of environments live in `shared/config/`.
 * Every key is listed: an unknown one is a problem, because a misspelt key that is ignored is a setting that is not there.
 */

const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const unitMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `90s`, `5m`, `1h` → seconds. */
const duration = (minimumSeconds: number, maximumSeconds: number) =>
  z
    .string()
    .regex(durationPattern, 'expected a duration such as 500ms, 90s, 5m or 1h')
    .transform((text) => {
      const [, amount = '0', unit = 's'] = durationPattern.exec(text) ?? [];
      return (Number(amount) * unitMilliseconds[unit as keyof typeof unitMilliseconds]) / 1000;
    })
    .refine(
      (seconds) => seconds >= minimumSeconds && seconds <= maximumSeconds,
      `expected between ${minimumSeconds} and ${maximumSeconds} seconds`,
    );

const name = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    'expected lower-case letters, digits and hyphens, starting with a letter',
  );
/** RFC 9110 path: absolute, so that a check can never leave the service's own address. */
const path = z.string().regex(/^\/(?!\/)\S*$/, 'expected a path that starts with one /');
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected letters, digits and _');
const status = z.int().min(100).max(599);

/** @param maximumSeconds Google's limit for delay and period: 240 for a startup probe, 3600 for a liveness probe */
const containerProbe = (maximumSeconds: number) =>
  z.strictObject({
    path: path.optional(),
    initialDelay: duration(0, maximumSeconds).optional(),
    period: duration(1, maximumSeconds).optional(),
    timeout: duration(1, maximumSeconds).optional(),
    failureThreshold: z.int().min(1).optional(),
  });

/** `name:version` pins a version; `name:latest` is allowed, and said so in the report. */
const SecretBinding = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,255}:(latest|[1-9]\d*)$/, 'expected SECRET:VERSION, such as database-password:3');

export const Runtime = z.strictObject({
  port: z.int().min(1).max(65_535).default(8080),
  cpu: z
    .string()
    .regex(/^(\d+(\.\d+)?|\d+m)$/, 'expected a CPU amount such as "1" or "500m"')
    .default('1'),
  memory: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'expected an amount such as 512Mi or 2Gi')
    .default('512Mi'),
  cpuIdle: z.boolean().default(true),
  startupCpuBoost: z.boolean().default(true),
  concurrency: z.int().min(1).max(1000).default(80),
  requestTimeout: duration(1, 3600).prefault('300s'),
  minInstances: z.int().min(0).max(1000).default(0),
  maxInstances: z.int().min(1).max(1000).default(20),
  serviceAccount: z.email().optional(),
  env: z.record(envName, z.string()).default({}),
  secrets: z.record(envName, SecretBinding).default({}),
  cloudSql: z
    .array(z.string().regex(/^[^:\s]+:[^:\s]+:[^:\s]+$/, 'expected PROJECT:REGION:INSTANCE'))
    .default([]),
  vpc: z
    .union([
      z.strictObject({
        connector: z.string(),
        egress: z.enum(['private-ranges-only', 'all-traffic']).default('private-ranges-only'),
      }),
      z.strictObject({
        network: z.string(),
        subnetwork: z.string(),
        egress: z.enum(['private-ranges-only', 'all-traffic']).default('private-ranges-only'),
      }),
    ])
    .optional(),
  ingress: z.enum(['all', 'internal', 'internal-and-cloud-load-balancing']).default('all'),
  /** `private`: callers need an identity token of an account that may invoke the service. */
  access: z.enum(['public', 'private']).default('private'),
  startupProbe: containerProbe(240).optional(),
  livenessProbe: containerProbe(3600).optional(),
});

const HealthProbe = z.strictObject({
  path: path.default('/'),
  status: status.default(200),
  /** How long a candidate may take until its first success. */
  startupGrace: duration(0, 3600).prefault('60s'),
  interval: duration(0.1, 300).prefault('1s'),
  timeout: duration(0.1, 60).prefault('5s'),
  /** Consecutive successes that make a candidate healthy. */
  successes: z.int().min(1).max(100).default(3),
  /** Consecutive failures that make a revision under traffic unhealthy. */
  failures: z.int().min(1).max(100).default(3),
});

const Expect = z.strictObject({
  status: status.default(200),
  /** Text that must be in the body. */
  contains: z.string().min(1).optional(),
  /** Top-level JSON fields and the values they must have. */
  json: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  maximumLatency: duration(0.001, 60).optional(),
});

const HttpCheck = z.strictObject({
  name,
  title: z.string().min(1).optional(),
  severity: z.enum(['required', 'advisory']).default('required'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  timeout: duration(0.1, 60).prefault('10s'),
  expect: Expect.prefault({}),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

const SuiteFile = z.strictObject({ title: z.string().min(1), checks: z.array(HttpCheck).min(1) });

const Traffic = z.strictObject({
  /** Ascending percentages, the last of them 100. */
  steps: z
    .array(z.int().min(1).max(100))
    .min(1)
    .refine((steps) => steps.at(-1) === 100, 'expected the last step to be 100')
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)),
      'expected ascending percentages',
    )
    .default([100]),
  /** How long the candidate is watched at each percentage. */
  bake: duration(0, 86_400).prefault('10s'),
  /** Leave a tag `previous` on the revision that served before, so that one can look at it. */
  keepPrevious: z.boolean().default(false),
});

/** `1%` → 0.01. */
const ratio = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'expected a percentage such as 1% or 0.5%')
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .refine((part) => part <= 1, 'expected at most 100%');

/** What users' requests must look like while the candidate has traffic. */
export const Analysis = z.strictObject({
  errorRatio: z
    .strictObject({
      /** 5xx of the candidate's requests. */
      maximum: ratio.optional(),
      /** How much more of them may fail than of the stable revision's in the same time. */
      aboveStable: ratio.optional(),
    })
    .optional(),
  latencyP95: z
    .strictObject({
      maximum: duration(0.001, 3600).optional(),
      timesStable: z.number().min(1).max(100).optional(),
    })
    .optional(),
  /** Looked at all the time, in the request log: more of them end the bake at once. */
  serverErrorLogs: z.strictObject({ maximum: z.int().min(0).max(500) }).optional(),
  /** Below it nothing is concluded from a ratio or a percentile. */
  minimumRequests: z.int().min(1).max(1_000_000).default(50),
  /** What becomes of a candidate of which too little is known. */
  inconclusive: z.enum(['hold', 'extend', 'go-on', 'roll-back']).default('extend'),
  extendBy: duration(1, 86_400).prefault('2m'),
  maximumExtensions: z.int().min(1).max(100).default(3),
});
export type Analysis = z.infer<typeof Analysis>;

const Build = z.strictObject({
  /** The source archive Cloud Build reads: `gs://BUCKET/OBJECT`. */
  source: z.string().regex(/^gs:\/\/[^/\s]+\/\S+$/, 'expected gs://BUCKET/OBJECT'),
  timeout: duration(1, 86_400).prefault('20m'),
});

/** A Cloud Run job that changes what the release needs changed, such as a database, before it gets traffic. */
const Migration = z.strictObject({
  /** A job of the same project and region, which somebody else declares. */
  job: name.max(63, 'expected at most 63 characters, as Cloud Run allows for a job'),
  /** In place of the job's own. */
  args: z.array(z.string()).max(1000).optional(),
  timeout: duration(1, 86_400).prefault('30m'),
  /** `release`: the job is given the release's image, by digest. `own`: it keeps the image it has. */
  image: z.enum(['release', 'own']).default('release'),
});
export type Migration = z.infer<typeof Migration>;

const Policy = z.strictObject({
  /** Tags whose push starts a deployment: exact, with `*` for any text, or `semver:RANGE`. */
  autoDeploy: z.array(z.string().min(1)).default([]),
  /** Times in which nothing is deployed. */
  freeze: z.array(FreezeWindow).default([]),
  /** People who have to agree before anything is deployed. */
  approvals: z
    .strictObject({
      required: z.int().min(1).max(20).default(1),
      from: z.array(z.email()).min(1),
      timeout: duration(60, 604_800).prefault('30m'),
    })
    .optional(),
  /** Who may ask for a deployment; everybody whom IAM lets in when it is empty. */
  deployers: z.array(z.email()).default([]),
  /** `never`: a release that had traffic is left where it is when it fails, and a person decides. */
  rollBack: z.enum(['automatic', 'never']).default('automatic'),
});
export type Policy = z.infer<typeof Policy>;

const stepRetries = {
  /** Tries in all, the first one included. */
  attempts: z.int().min(1).max(20).default(6),
  initialBackoff: duration(0.1, 600).prefault('1s'),
  maximumBackoff: duration(0.1, 600).prefault('60s'),
  /** From a step's first try: no retry starts later. */
  budget: duration(1, 86_400).prefault('15m'),
};

/** What is done about faults, as opposed to a "no": Google out of reach, a lost answer, a quota. */
const Retries = z.strictObject({
  ...stepRetries,
  /** From the deployment's start: no retry starts later. */
  deploymentBudget: duration(1, 604_800).prefault('6h'),
  /** Other values for single steps. */
  steps: z
    .partialRecord(
      z.enum(stepNames),
      z.strictObject({
        attempts: z.int().min(1).max(20).optional(),
        initialBackoff: duration(0.1, 600).optional(),
        maximumBackoff: duration(0.1, 600).optional(),
        budget: duration(1, 86_400).optional(),
      }),
    )
    .default({}),
});

const Slack = z.strictObject({
  channel: z
    .string()
    .regex(/^(#[a-z0-9_-]{1,80}|[CG][A-Z0-9]{6,})$/, 'expected #channel or a channel id')
    .optional(),
});

/** What an environment may override. */
export const sections = {
  runtime: Runtime.prefault({}),
  healthProbe: HealthProbe.prefault({}),
  suites: z.array(SuiteFile).default([]),
  traffic: Traffic.prefault({}),
  analysis: Analysis.optional(),
  migration: Migration.optional(),
  retries: Retries.prefault({}),
  policy: Policy.prefault({}),
  slack: Slack.prefault({}),
};

const serviceName = name.max(
  longestServiceName,
  `expected at most ${longestServiceName} characters, to leave room for the candidate's tag`,
);

/** One environment of the file: where it runs, and overrides that are laid over the sections above it. */
export const EnvironmentPlace = z.strictObject({
  project: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'expected a Google Cloud project id'),
  region: z.string().regex(/^[a-z]+-[a-z]+\d+$/, 'expected a region such as us-central1'),
  cloudRunService: serviceName.optional(),
});

/** A service in one environment with every default and override applied: what a deployment works from. */
export const ServiceConfig = z.strictObject({
  service: serviceName,
  environment: name,
  image: z.string(),
  project: z.string(),
  region: z.string(),
  cloudRunService: serviceName,
  build: Build.optional(),
  ...sections,
});
export type ServiceConfig = z.infer<typeof ServiceConfig>;

/** The file's top level; `environments` holds EnvironmentPlace plus partial sections. */
export const serviceFileShape = {
  service: serviceName,
  image: z.string(),
  build: Build.optional(),
  ...sections,
};
export const environmentName = name;
