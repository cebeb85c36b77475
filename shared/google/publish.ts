import type { Rest } from './rest.ts';

/** Publishes JSON to a topic, given by its short name; not once the signal has aborted. Not retried. @throws Fault */
export type Publish = (topic: string, message: unknown, signal: AbortSignal) => Promise<void>;

/**
 * The one call of Pub/Sub's REST API that a function makes which has to answer at once: the official client takes longer to
 * load than all the rest of it. https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function createPublish(options: { endpoint: string; project: string; rest: Rest }): Publish {
  const { endpoint, project, rest } = options;
  return async (topic, message, signal) => {
    const data = Buffer.from(JSON.stringify(message)).toString('base64');
    await rest.call({
      url: `${endpoint}/v1/projects/${encodeURIComponent(project)}/topics/${encodeURIComponent(topic)}:publish`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ data }] }),
      signal,
    });
  };
}
