import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue } from '#local/http.ts';
import type { Collection, Store } from '#local/store.ts';
import { checkId, supportedFields, Subscription, Topic } from '#local/pubsub/resources.ts';

/** What Pub/Sub shows as the topic of a subscription whose topic was deleted. */
const deletedTopic = '_deleted-topic_';

/** Which fields of a subscription may be changed after its creation. */
const mutable = [
  'pushConfig',
  'ackDeadlineSeconds',
  'messageRetentionDuration',
  'retryPolicy',
  'deadLetterPolicy',
  'labels',
  'expirationPolicy',
];

export interface Registry {
  topics: Collection<Topic>;
  subscriptions: Collection<Subscription>;
  /** @throws GoogleError NOT_FOUND */
  topic(name: string): Topic;
  /** @throws GoogleError NOT_FOUND */
  subscription(name: string): Subscription;
  /** The subscriptions that get what is published to that topic. */
  attachedTo(topic: string): Subscription[];
  createTopic(name: string, body: unknown): Topic;
  deleteTopic(name: string): void;
  createSubscription(name: string, body: unknown): Subscription;
  updateSubscription(current: Subscription, change: Record<string, unknown>): Subscription;
}

/** Which topics and subscriptions exist, and what may be created or changed. */
export function createRegistry(store: Store): Registry {
  const topics = store.collection<Topic>('pubsub.topics');
  const subscriptions = store.collection<Subscription>('pubsub.subscriptions');

  function found<T>(name: string, resource: T | undefined): T {
    if (resource === undefined) {
      throw new GoogleError('NOT_FOUND', `Resource not found (resource=${lastOf(name)}).`);
    }
    return resource;
  }

  function checkNew(name: string, kind: string, collection: Collection<unknown>): void {
    checkId(kind, lastOf(name));
    if (collection.get(name) !== undefined) {
      throw new GoogleError(
        'ALREADY_EXISTS',
        `Resource already exists in the project (resource=${lastOf(name)}).`,
      );
    }
  }

  function checked(subscription: Subscription): Subscription {
    if (subscription.topic !== deletedTopic) found(subscription.topic, topics.get(subscription.topic));
    const deadLetters = subscription.deadLetterPolicy?.deadLetterTopic;
    if (deadLetters !== undefined) found(deadLetters, topics.get(deadLetters));
    checkEndpoint(subscription.pushConfig.pushEndpoint);
    return subscription;
  }

  return {
    topics,
    subscriptions,
    topic: (name) => found(name, topics.get(name)),
    subscription: (name) => found(name, subscriptions.get(name)),
    attachedTo: (topic) => subscriptions.list().filter((subscription) => subscription.topic === topic),
    createTopic(name, body) {
      checkNew(name, 'topic', topics);
      const topic = parsedValue(Topic, named(name, body));
      topics.put(name, topic);
      return topic;
    },
    deleteTopic(name) {
      found(name, topics.get(name));
      topics.delete(name);
      for (const subscription of subscriptions.list()) {
        if (subscription.topic === name)
          subscriptions.put(subscription.name, { ...subscription, topic: deletedTopic });
      }
    },
    createSubscription(name, body) {
      checkNew(name, 'subscription', subscriptions);
      const subscription = checked(parsedValue(Subscription, named(name, body)));
      subscriptions.put(name, subscription);
      return subscription;
    },
    updateSubscription(current, change) {
      for (const field of Object.keys(change)) {
        if (mutable.includes(field)) continue;
        throw new GoogleError(
          'INVALID_ARGUMENT',
          `Invalid update_mask provided in the UpdateSubscriptionRequest: the '${field}' field in the Subscription is not mutable.`,
        );
      }
      const subscription = checked(parsedValue(Subscription, { ...current, ...change }));
      subscriptions.put(current.name, subscription);
      return subscription;
    },
  };
}

/** The name stands in the path; a body may repeat it, but not contradict it. */
function named(name: string, body: unknown): unknown {
  const fields = supportedFields(parsedValue(z.record(z.string(), z.unknown()), body));
  if (fields['name'] !== undefined && fields['name'] !== name) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Name ${JSON.stringify(fields['name'])} in the body is not "${name}" as in the address`,
    );
  }
  return { ...fields, name };
}

/** Google wants HTTPS; this one pushes to this machine only, so that no token leaves it. */
function checkEndpoint(endpoint: string): void {
  if (endpoint === '') return;
  const url = URL.parse(endpoint);
  if (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname)) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid push endpoint given (endpoint=${endpoint}). The local Pub/Sub pushes to http://127.0.0.1:PORT/… only.`,
  );
}

function lastOf(name: string): string {
  return name.split('/').at(-1) ?? name;
}
