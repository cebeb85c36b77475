import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { imagePush } from '#functions/triggers/image-push.ts';
import { pushed } from '#test/support/engine.ts';
import { admitted } from '#test/support/dispatch.ts';
import { createWorld, delivery, digestOf, image, type World } from '#test/support/world.ts';

const digest = digestOf('v1');
const send = (world: World, data: unknown) => imagePush(world.deps, delivery('gcr', data, 'm-1'));
const asked = (world: World) => world.pubsub.published;

describe('image-push', () => {
  it.each([
    ['a tag with its digest', pushed('v1', digest), { image, tag: 'v1', digest }],
    ['a tag alone', pushed('v1'), { image, tag: 'v1' }],
    [
      'a tag of a host with a port',
      { action: 'INSERT', tag: 'h:5000/p/r/i:v1' },
      { image: 'h:5000/p/r/i', tag: 'v1' },
    ],
    ['a tag that only looks like a deployment of ours', pushed('dependencies'), { tag: 'dependencies' }],
  ])('asks admit for %s, under the id of the message', async (_name, data, request) => {
    const world = createWorld();
    await send(world, data);
    expect(asked(world)).toMatchObject([
      {
        topic: 'deploy-requests',
        message: { kind: 'image', requestId: 'm-1', requestedBy: 'topic gcr', ...request },
      },
    ]);
  });

  it.each([
    ['a deletion', { action: 'DELETE', tag: `${image}:v1` }, /was deleted/],
    ['a deletion of a digest', { action: 'DELETE', digest: `${image}@${digest}` }, /was deleted/],
    ['a digest without a tag', { action: 'INSERT', digest: `${image}@${digest}` }, /has no tag/],
    ['an event that names nothing', { action: 'INSERT' }, /has no tag/],
    ['a tag that a deployment of ours pushed', pushed('d00000000001', digest), /was pushed by a deployment/],
  ])('asks for nothing because of %s, and records why', async (_name, data, reason) => {
    const world = createWorld();
    await admitted(world);
    await send(world, data);
    expect(asked(world)).toEqual([]);
    expect(await world.deps.ledger.list('requests')).toMatchObject([
      { requestId: 'm-1', decision: 'ignored', reason: expect.stringMatching(reason) },
    ]);
  });

  it.each([
    ['no JSON', undefined, /not an Artifact Registry/],
    ['another action', { action: 'UPDATE', tag: `${image}:v1` }, /not an Artifact Registry/],
    ['a tag that is no text', { action: 'INSERT', tag: 7 }, /not an Artifact Registry/],
    ['a tag that is no reference', { action: 'INSERT', tag: 'hello:v1' }, /not an image reference/],
    ['a tag without a tag', { action: 'INSERT', tag: image }, /not an image reference/],
    [
      'a digest of another length',
      { action: 'INSERT', tag: `${image}:v1`, digest: `${image}@sha256:ab` },
      /not an image/,
    ],
    [
      'a tag and a digest of two images',
      { action: 'INSERT', tag: `${image}:v1`, digest: `h/p/r/other@${digest}` },
      /different images/,
    ],
  ])('refuses %s', async (_name, data, reason) => {
    const world = createWorld();
    await send(world, data);
    expect(asked(world)).toEqual([]);
    expect(await world.deps.ledger.list('refusals')).toMatchObject([
      { target: 'gcr', messageId: 'm-1', reason: expect.stringMatching(reason) },
    ]);
  });

  it('is not acknowledged when the request could not be published', async () => {
    const world = createWorld();
    world.pubsub.publish = () => Promise.reject(new Fault('unavailable', '503'));
    await expect(send(world, pushed('v1'))).rejects.toThrow('503');
  });
});
