import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ServerResponse } from 'node:http';
import { v1 } from '@google-cloud/pubsub';
import { OAuth2Client } from 'google-auth-library';
import { serve } from '#local/http.ts';
import { createIdentity } from '#local/identity/identity.ts';
import type { DeliveryEvent } from '#local/pubsub/push.ts';
import { createPubsub, type PubsubOptions } from '#local/pubsub/pubsub.ts';
import { openStore, type Store } from '#local/store.ts';
import { createReceiver, type Push } from '#test/local/pubsub/receiver.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const publisher = 'publisher@slipway-local.iam.gserviceaccount.com';
const pusher = 'pusher@slipway-local.iam.gserviceaccount.com';
const topic = 'projects/slipway-local/topics/orders';
const subscription = 'projects/slipway-local/subscriptions/orders-push';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(options: Partial<PubsubOptions> & { store?: Store; started?: boolean } = {}) {
  const clock = createVirtualClock();
  const store = options.store ?? openStore(':memory:');
  const identity = await createIdentity({ store, clock, issuer: 'http://127.0.0.1' });
  const events: DeliveryEvent[] = [];
  const pubsub = createPubsub({
    clock,
    identity,
    onDelivery: (event) => events.push(event),
    ...options,
    store,
  });
  const server = await serve({
    routes: pubsub.routes,
    authenticate: (token) => identity.authenticate(token),
  });
  cleanups.push(
    () => server.close(),
    () => pubsub.stop(),
  );
  const token = identity.accessToken(publisher);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.origin}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const publish = (...data: string[]) =>
    pubsub.publish(
      topic,
      data.map((text) => ({ data: text })),
    );
  if (options.started ?? true) pubsub.start();
  return { clock, store, identity, events, pubsub, server, call, publish, token };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

async function receiver(answer?: (push: Push, response: ServerResponse, count: number) => void) {
  const made = await createReceiver(answer);
  cleanups.push(() => made.close());
  return made;
}

/** A topic and one push subscription to that address. */
async function subscribe({ call }: SetUp, url: string, settings: object = {}) {
  await call('PUT', topic, {});
  const made = await call('PUT', subscription, { topic, pushConfig: { pushEndpoint: url }, ...settings });
  expect(made.status).toBe(200);
}

const refuse = (_: Push, response: ServerResponse): void => void response.writeHead(500).end();

describe('topics and subscriptions', () => {
  it('are created, shown with their defaults, listed and deleted', async () => {
    const { call } = await setUp();
    await call('PUT', topic, { labels: { part: 'orders' } });
    expect((await call('GET', topic)).body).toEqual({ name: topic, labels: { part: 'orders' } });
    await call('PUT', subscription, { topic });
    expect((await call('GET', subscription)).body).toEqual({
      name: subscription,
      topic,
      pushConfig: { pushEndpoint: '' },
      ackDeadlineSeconds: 10,
      messageRetentionDuration: '604800s',
      expirationPolicy: { ttl: '2678400s' },
      state: 'ACTIVE',
    });
    expect((await call('GET', `${topic}/subscriptions`)).body).toEqual({ subscriptions: [subscription] });
    expect((await call('GET', 'projects/other/topics')).body).toEqual({ topics: [] });
    await call('DELETE', topic);
    expect((await call('GET', subscription)).body['topic']).toBe('_deleted-topic_');
    await call('DELETE', subscription);
    expect((await call('GET', subscription)).status).toBe(404);
  });

  it.each([
    ['a topic id of two letters', topic.replace('orders', 'ab'), {}, 400],
    ['a topic id that starts with goog', topic.replace('orders', 'google'), {}, 400],
    ['a topic that exists', topic, {}, 409],
    ['an unknown field', `${topic}-2`, { colour: 'red' }, 400],
    ['a subscription to nothing', subscription, { topic: `${topic}-none` }, 404],
    ['an ack deadline of 5 s', subscription, { topic, ackDeadlineSeconds: 5 }, 400],
    ['an ack deadline of 601 s', subscription, { topic, ackDeadlineSeconds: 601 }, 400],
    [
      '4 delivery attempts',
      subscription,
      { topic, deadLetterPolicy: { deadLetterTopic: topic, maxDeliveryAttempts: 4 } },
      400,
    ],
    [
      'a dead letter topic that does not exist',
      subscription,
      { topic, deadLetterPolicy: { deadLetterTopic: `${topic}-dead` } },
      404,
    ],
    [
      'a minimum backoff above the maximum',
      subscription,
      { topic, retryPolicy: { minimumBackoff: '60s', maximumBackoff: '10s' } },
      400,
    ],
    ['a retention of a minute', subscription, { topic, messageRetentionDuration: '60s' }, 400],
    [
      'a push out of this machine',
      subscription,
      { topic, pushConfig: { pushEndpoint: 'http://example.com/' } },
      400,
    ],
    ['a push by https', subscription, { topic, pushConfig: { pushEndpoint: 'https://127.0.0.1:1/' } }, 400],
    ['a filter', subscription, { topic, filter: 'attributes.kind = "x"' }, 501],
    ['ordering', subscription, { topic, enableMessageOrdering: true }, 501],
    ['exactly-once delivery', subscription, { topic, enableExactlyOnceDelivery: true }, 501],
  ])('refuses %s', async (_, path, body, status) => {
    const { call } = await setUp();
    await call('PUT', topic, {});
    expect((await call('PUT', path, body)).status).toBe(status);
  });

  it('changes the fields of the update mask only, and refuses to move a subscription', async () => {
    const made = await setUp();
    await subscribe(made, 'http://127.0.0.1:1/', { labels: { a: 'b' } });
    const patched = await made.call('PATCH', subscription, {
      subscription: { name: subscription, ackDeadlineSeconds: 60, labels: { c: 'd' } },
      updateMask: 'ack_deadline_seconds',
    });
    expect(patched.body).toMatchObject({ ackDeadlineSeconds: 60, labels: { a: 'b' } });
    const moved = await made.call('PATCH', subscription, {
      subscription: { topic: 'x' },
      updateMask: 'topic',
    });
    expect(moved.status).toBe(400);
  });
});

describe('the stack', () => {
  it('makes sure of topics and subscriptions at every start, also when the receiver has a new address', async () => {
    const { pubsub, call } = await setUp();
    for (const port of [1, 2]) {
      pubsub.ensureTopic(topic);
      const pushConfig = { pushEndpoint: `http://127.0.0.1:${port}/` };
      pubsub.ensureSubscription({ name: subscription, topic, ackDeadlineSeconds: 120, pushConfig });
    }
    expect((await call('GET', subscription)).body).toMatchObject({
      ackDeadlineSeconds: 120,
      pushConfig: { pushEndpoint: 'http://127.0.0.1:2/' },
    });
    pubsub.ensureTopic(`${topic}-2`);
    expect(() => pubsub.ensureSubscription({ name: subscription, topic: `${topic}-2` })).toThrow(
      'not mutable',
    );
  });
});

describe('publishing', () => {
  it.each([
    ['nothing', [], 400],
    ['an empty message', [{}], 400],
    ['a message with empty data', [{ data: '' }], 400],
    ['data that is not base64', [{ data: '{}' }], 400],
    [
      '101 attributes',
      [{ attributes: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, 'v'])) }],
      400,
    ],
    ['a reserved attribute', [{ attributes: { googclient: 'x' } }], 400],
    ['an ordering key', [{ data: 'e30=', orderingKey: 'k' }], 501],
    ['an attribute alone', [{ attributes: { kind: 'x' } }], 200],
  ])('%s answers accordingly', async (_, messages, status) => {
    const { call } = await setUp();
    await call('PUT', topic, {});
    expect((await call('POST', `${topic}:publish`, { messages })).status).toBe(status);
  });

  it('needs a topic, a token and permission', async () => {
    const { call, server } = await setUp({
      mayPublish: (email, name) => email !== publisher || !name.endsWith('orders'),
    });
    const messages = [{ data: 'e30=' }];
    expect((await call('POST', `${topic}-2:publish`, { messages })).status).toBe(404);
    await call('PUT', topic, {});
    expect((await call('POST', `${topic}:publish`, { messages })).status).toBe(403);
    expect((await fetch(`${server.origin}/v1/${topic}:publish`, { method: 'POST' })).status).toBe(401);
  });
});

describe('a push', () => {
  it("has Google's body, and the identity token of the subscription's account for the endpoint", async () => {
    const made = await setUp();
    const to = await receiver();
    await subscribe(made, to.url, {
      pushConfig: { pushEndpoint: to.url, oidcToken: { serviceAccountEmail: pusher } },
    });
    const [messageId] = made.pubsub.publish(topic, [{ data: 'hello', attributes: { kind: 'x' } }]);
    await vi.waitFor(() =>
      expect(made.events).toMatchObject([{ outcome: 'acked', status: 204, attempt: 1 }]),
    );
    const publishTime = new Date(made.clock.now()).toISOString();
    expect(to.pushes[0]!.body).toEqual({
      message: {
        data: Buffer.from('hello').toString('base64'),
        attributes: { kind: 'x' },
        messageId,
        message_id: messageId,
        publishTime,
        publish_time: publishTime,
      },
      subscription,
    });
    const token = to.pushes[0]!.headers.authorization!.replace('Bearer ', '');
    expect(await made.identity.verifyIdToken(token, to.url)).toBe(pusher);
    expect(made.pubsub.backlog(subscription)).toEqual([]);
  });

  it('uses the audience that is set, and sends no token when none is wanted', async () => {
    const made = await setUp();
    const to = await receiver();
    const oidcToken = { serviceAccountEmail: pusher, audience: 'http://127.0.0.1:9' };
    await subscribe(made, to.url, { pushConfig: { pushEndpoint: to.url, oidcToken } });
    await made.call('PUT', `${subscription}-2`, { topic, pushConfig: { pushEndpoint: to.url } });
    made.publish('x');
    await vi.waitFor(() => expect(to.pushes).toHaveLength(2));
    const tokens = to.pushes.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));
    expect(await made.identity.verifyIdToken(tokens.find(Boolean)!, oidcToken.audience)).toBe(pusher);
    expect(tokens).toContain(undefined);
  });

  it.each([
    [200, 'acked'],
    [201, 'acked'],
    [202, 'acked'],
    [204, 'acked'],
    [203, 'nacked'],
    [302, 'nacked'],
    [404, 'nacked'],
    [503, 'nacked'],
  ])('answered %i counts as %s', async (status, outcome) => {
    const made = await setUp();
    const to = await receiver((_, response) => void response.writeHead(status, { location: '/' }).end());
    await subscribe(made, to.url, { retryPolicy: {} });
    made.publish('x');
    await vi.waitFor(() => expect(made.events).toMatchObject([{ outcome, status }]));
  });

  it('is retried with doubling backoff between minimum and maximum', async () => {
    const made = await setUp();
    const at: number[] = [];
    const to = await receiver((push, response) => {
      at.push(made.clock.now());
      refuse(push, response);
    });
    await subscribe(made, to.url, { retryPolicy: { minimumBackoff: '10s', maximumBackoff: '60s' } });
    made.publish('x');
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await vi.waitFor(() => expect(made.events).toHaveLength(attempt));
      await made.clock.next();
    }
    expect(at.slice(1, 6).map((time, index) => (time - at[index]!) / 1000)).toEqual([10, 20, 40, 60, 60]);
  });

  it('without a retry policy is repeated at once', async () => {
    const made = await setUp();
    const to = await receiver((push, response, count) =>
      count === 1 ? refuse(push, response) : response.writeHead(200).end(),
    );
    await subscribe(made, to.url);
    made.publish('x');
    await vi.waitFor(() => expect(made.events.map(({ outcome }) => outcome)).toEqual(['nacked', 'acked']));
  });

  it('that is not answered is cut at the ack deadline and delivered again', async () => {
    const made = await setUp();
    let cut = false;
    const to = await receiver((_, response, count) => {
      if (count > 1) response.writeHead(204).end();
      else response.on('close', () => (cut = true));
    });
    await subscribe(made, to.url, { ackDeadlineSeconds: 30 });
    made.publish('x');
    await vi.waitFor(() => expect(to.pushes).toHaveLength(1));
    await made.clock.advance(29_999);
    expect(made.events).toEqual([]);
    await made.clock.advance(1);
    await vi.waitFor(() => expect(made.events.map(({ outcome }) => outcome)).toEqual(['deadline', 'acked']));
    expect(cut).toBe(true);
  });

  it('counts its attempts and ends in the dead letter topic', async () => {
    const made = await setUp();
    const to = await receiver(refuse);
    const deadTopic = 'projects/slipway-local/topics/dead-letters';
    const deadSubscription = 'projects/slipway-local/subscriptions/dead-letters-pull';
    await made.call('PUT', deadTopic, {});
    await made.call('PUT', deadSubscription, { topic: deadTopic });
    await subscribe(made, to.url, {
      retryPolicy: { minimumBackoff: '1s' },
      deadLetterPolicy: { deadLetterTopic: deadTopic, maxDeliveryAttempts: 5 },
    });
    made.pubsub.publish(topic, [{ data: 'x', attributes: { kind: 'k' } }]);
    const published = new Date(made.clock.now()).toISOString();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await vi.waitFor(() => expect(to.pushes).toHaveLength(attempt));
      await vi.waitFor(() => expect(made.events.length).toBeGreaterThanOrEqual(attempt));
      await made.clock.next();
    }
    expect(to.pushes.map(({ body }) => body.deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
    expect(made.events.at(-1)!.outcome).toBe('dead-lettered');
    expect(made.pubsub.backlog(subscription)).toEqual([]);
    const pulled = await made.call('POST', `${deadSubscription}:pull`, { maxMessages: 5 });
    expect(pulled.body['receivedMessages']).toMatchObject([
      {
        message: {
          data: 'eA==',
          attributes: {
            kind: 'k',
            CloudPubSubDeadLetterSourceDeliveryCount: '5',
            CloudPubSubDeadLetterSourceSubscription: 'orders-push',
            CloudPubSubDeadLetterSourceSubscriptionProject: 'slipway-local',
            CloudPubSubDeadLetterSourceTopicPublishTime: published,
          },
        },
      },
    ]);
  });

  it('never has more than the allowed number outstanding', async () => {
    const made = await setUp({ maxOutstanding: 2 });
    const open: ServerResponse[] = [];
    const to = await receiver((_, response) => open.push(response));
    await subscribe(made, to.url);
    made.publish('a', 'b', 'c');
    await vi.waitFor(() => expect(open).toHaveLength(2));
    await made.clock.advance(0);
    expect(open).toHaveLength(2);
    open[0]!.writeHead(204).end();
    await vi.waitFor(() => expect(open).toHaveLength(3));
  });

  it('of many messages at once warns of nothing and leaves nothing waiting', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const made = await setUp();
    const to = await receiver((push, response) =>
      made.events.length < 50 ? refuse(push, response) : response.writeHead(200).end(),
    );
    await subscribe(made, to.url, { retryPolicy: { minimumBackoff: '10s' } });
    made.publish(...Array.from({ length: 50 }, (_, n) => String(n)));
    await vi.waitFor(() => expect(made.events).toHaveLength(50));
    await made.clock.advance(10_000);
    await vi.waitFor(() => expect(made.pubsub.backlog(subscription)).toEqual([]));
    expect(made.clock.sleeping).toBe(0);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('is given up when the message is older than its retention', async () => {
    const made = await setUp();
    const to = await receiver(refuse);
    await subscribe(made, to.url, {
      messageRetentionDuration: '600s',
      retryPolicy: { minimumBackoff: '600s' },
    });
    made.publish('x');
    await vi.waitFor(() => expect(made.events).toHaveLength(1));
    await made.clock.advance(600_000);
    expect(made.events.map(({ outcome }) => outcome)).toEqual(['nacked', 'expired']);
    expect(made.pubsub.backlog(subscription)).toEqual([]);
  });

  it('survives a restart: what was not acknowledged is delivered again, with its attempts', async () => {
    const store = openStore(':memory:');
    const first = await setUp({ store });
    const deaf = await receiver(() => undefined);
    await subscribe(first, deaf.url);
    const ids = first.publish('x');
    await vi.waitFor(() => expect(deaf.pushes).toHaveLength(1));
    await first.pubsub.stop();
    expect(first.events).toEqual([]);

    const to = await receiver();
    const second = await setUp({ store, started: false });
    await second.call('POST', `${subscription}:modifyPushConfig`, { pushConfig: { pushEndpoint: to.url } });
    second.pubsub.start();
    await vi.waitFor(() => expect(second.events).toMatchObject([{ outcome: 'acked', attempt: 2 }]));
    expect(to.pushes.map(({ body }) => body.message['messageId'])).toEqual(ids);
    expect(second.publish('y')).not.toEqual(ids);
  });

  it('can be made to go wrong: twice, late, or with its acknowledgement lost', async () => {
    const faults = [{ duplicate: true }, { dropAck: true }, { delayMs: 5000 }];
    const made = await setUp({ faults: () => faults.shift() });
    const to = await receiver();
    await subscribe(made, to.url);
    made.publish('twice');
    await vi.waitFor(() => expect(made.events).toHaveLength(1));
    expect(to.pushes).toHaveLength(2);
    made.publish('lost');
    await vi.waitFor(() => expect(made.events).toMatchObject([{}, { outcome: 'nacked', status: 204 }]));
    expect(to.pushes).toHaveLength(3);
    await made.clock.advance(4999);
    expect(to.pushes).toHaveLength(3);
    await made.clock.advance(1);
    await vi.waitFor(() => expect(made.events).toMatchObject([{}, {}, { outcome: 'acked', attempt: 2 }]));
  });
});

describe('a pull subscription', () => {
  const pulls = async () => {
    const made = await setUp();
    await made.call('PUT', topic, {});
    await made.call('PUT', subscription, { topic, ackDeadlineSeconds: 20 });
    const pull = async () =>
      ((await made.call('POST', `${subscription}:pull`, { maxMessages: 10 })).body['receivedMessages'] ??
        []) as {
        ackId: string;
        message: { data: string };
      }[];
    return { ...made, pull };
  };

  it('leases messages until they are acknowledged', async () => {
    const { publish, pull, call, pubsub } = await pulls();
    publish('a', 'b');
    const [a, b] = await pull();
    expect(await pull()).toEqual([]);
    await call('POST', `${subscription}:acknowledge`, { ackIds: [a!.ackId] });
    expect(pubsub.backlog(subscription).map(({ message }) => message.data)).toEqual([b!.message.data]);
  });

  it('gives a message again when its lease ends, when it is given back, and later when the lease is extended', async () => {
    const { publish, pull, call, clock, events } = await pulls();
    publish('a');
    const [first] = await pull();
    await call('POST', `${subscription}:modifyAckDeadline`, {
      ackIds: [first!.ackId],
      ackDeadlineSeconds: 60,
    });
    await clock.advance(59_999);
    expect(await pull()).toEqual([]);
    await clock.advance(1);
    const [second] = await pull();
    expect(second!.ackId).not.toBe(first!.ackId);
    await call('POST', `${subscription}:acknowledge`, { ackIds: [first!.ackId] });
    await call('POST', `${subscription}:modifyAckDeadline`, {
      ackIds: [second!.ackId],
      ackDeadlineSeconds: 0,
    });
    expect(await pull()).toHaveLength(1);
    expect(events.map(({ outcome }) => outcome)).toEqual(['deadline', 'nacked']);
  });

  it('is refused where messages are pushed', async () => {
    const made = await setUp();
    await subscribe(made, 'http://127.0.0.1:1/');
    expect((await made.call('POST', `${subscription}:pull`, { maxMessages: 1 })).status).toBe(400);
  });
});

describe('the official clients in REST mode', () => {
  it('publish, create, pull and acknowledge', async () => {
    const { server, token } = await setUp();
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: token });
    const options = {
      fallback: true,
      protocol: 'http',
      apiEndpoint: '127.0.0.1',
      port: server.port,
      authClient,
      projectId: 'slipway-local',
    };
    const publishers = new v1.PublisherClient(options);
    const subscribers = new v1.SubscriberClient(options);
    cleanups.push(
      () => publishers.close(),
      () => subscribers.close(),
    );

    await publishers.createTopic({ name: topic });
    const [made] = await subscribers.createSubscription({
      name: subscription,
      topic,
      retryPolicy: { minimumBackoff: { seconds: 10 } },
    });
    expect(made).toMatchObject({ name: subscription, ackDeadlineSeconds: 10, state: 'ACTIVE' });
    const [published] = await publishers.publish({
      topic,
      messages: [{ data: Buffer.from('hello'), attributes: { kind: 'x' } }],
    });
    expect(published.messageIds).toHaveLength(1);
    const [pulled] = await subscribers.pull({ subscription, maxMessages: 1 });
    const [received] = pulled.receivedMessages!;
    expect(Buffer.from(received!.message!.data as Uint8Array).toString()).toBe('hello');
    await subscribers.acknowledge({ subscription, ackIds: [received!.ackId!] });
    await expect(publishers.getTopic({ topic: `${topic}-none` })).rejects.toMatchObject({ code: 5 });
    const [updated] = await subscribers.updateSubscription({
      subscription: { name: subscription, ackDeadlineSeconds: 60 },
      updateMask: { paths: ['ack_deadline_seconds'] },
    });
    expect(updated.ackDeadlineSeconds).toBe(60);
  });
});
