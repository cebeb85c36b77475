import { z } from 'zod';
import { duration, name, path, ratio, status } from './units.ts';

/** One look has to fit into one dispatch of a step, with room for its retries. */
const longestLookSeconds = 30;

const lookTimeout = duration(0.1, longestLookSeconds);
const severity = z.enum(['required', 'advisory']).default('required');
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Fields of a JSON body by name, with dots for what is inside (`checks.database.status`, `items.0.id`), and their values. */
const jsonFields = z.record(z.string(), scalar);
/** Text that must be in the body, not as a part of longer words. */
const contains = z.string().min(1);

const Dependency = z.strictObject({
  /** As in `json`. */
  field: z.string().min(1),
  equals: scalar,
  /** `required`: without it the service is not healthy. */
  severity,
});

export const HealthProbe = z.strictObject({
  path: path.default('/'),
  status: z.union([status, z.array(status).min(1)]).default(200),
  /** What the body must hold too: an endpoint may answer 200 and say that it is unhealthy. */
  expect: z.strictObject({ contains: contains.optional(), json: jsonFields.optional() }).optional(),
  /** What the body says of the things the service needs; each is a check of its own. */
  dependencies: z.record(name, Dependency).optional(),
  /** How long a candidate may take until its first success. */
  startupGrace: duration(0, 3600).prefault('60s'),
  interval: duration(0.1, 300).prefault('1s'),
  timeout: lookTimeout.prefault('5s'),
  /** Consecutive successes that make a candidate healthy. */
  successes: z.int().min(1).max(100).default(3),
  /** Consecutive failures that make a revision under traffic unhealthy. */
  failures: z.int().min(1).max(100).default(3),
});
export type HealthProbe = z.infer<typeof HealthProbe>;

const ofEveryKind = {
  name,
  title: z.string().min(1).optional(),
  severity,
  /** Asked so often again until it passes; every attempt is on record. */
  retries: z.int().min(0).max(5).default(0),
  timeout: lookTimeout.prefault('10s'),
};

const headers = z.record(z.string(), z.string()).default({});

/** Where a value for later checks is in an answer. */
const Capture = z.union([
  z.strictObject({ json: z.string().min(1) }),
  z.strictObject({ header: z.string().min(1) }),
  z.strictObject({ text: z.strictObject({ after: z.string().min(1), before: z.string().min(1) }) }),
]);
export type Capture = z.infer<typeof Capture>;

const captureName = /^[A-Za-z]\w*$/;

const HttpCheck = z.strictObject({
  // Optional beneath its default, so that a check without a kind is found to be this one.
  kind: z.literal('http').optional().default('http'),
  ...ofEveryKind,
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path,
  headers,
  body: z.string().optional(),
  /** Only within the same address. */
  followRedirects: z.boolean().default(false),
  expect: z
    .strictObject({
      status: status.default(200),
      contains: contains.optional(),
      json: jsonFields.optional(),
      maximumLatency: duration(0.001, 60).optional(),
    })
    .prefault({}),
  /** Values of the answer that later checks of an ordered suite use as `${name}`. */
  capture: z
    .record(z.string().regex(captureName, 'expected letters, digits and _, starting with a letter'), Capture)
    .default({}),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

const WebSocketCheck = z.strictObject({
  kind: z.literal('websocket'),
  ...ofEveryKind,
  path,
  headers,
  /** The subprotocol that is asked for and has to be agreed to. */
  protocol: z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected a subprotocol such as graphql-transport-ws')
    .optional(),
  /** Sent as soon as it is open. */
  send: z.string().optional(),
  expect: z
    .strictObject({
      contains: contains.optional(),
      json: jsonFields.optional(),
      /** How long it must stay open, from the message on. */
      staysOpen: duration(0, longestLookSeconds).prefault('0s'),
      /** What the other side closes with. */
      closeCode: z.int().min(1000).max(4999).optional(),
    })
    .prefault({}),
});
export type WebSocketCheck = z.infer<typeof WebSocketCheck>;

const TlsCheck = z.strictObject({
  kind: z.literal('tls'),
  ...ofEveryKind,
  /** For how many days the certificate must still be valid. */
  minimumDays: z.int().min(0).max(3650).default(14),
  minimumVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
});
export type TlsCheck = z.infer<typeof TlsCheck>;

const JobCheck = z.strictObject({
  kind: z.literal('job'),
  name,
  title: z.string().min(1).optional(),
  severity,
  /** A Cloud Run job of the same project and region, which somebody else declares. */
  job: name.max(63, 'expected at most 63 characters, as Cloud Run allows for a job'),
  /** In place of the job's own. */
  args: z.array(z.string()).max(1000).optional(),
  /** `own`: the job keeps the image it has. `release`: it is given the release's, by digest. */
  image: z.enum(['own', 'release']).default('own'),
  /** What it writes to the object named by `SLIPWAY_RESULTS`; without it only its end counts. */
  results: z.enum(['junit', 'tap']).optional(),
  /** Of the whole execution. */
  within: duration(1, 86_400).prefault('30m'),
});
export type JobCheck = z.infer<typeof JobCheck>;

const MetricsCheck = z.strictObject({
  kind: z.literal('metrics'),
  name,
  title: z.string().min(1).optional(),
  severity,
  /** 5xx among users' requests to the candidate since it has this share of the traffic. */
  errorRatio: ratio.optional(),
  /** 95 % of them are answered within. */
  latencyP95: duration(0.001, 3600).optional(),
  minimumRequests: z.int().min(1).max(1_000_000).default(50),
});
export type MetricsCheck = z.infer<typeof MetricsCheck>;

/** What an ordered suite can hold: what is answered at once. */
export type LookCheck = HttpCheck | WebSocketCheck | TlsCheck;

/** The last label begins with a letter, so no number is a name. Loopback is the laptop's. */
function isPublicAddress(text: string): boolean {
  const isNamed = /^https:\/\/(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?::\d{1,5})?$/.test(text);
  const isInside = /\.(?:internal|local|localhost)(?::|$)/.test(text);
  return (isNamed && !isInside) || /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(text);
}

export const SuiteFile = z.strictObject({
  title: z.string().min(1),
  /** A path through the service: one check after another, until a required one does not pass. */
  ordered: z.boolean().default(false),
  through: z.enum(['service', 'load-balancer']).default('service'),
  /** The public name, where the suite is asked through it. */
  address: z
    .string()
    .refine(isPublicAddress, 'expected https:// and a public host name, without a path')
    .optional(),
  /** `traffic`: at every share below 100 %; `after`: when it has all of the traffic. Without it, always. */
  when: z
    .array(z.enum(['candidate', 'traffic', 'after']))
    .min(1)
    .optional(),
  checks: z
    .array(z.discriminatedUnion('kind', [WebSocketCheck, TlsCheck, JobCheck, MetricsCheck, HttpCheck]))
    .min(1),
});
export type SuiteFile = z.infer<typeof SuiteFile>;
