import { Fault } from '#shared/domain/fault.ts';
import type { PubSub } from '#shared/ports/platform.ts';
import { callOptions, gapicOptions, viaClient } from './gapic.ts';
import { lazy } from './lazy.ts';
import type { Rest } from './rest.ts';

/** Publishes to topics of one project; they are given by their short name. */
export function createPubSub(options: { endpoint: string; project: string; rest: Rest }): PubSub {
  const publisher = lazy(async () => {
    const { v1 } = await import('@google-cloud/pubsub');
    return new v1.PublisherClient(gapicOptions(options.endpoint, options.rest));
  });
  return {
    async publish(topic, message) {
      // Always data: a message of attributes alone reaches a function in another shape (gcp.md §1.2).
      const text = JSON.stringify(message) as string | undefined;
      if (text === undefined) {
        throw new Fault('invalid-input', `message for the topic "${topic}" is no JSON: ${typeof message}`);
      }
      const request = {
        topic: `projects/${options.project}/topics/${topic}`,
        messages: [{ data: Buffer.from(text) }],
      };
      await viaClient(`publish to ${topic}`, async () => (await publisher()).publish(request, callOptions));
    },
  };
}
