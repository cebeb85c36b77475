import type { Message, Subscription } from '#local/pubsub/resources.ts';

/**
 * The message as it is forwarded to the dead letter topic.
 * Attributes: https://cloud.google.com/pubsub/docs/handling-failures
 */
export function deadLetterOf(message: Message, attempts: number, subscription: Subscription): Message {
  const [, project = '', , id = ''] = subscription.name.split('/');
  return {
    ...message,
    attributes: {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempts),
      CloudPubSubDeadLetterSourceSubscription: id,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: message.publishTime,
    },
  };
}
