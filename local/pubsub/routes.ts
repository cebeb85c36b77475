import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { jsonBody, parsedBody, type LocalRequest, type Route } from '#local/http.ts';
import type { Deliveries } from '#local/pubsub/delivery.ts';
import type { Registry } from '#local/pubsub/registry.ts';
import { Publishable, PushConfig, supportedFields, type Subscription } from '#local/pubsub/resources.ts';

const PublishBody = z.strictObject({ messages: z.array(Publishable).min(1).max(1000) });
const PullBody = z.strictObject({
  maxMessages: z.int().positive(),
  /** Deprecated by Google. Every pull returns at once here: the "bounded time" it may wait is none. */
  returnImmediately: z.boolean().optional(),
});
const AckIds = z.array(z.string()).min(1);
const AckBody = z.strictObject({ ackIds: AckIds });
const DeadlineBody = z.strictObject({ ackIds: AckIds, ackDeadlineSeconds: z.int().min(0).max(600) });

const PatchBody = z.strictObject({
  subscription: z.record(z.string(), z.unknown()),
  updateMask: z.string().min(1),
});

/** The REST face: https://cloud.google.com/pubsub/docs/reference/rest */
export function pubsubRoutes(options: {
  registry: Registry;
  deliveries: Deliveries;
  publish: (topic: string, messages: Publishable[]) => string[];
  /** Changes a subscription and lets its deliveries know. */
  remake: (current: Subscription, change: Record<string, unknown>) => Subscription;
  mayPublish: (email: string, topic: string) => boolean;
}): Route[] {
  const { registry, deliveries, publish, remake, mayPublish } = options;
  const topicsPath = '/v1/projects/{project}/topics';
  const subscriptionsPath = '/v1/projects/{project}/subscriptions';
  const topicName = ({ params }: LocalRequest): string =>
    `projects/${params['project']}/topics/${params['topic']}`;
  const subscriptionName = ({ params }: LocalRequest): string =>
    `projects/${params['project']}/subscriptions/${params['subscription']}`;
  const subscriptionOf = (request: LocalRequest): Subscription =>
    registry.subscription(subscriptionName(request));
  const inProject =
    ({ params }: LocalRequest) =>
    (resource: { name: string }): boolean =>
      resource.name.startsWith(`projects/${params['project']}/`);
  const route = (method: string, path: string, answer: (request: LocalRequest) => unknown): Route => ({
    method,
    path,
    handle: (request) => ({ json: answer(request) }),
  });

  const topics: Route[] = [
    route('PUT', `${topicsPath}/{topic}`, (request) =>
      registry.createTopic(topicName(request), jsonBody(request)),
    ),
    route('GET', topicsPath, (request) => ({ topics: registry.topics.list().filter(inProject(request)) })),
    route('GET', `${topicsPath}/{topic}`, (request) => registry.topic(topicName(request))),
    route('GET', `${topicsPath}/{topic}/subscriptions`, (request) => {
      registry.topic(topicName(request));
      return { subscriptions: registry.attachedTo(topicName(request)).map(({ name }) => name) };
    }),
    route('DELETE', `${topicsPath}/{topic}`, (request) => {
      registry.deleteTopic(topicName(request));
      return {};
    }),
    route('POST', `${topicsPath}/{topic}:publish`, (request) => {
      const topic = topicName(request);
      if (!mayPublish(request.principal, topic)) {
        throw new GoogleError(
          'PERMISSION_DENIED',
          `User not authorized to perform this action (${request.principal} may not publish to ${topic}).`,
        );
      }
      return { messageIds: publish(topic, parsedBody(request, PublishBody).messages) };
    }),
  ];

  const subscriptions: Route[] = [
    route('PUT', `${subscriptionsPath}/{subscription}`, (request) =>
      answerOf(request, registry.createSubscription(subscriptionName(request), jsonBody(request))),
    ),
    route('GET', subscriptionsPath, (request) => ({
      subscriptions: registry.subscriptions
        .list()
        .filter(inProject(request))
        .map((subscription) => answerOf(request, subscription)),
    })),
    route('GET', `${subscriptionsPath}/{subscription}`, (request) =>
      answerOf(request, subscriptionOf(request)),
    ),
    route('PATCH', `${subscriptionsPath}/{subscription}`, (request) => {
      const { subscription: given, updateMask } = parsedBody(request, PatchBody);
      const subscription = supportedFields(given);
      const fields = updateMask.split(',').map(camelCase);
      return answerOf(
        request,
        remake(
          subscriptionOf(request),
          Object.fromEntries(fields.map((field) => [field, subscription[field]])),
        ),
      );
    }),
    route('POST', `${subscriptionsPath}/{subscription}:modifyPushConfig`, (request) => {
      const { pushConfig } = parsedBody(request, z.strictObject({ pushConfig: PushConfig }));
      remake(subscriptionOf(request), { pushConfig });
      return {};
    }),
    route('DELETE', `${subscriptionsPath}/{subscription}`, (request) => {
      const { name } = subscriptionOf(request);
      deliveries.drop(name);
      registry.subscriptions.delete(name);
      return {};
    }),
  ];

  const pulling: Route[] = [
    route('POST', `${subscriptionsPath}/{subscription}:pull`, (request) => {
      const subscription = subscriptionOf(request);
      if (subscription.pushConfig.pushEndpoint !== '') {
        throw new GoogleError(
          'FAILED_PRECONDITION',
          `${subscription.name} is a push subscription: it cannot be pulled.`,
        );
      }
      const pulled = deliveries.pull(subscription, parsedBody(request, PullBody).maxMessages);
      return {
        receivedMessages: pulled.map(({ ackId, message, attempt }) => ({
          ackId,
          message,
          ...(subscription.deadLetterPolicy ? { deliveryAttempt: attempt } : {}),
        })),
      };
    }),
    route('POST', `${subscriptionsPath}/{subscription}:acknowledge`, (request) => {
      deliveries.acknowledge(subscriptionOf(request).name, parsedBody(request, AckBody).ackIds);
      return {};
    }),
    route('POST', `${subscriptionsPath}/{subscription}:modifyAckDeadline`, (request) => {
      const { ackIds, ackDeadlineSeconds } = parsedBody(request, DeadlineBody);
      deliveries.modifyAckDeadline(subscriptionOf(request).name, ackIds, ackDeadlineSeconds);
      return {};
    }),
  ];

  return [...topics, ...subscriptions, ...pulling];
}

/** The generated clients in REST mode ask for enum numbers. */
function answerOf(request: LocalRequest, subscription: Subscription): unknown {
  const asNumbers = (request.url.searchParams.get('$alt') ?? '').includes('enum-encoding=int');
  return { ...subscription, state: asNumbers ? 1 : 'ACTIVE' };
}

function camelCase(field: string): string {
  return field.trim().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
