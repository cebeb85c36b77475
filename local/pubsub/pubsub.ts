import type { Clock } from '#shared/clock.ts';
import type { LocalService } from '#local/http.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Store } from '#local/store.ts';
import { createDeliveries, type Pending } from '#local/pubsub/delivery.ts';
import type { DeliveryEvent, DeliveryFault } from '#local/pubsub/push.ts';
import { createRegistry } from '#local/pubsub/registry.ts';
import {
  checkMessage,
  type Message,
  type Publishable,
  type Subscription,
  type SubscriptionSettings,
} from '#local/pubsub/resources.ts';
import { pubsubRoutes } from '#local/pubsub/routes.ts';

/** Pub/Sub v1: topics, push and pull subscriptions, real pushes over HTTP. */
export interface LocalPubsub extends LocalService {
  /** Pushes begin; call it when the receivers listen. Publishing before is fine. */
  start(): void;
  /**
   * Publishes for another service of the local cloud.
   * @param topic `projects/P/topics/T`
   * @returns message ids
   * @throws GoogleError NOT_FOUND when the topic does not exist
   */
  publish(
    topic: string,
    messages: { data?: string | Buffer; attributes?: Record<string, string> }[],
  ): string[];
  /** Creates the topic unless it exists. */
  ensureTopic(name: string): void;
  /** Creates the subscription, or changes the settings given; its topic cannot change. */
  ensureSubscription(settings: Pick<Subscription, 'name' | 'topic'> & SubscriptionSettings): void;
  /** What a subscription (`projects/P/subscriptions/S`) has not had acknowledged. */
  backlog(subscription: string): Pending[];
  stop(): Promise<void>;
}

export interface PubsubOptions {
  store: Store;
  clock: Clock;
  identity: Identity;
  /** Whether this account has `pubsub.topics.publish` on that topic; everybody unless told otherwise. */
  mayPublish?: (email: string, topic: string) => boolean;
  /** Pushes of one subscription at the same time; 100 unless told otherwise. */
  maxOutstanding?: number;
  /** Decides per push what is to go wrong with it. */
  faults?: (delivery: {
    subscription: string;
    messageId: string;
    attempt: number;
  }) => DeliveryFault | undefined;
  onDelivery?: (event: DeliveryEvent) => void;
}

export function createPubsub(options: PubsubOptions): LocalPubsub {
  const { clock } = options;
  const registry = createRegistry(options.store);
  const counters = options.store.collection<{ last: number }>('pubsub.counters');
  const deliveries = createDeliveries({
    ...options,
    find: (name) => registry.subscriptions.get(name),
    deadLetter: (topic, { data, attributes }) => {
      if (!registry.topics.get(topic)) return false;
      send(topic, data, attributes);
      return true;
    },
    maxOutstanding: options.maxOutstanding ?? 100,
    faults: options.faults ?? (() => undefined),
    onDelivery: options.onDelivery ?? (() => undefined),
  });

  function send(topic: string, data: string | undefined, attributes: Record<string, string> = {}): string {
    const last = (counters.get('message')?.last ?? 0) + 1;
    counters.put('message', { last });
    const message: Message = {
      ...(data ? { data } : {}),
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
      messageId: String(last),
      publishTime: new Date(clock.now()).toISOString(),
    };
    for (const subscription of registry.attachedTo(topic)) deliveries.enqueue(subscription.name, message);
    return message.messageId;
  }

  /** All or nothing: every message is checked before the first is sent. */
  function publish(topic: string, messages: Publishable[]): string[] {
    registry.topic(topic);
    for (const message of messages) checkMessage(message);
    return messages.map(({ data, attributes }) => send(topic, data, attributes));
  }

  function remake(current: Subscription, change: Record<string, unknown>): Subscription {
    const next = registry.updateSubscription(current, change);
    deliveries.advance(next.name);
    return next;
  }

  return {
    routes: pubsubRoutes({
      registry,
      deliveries,
      publish,
      remake,
      mayPublish: options.mayPublish ?? (() => true),
    }),
    start: () => deliveries.start(),
    ensureTopic(name) {
      if (!registry.topics.get(name)) registry.createTopic(name, {});
    },
    ensureSubscription(settings) {
      const { name, topic, ...change } = settings;
      const current = registry.subscriptions.get(name);
      if (!current) registry.createSubscription(name, settings);
      else remake(current, current.topic === topic ? change : { topic });
    },
    publish: (topic, messages) =>
      publish(
        topic,
        messages.map(({ data = '', attributes = {} }) => ({
          data: Buffer.from(data).toString('base64'),
          attributes,
          orderingKey: '',
        })),
      ),
    backlog: deliveries.backlog,
    stop: () => deliveries.stop(),
  };
}
