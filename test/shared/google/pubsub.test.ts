import { describe, expect, it, onTestFinished } from 'vitest';
import { createPubsub } from '#local/pubsub/pubsub.ts';
import { createPubSub } from '#shared/google/pubsub.ts';
import { createRest } from '#shared/google/rest.ts';
import { fixedTokens, openCloud, openServer } from './cloud.ts';

const topic = 'projects/slipway-local/topics/deploy-requests';
const subscription = 'projects/slipway-local/subscriptions/all';

async function openPubsub() {
  const cloud = await openCloud();
  const publishers: string[] = [];
  const service = createPubsub({
    store: cloud.store,
    clock: cloud.clock,
    identity: cloud.identity,
    mayPublish(email) {
      publishers.push(email);
      return true;
    },
  });
  onTestFinished(() => service.stop());
  const endpoint = await cloud.listen(service.routes);
  const put = async (path: string, json: unknown) =>
    cloud.rest.call({ url: `${endpoint}/v1/${path}`, method: 'PUT', body: JSON.stringify(json) });
  await put(topic, {});
  await put(subscription, { topic });
  const pubsub = createPubSub({ endpoint, project: 'slipway-local', rest: cloud.rest });
  return { ...cloud, service, pubsub, publishers };
}

describe('publish', () => {
  it('puts the message as JSON into the data, as the account of this process', async () => {
    const { service, pubsub, publishers } = await openPubsub();
    await pubsub.publish('deploy-requests', { image: 'ä', n: 1 });
    const data = service
      .backlog(subscription)
      .map(({ message }) => Buffer.from(message.data ?? '', 'base64').toString());
    expect(data).toEqual(['{"image":"ä","n":1}']);
    expect(publishers).toEqual(['deploy@slipway-local.iam.gserviceaccount.com']);
  });

  it('to a topic that does not exist is not-found', async () => {
    const { pubsub } = await openPubsub();
    await expect(pubsub.publish('nowhere', {})).rejects.toMatchObject({ name: 'Fault', code: 'not-found' });
  });

  it('of something that is no JSON is refused before anything is sent', async () => {
    const { pubsub } = await openPubsub();
    await expect(pubsub.publish('deploy-requests', undefined)).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });

  it.each([
    [503, 'unavailable'],
    [429, 'unavailable'],
    [401, 'permission-denied'],
    [403, 'permission-denied'],
    [500, 'unavailable'],
  ])('answered with %i is sent once only: the message may have been published', async (status, code) => {
    const server = await openServer(() => ({
      status,
      headers: { 'retry-after': '9' },
      body: '{"error":{"message":"no"}}',
    }));
    const pubsub = createPubSub({
      endpoint: server.origin,
      project: 'p',
      rest: createRest({ tokens: fixedTokens }),
    });
    await expect(pubsub.publish('t', {})).rejects.toMatchObject({
      name: 'Fault',
      code,
      retryAfterSeconds: 9,
    });
    expect(server.requests).toHaveLength(1);
  });
});
