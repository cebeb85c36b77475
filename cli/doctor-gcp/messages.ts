import { z } from 'zod';
import { difference, grouped, settle, type Finding, type Item, type Row } from './finding.ts';
import type { Answer } from './google.ts';
import { functionCalled, type FunctionJson } from './functions.ts';
import { apply, names, shortName, targetsOn, type Conditions, type Scene } from './scene.ts';
import type { Target } from './checkout.ts';

/** https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions */
const SubscriptionJson = z.object({
  name: z.string(),
  topic: z.string(),
  state: z.string().default('ACTIVE'),
  detached: z.boolean().default(false),
  ackDeadlineSeconds: z.number().optional(),
  pushConfig: z
    .looseObject({
      pushEndpoint: z.string().default(''),
      oidcToken: z
        .looseObject({ serviceAccountEmail: z.string(), audience: z.string() })
        .partial()
        .prefault({}),
    })
    .prefault({}),
  /** Never expires when it is there without a `ttl`; without it, Google's default of 31 days holds. */
  expirationPolicy: z.looseObject({ ttl: z.string().optional() }).optional(),
  deadLetterPolicy: z
    .looseObject({ deadLetterTopic: z.string(), maxDeliveryAttempts: z.number() })
    .partial()
    .prefault({}),
  retryPolicy: z
    .looseObject({ minimumBackoff: z.string(), maximumBackoff: z.string() })
    .partial()
    .prefault({}),
});
type SubscriptionJson = z.infer<typeof SubscriptionJson>;

/** Topics, and the subscription that calls each function. */
export async function judgeMessages(
  scene: Scene,
  on: Promise<Conditions>,
  functions: Promise<Answer<FunctionJson[]>>,
): Promise<Finding[]> {
  const { google, place } = scene;
  const host = 'pubsub.googleapis.com';
  const list = <T>(schema: z.ZodType<T>, items: string): Promise<Answer<T[]>> =>
    google.list(schema, {
      host,
      path: `v1/projects/${place.project}/${items}`,
      items,
      permission: `pubsub.${items}.list`,
    });
  const [topics, subscriptions, conditions, called] = await Promise.all([
    list(z.object({ name: z.string() }), 'topics'),
    list(SubscriptionJson, 'subscriptions'),
    on,
    functions,
  ]);
  return [
    ...settle({ id: 'topics', what: 'topics' }, topics, (found) =>
      judgeTopics(
        scene,
        found.map(({ name }) => name),
        subscriptions,
      ),
    ),
    ...settle({ id: 'subscriptions', what: 'subscriptions' }, subscriptions, (found) =>
      judgeSubscriptions(scene, conditions, called, found),
    ),
  ];
}

function judgeTopics(
  { checkout, place }: Scene,
  found: readonly string[],
  subscriptions: Answer<SubscriptionJson[]>,
): Finding[] {
  const { targets, deadLetter } = checkout.manifest;
  // The registry's topic is here only if this project's registry is listened to.
  const hasRegistry =
    subscriptions.status === 'answered' &&
    subscriptions.value.some(({ name }) => shortName(name) === names.of(place, 'image-push'));
  const wanted = targets
    .flatMap(({ topic }) => topic ?? [])
    .filter((topic) => topic !== 'gcr' || hasRegistry);
  const items = [...new Set([...wanted, deadLetter.topic])].map((topic): Item => ({
    name: topic,
    problem: found.includes(names.topic(place, topic)) ? undefined : 'it is not there',
    fix: topic === 'gcr' ? `gcloud pubsub topics create gcr --project ${place.project}` : apply,
  }));
  return grouped({ id: 'topics', what: 'topics' }, items, 'there');
}

function judgeSubscriptions(
  scene: Scene,
  conditions: Conditions,
  functions: Answer<FunctionJson[]>,
  found: readonly SubscriptionJson[],
): Finding[] {
  const { place, checkout } = scene;
  const { topic: deadLetters } = checkout.manifest.deadLetter;
  const called = (name: string): SubscriptionJson | undefined =>
    found.find((one) => shortName(one.name) === name);
  const items = targetsOn(scene, conditions).flatMap((target): Item[] => {
    if (target.topic === undefined) return [];
    const name = names.of(place, target.name);
    // One for each project with a registry: that of this project's own has no project in its name.
    const elsewhere =
      target.topic === 'gcr' ? found.filter((one) => shortName(one.name).startsWith(`${name}-`)) : [];
    const uri = functionCalled(functions, name)?.serviceConfig.uri;
    const own = called(name);
    return [
      ...(own || elsewhere.length === 0
        ? [{ name, ...judge(scene, target, own, names.topic(place, target.topic), uri) }]
        : []),
      ...elsewhere.map((one) => {
        const project = shortName(one.name).slice(name.length + 1);
        return {
          name: shortName(one.name),
          ...judge(scene, target, one, `projects/${project}/topics/gcr`, uri),
        };
      }),
    ];
  });
  const kept = names.of(place, 'dead-letters');
  const keeper = called(kept);
  const problem = keeper
    ? difference([
        ['its topic', keeper.topic, names.topic(place, deadLetters)],
        ['its state', stateOf(keeper), 'ACTIVE'],
        ['when it expires', expiryOf(keeper), 'never'],
      ])
    : 'it is not there, and dead letters are lost';
  return grouped(
    { id: 'subscriptions', what: 'subscriptions' },
    [...items, { name: kept, problem, fix: apply }],
    'there, with endpoint, account, dead letters, retries, and no end',
  );
}

/** @param uri of the function; undefined when it is not known, and then only the path is compared */
function judge(
  { checkout, place }: Scene,
  { kind }: Target,
  found: SubscriptionJson | undefined,
  topic: string,
  uri: string | undefined,
): Omit<Item, 'name'> {
  if (found === undefined) return { problem: 'it is not there: the function is not called', fix: apply };
  const { retry, deadLetter, dispatch, trigger } = checkout.manifest;
  const { pushConfig, deadLetterPolicy, retryPolicy } = found;
  const { oidcToken, pushEndpoint } = pushConfig;
  const endpoint =
    uri === undefined && URL.canParse(pushEndpoint) ? new URL(pushEndpoint).pathname : pushEndpoint;
  const problem = difference([
    ['its topic', found.topic, topic],
    ['its state', stateOf(found), 'ACTIVE'],
    ['its endpoint', endpoint, `${uri ?? ''}/${topic}`],
    ['its account', oidcToken.serviceAccountEmail, names.account(place, 'pubsub-push')],
    ...(uri === undefined ? [] : [['its audience', oidcToken.audience, uri] as Row]),
    ['its ack deadline', found.ackDeadlineSeconds, (kind === 'step' ? dispatch : trigger).ackDeadlineSeconds],
    ['its dead letter topic', deadLetterPolicy.deadLetterTopic, names.topic(place, deadLetter.topic)],
    ['its most deliveries', deadLetterPolicy.maxDeliveryAttempts, deadLetter.maxDeliveryAttempts],
    ['its shortest backoff', retryPolicy.minimumBackoff, `${retry.minimumBackoffSeconds}s`],
    ['its longest backoff', retryPolicy.maximumBackoff, `${retry.maximumBackoffSeconds}s`],
    ['when it expires', expiryOf(found), 'never'],
  ]);
  return { problem, fix: apply };
}

const stateOf = ({ state, detached }: SubscriptionJson): string => (detached ? 'detached' : state);

const expiryOf = ({ expirationPolicy }: SubscriptionJson): string =>
  expirationPolicy === undefined ? 'after 31 days' : (expirationPolicy.ttl ?? 'never');
