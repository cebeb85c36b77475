import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';

/** Topics, subscriptions and messages in their REST form, with Pub/Sub's limits: https://cloud.google.com/pubsub/quotas */

/** Protobuf's JSON form of a duration: `600s`, `0.5s`. */
const Duration = z.string().regex(/^\d+(\.\d{1,9})?s$/, 'expected a duration such as "600s"');
const Labels = z.record(z.string(), z.string());

export const Topic = z.strictObject({ name: z.string(), labels: Labels.optional() });
export type Topic = z.infer<typeof Topic>;

export const PushConfig = z.strictObject({
  /** Empty: a pull subscription. */
  pushEndpoint: z.string().default(''),
  oidcToken: z
    .strictObject({ serviceAccountEmail: z.string().min(1), audience: z.string().optional() })
    .optional(),
  attributes: z.strictObject({ 'x-goog-version': z.literal('v1') }).optional(),
});

export const Subscription = z.strictObject({
  name: z.string(),
  topic: z.string(),
  pushConfig: PushConfig.default({ pushEndpoint: '' }),
  /** 0 or absent is Pub/Sub's default of 10. */
  ackDeadlineSeconds: z
    .int()
    .refine((seconds) => seconds === 0 || (seconds >= 10 && seconds <= 600), 'expected 10 to 600 seconds')
    .transform((seconds) => seconds || 10)
    .default(10),
  messageRetentionDuration: Duration.default('604800s').refine(
    (text) => secondsOf(text) >= 600 && secondsOf(text) <= 2_678_400,
    'expected 600s to 2678400s',
  ),
  retryPolicy: z
    .strictObject({ minimumBackoff: Duration.default('10s'), maximumBackoff: Duration.default('600s') })
    .refine(
      ({ minimumBackoff, maximumBackoff }) =>
        secondsOf(minimumBackoff) <= secondsOf(maximumBackoff) && secondsOf(maximumBackoff) <= 600,
      'expected minimumBackoff <= maximumBackoff <= 600s',
    )
    .optional(),
  deadLetterPolicy: z
    .strictObject({
      deadLetterTopic: z.string().min(1),
      maxDeliveryAttempts: z
        .int()
        .refine((n) => n === 0 || (n >= 5 && n <= 100), 'expected 5 to 100')
        .transform((n) => n || 5)
        .default(5),
    })
    .optional(),
  labels: Labels.optional(),
  /** Kept and answered; nothing expires here. */
  expirationPolicy: z.strictObject({ ttl: Duration.optional() }).default({ ttl: '2678400s' }),
});
export type Subscription = z.infer<typeof Subscription>;
/** What a creator may leave out. */
export type SubscriptionSettings = Omit<z.input<typeof Subscription>, 'name' | 'topic'>;

/** What a client sends to be published. Base64 may be either alphabet, as protobuf's JSON form allows. */
export const Publishable = z.object({
  data: z
    .string()
    .refine((text) => /^[\w+/-]*={0,2}$/.test(text), 'Base64 decoding failed')
    .transform((text) => Buffer.from(text, 'base64').toString('base64'))
    .default(''),
  attributes: z.record(z.string(), z.string()).default({}),
  orderingKey: z.string().default(''),
});
export type Publishable = z.infer<typeof Publishable>;

export interface Message {
  /** base64; absent when empty, as in protobuf's JSON form. */
  data?: string;
  attributes?: Record<string, string>;
  messageId: string;
  publishTime: string;
}

export function secondsOf(duration: string): number {
  return Number(duration.slice(0, -1));
}

/** Fields of Google's resources that mean a feature this Pub/Sub has not, or that only an answer carries. */
const unsupported = new Set([
  'analyticsHubSubscriptionInfo',
  'bigqueryConfig',
  'bigtableConfig',
  'cloudStorageConfig',
  'detached',
  'enableExactlyOnceDelivery',
  'enableMessageOrdering',
  'filter',
  'ingestionDataSourceSettings',
  'kmsKeyName',
  'messageStoragePolicy',
  'messageTransforms',
  'retainAckedMessages',
  'satisfiesPzs',
  'schemaSettings',
  'state',
  'tags',
  'topicMessageRetentionDuration',
]);

/**
 * The fields of a resource without unsupported ones that ask for nothing: generated clients send those empty.
 * @throws GoogleError UNIMPLEMENTED for an unsupported field that does ask for something
 */
export function supportedFields(body: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(body).filter(([field, value]) => {
    if (!unsupported.has(field)) return true;
    const empty = [undefined, null, false, '', 0, 'STATE_UNSPECIFIED'].includes(value as null);
    if (!empty && JSON.stringify(value) !== '{}' && JSON.stringify(value) !== '[]') {
      throw new GoogleError('UNIMPLEMENTED', `The local Pub/Sub does not support "${field}"`);
    }
    return false;
  });
  return Object.fromEntries(entries);
}

/** @throws GoogleError INVALID_ARGUMENT unless 3–255 characters, a letter first, and not `goog…` */
export function checkId(kind: string, id: string): void {
  if (!/^[A-Za-z][\w\-.~+%]{2,254}$/.test(id) || id.startsWith('goog')) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Invalid resource name given (name=${id}): not a valid ${kind} id.`,
    );
  }
}

/** @throws GoogleError INVALID_ARGUMENT when the message is empty or over a limit, UNIMPLEMENTED for ordering keys */
export function checkMessage({ data, attributes, orderingKey }: Publishable): void {
  const refuse = (message: string): never => {
    throw new GoogleError('INVALID_ARGUMENT', message);
  };
  if (orderingKey) throw new GoogleError('UNIMPLEMENTED', 'The local Pub/Sub does not support ordering keys');
  const entries = Object.entries(attributes);
  if (data === '' && entries.length === 0) {
    refuse(
      'One or more messages in the publish request is empty. Each message must contain either non-empty data, or at least one attribute.',
    );
  }
  if (Buffer.byteLength(data, 'base64') > 10_000_000) refuse('A message is larger than 10000000 bytes.');
  if (entries.length > 100) refuse(`A message has ${entries.length} attributes; the limit is 100.`);
  for (const [key, value] of entries) {
    if (key === '' || Buffer.byteLength(key) > 256 || key.startsWith('goog')) {
      refuse(`Attribute key "${key}" is not valid: expected 1 to 256 bytes, not starting with "goog".`);
    }
    if (Buffer.byteLength(value) > 1024) refuse(`The value of attribute "${key}" is longer than 1024 bytes.`);
  }
}
