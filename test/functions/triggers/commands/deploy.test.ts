import { describe, expect, it } from 'vitest';
import type { ChatAction } from '#shared/domain/chat.ts';
import { admit } from '#functions/triggers/admit.ts';
import { connect, type Engine } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, delivery, digestOf, image, type World } from '#test/support/world.ts';
import { fileOf, say } from './chat.ts';

const protectedFor = (allow: string, more = ''): string =>
  fileOf('production', `{ allow: { deploy: ${allow} } ${more} }`);

function worldOf(file: string): { world: World; engine: Engine } {
  const world = createWorld();
  world.configure(file);
  world.release('v1');
  world.release('v2');
  return { world, engine: connect(world) };
}
type Confirm = Extract<ChatAction, { action: 'confirm-deploy' }>;
const confirmOf = (buttons: readonly ChatAction[]): Confirm =>
  buttons.find((action): action is Confirm => action.action === 'confirm-deploy')!;

describe('deploy, where nothing is protected', () => {
  it('starts at once, says so in the channel, and the deployment knows who asked and from where', async () => {
    const { world, engine } = worldOf(fileOf('staging'));
    const said = await say(world, 'deploy hello staging v1 reason="the checkout fix"', {
      requestId: 'slack/abc',
    });
    expect(said).toMatchObject({
      inChannel: true,
      record: { decision: 'done', action: 'deploy', person: 'ana@example.com', answered: true },
    });
    expect(said.text).toMatch(/Deploying.*hello staging/);
    const deployment = await world.newest();
    expect(deployment.request).toMatchObject({
      id: 'slack/abc',
      source: 'slack',
      requestedBy: 'ana@example.com',
      slackUser: 'U0ANA',
      digest: digestOf('v1'),
      reason: 'the checkout fix',
    });
    expect(said.record).toMatchObject({ service: 'hello', environment: 'staging', subject: deployment.id });
    await engine.idle();
    expect((await world.newest()).result?.outcome).toBe('live');
  });

  it('hands on the change that is named, with its claims', async () => {
    const { world } = worldOf(fileOf('staging'));
    await say(
      world,
      'deploy hello staging v1 change="#12 Faster" claim="90 s => config:app.database.timeout=90s"',
    );
    const { request } = await world.newest();
    expect(request.change).toEqual({
      id: '#12',
      title: 'Faster',
      claims: ['90 s => config:app.database.timeout=90s'],
    });
  });

  it.each([
    ['elsewhere, so that people there see it', 'C0OTHER', true],
    ['where the deployment has a message of its own, to who asked alone', 'C0DEPLOYS', false],
  ])('answers %s', async (_name, channel, inChannel) => {
    const { world } = worldOf(fileOf('staging', '{}', 'slack: { channel: C0DEPLOYS }'));
    expect(await say(world, 'deploy hello staging v1', { channel })).toMatchObject({ inChannel });
  });

  it.each([
    ['the same again', 'v1', 'Nothing to do', 'done'],
    ['a tag that nobody pushed', 'v9', 'has no tag v9', 'refused'],
  ])('answers what admission says to %s', async (_name, tag, says, decision) => {
    const { world, engine } = worldOf(fileOf('staging'));
    await say(world, 'deploy hello staging v1');
    await engine.idle();
    const { text, record } = await say(world, `deploy hello staging ${tag}`);
    expect(text).toContain(says);
    expect(record.decision).toBe(decision);
  });

  it('waits ten seconds for admission, and then says how to go on', async () => {
    const world = createWorld();
    world.configure(fileOf('staging'));
    const before = world.clock.now();
    const { text, record } = await say(world, 'deploy hello staging v1');
    expect(text).toMatch(/Accepted.*\/deploy status hello staging/s);
    expect(record.decision).toBe('done');
    expect(world.clock.now() - before).toBeLessThanOrEqual(10_500);
    expect(world.pubsub.published).toHaveLength(1);
  });

  it('says honestly that it may have been asked for, when the topic does not confirm', async () => {
    const { world } = worldOf(fileOf('staging'));
    override(world.pubsub, 'publish', () => async () => {
      throw new Error('socket hang up');
    });
    const { text, record } = await say(world, 'deploy hello staging v1');
    expect(text).toMatch(/Perhaps it was done all the same: look with \/deploy status/);
    expect(record).toMatchObject({ decision: 'failed', answered: true });
  });
});

describe('deploy, where it is protected', () => {
  it('shows what it would do and changes nothing until the person who asked confirms it', async () => {
    const { world, engine } = worldOf(protectedFor('[S0DEPLOYERS]'));
    const asked = await say(world, 'deploy hello prod v1', { requestId: 'slack/abc' });
    expect(asked.text).toContain('Deploy hello to production?');
    expect(asked.text).toMatch(/Asked for now, \*it starts at once\*: /);
    expect(asked).toMatchObject({ inChannel: false, record: { decision: 'done' } });
    expect(world.pubsub.published).toEqual([]);
    expect(await world.deps.ledger.list('requests')).toEqual([]);

    const confirmed = await say(world, confirmOf(asked.buttons));
    expect(confirmed).toMatchObject({
      replace: true,
      record: { decision: 'done', action: 'confirm-deploy' },
    });
    expect(confirmed.text).toContain('Deploying');
    expect((await world.newest()).request).toMatchObject({
      id: 'slack/abc',
      groups: ['S0DEPLOYERS'],
      digest: digestOf('v1'),
    });
    // Pressed twice, it is one request.
    const again = await say(world, confirmOf(asked.buttons));
    expect(again.record.subject).toBe((await world.newest()).id);
    await engine.idle();
    expect(await world.deps.ledger.list('deployments')).toHaveLength(1);
  });

  it('shows the change, and deploys with it, however long the command was', async () => {
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]'));
    const claims = Array.from({ length: 4 }, (_, index) => `claim="${index} ${'ä'.repeat(150)}"`).join(' ');
    const command = `deploy hello prod v1 change="#12 Faster" change-url=https://example.com/12 ${claims} reason="${'r'.repeat(100)}"`;
    const asked = await say(world, command);
    expect(asked.text).toMatch(/#12: Faster.*4 claims/s);
    const confirm = confirmOf(asked.buttons);
    expect(JSON.stringify(confirm).length).toBeLessThan(2000);
    await say(world, confirm);
    expect((await world.newest()).request).toMatchObject({
      reason: 'r'.repeat(100),
      change: { id: '#12', claims: { length: 4 } },
    });
  });

  it('tells what is live, what changed in source and settings, and what it has to pass', async () => {
    const { world, engine } = worldOf(protectedFor('[ana@example.com]'));
    const labelled = (tag: string, revision: string): void => {
      const found = {
        ...world.registry.images.get(tag)!,
        labels: {
          'org.opencontainers.image.revision': revision,
          'org.opencontainers.image.source': 'https://github.com/acme/hello.git',
          'dev.slipway.change.id': `#${tag}`,
          'dev.slipway.change.title': 'From the image',
        },
      };
      world.registry.images.set(tag, found).set(found.digest, found);
    };
    labelled('v1', 'aaaaaaa1');
    labelled('v2', 'bbbbbbb2');
    await say(world, confirmOf((await say(world, 'hello production v1')).buttons));
    await engine.idle();
    world.configure(
      protectedFor('[ana@example.com]', ', approvals: { from: [lee@example.com], required: 1 }').replace(
        'access: public',
        'access: public, memory: 1Gi, env: { TOKEN: hush }',
      ),
    );
    const { text, buttons } = await say(world, 'deploy hello production v2');
    expect(text).toMatch(/`v1` \(`[0-9a-f]{12}`\) → `v2` \(`[0-9a-f]{12}`\)/);
    expect(text).toContain('https://github.com/acme/hello/compare/aaaaaaa1...bbbbbbb2');
    expect(text).toContain('`runtime.memory`: `"512Mi"` → `"1Gi"`');
    expect(text).toContain('`runtime.env.TOKEN`: nothing → `(not shown)`');
    expect(text).not.toContain('hush');
    expect(text).toContain('#v2: From the image');
    expect(text).toContain('50 % → 100 %');
    expect(text).toContain('Answers (1)');
    expect(text).toMatch(/it waits for approval.*1 of lee@example.com must approve/s);
    expect(confirmOf(buttons)).toMatchObject({ tag: 'v2', digest: digestOf('v2') });
  });

  it.each<[string, (world: World, confirm: Confirm) => Promise<object> | void, object, RegExp]>([
    ['by somebody else', () => undefined, { user: 'U0LEE' }, /somebody else asked/],
    [
      'after half an hour',
      (world) => world.pass(1801),
      {},
      /more than 30 minutes ago.*deploy hello production v1/s,
    ],
    [
      'after the configuration changed',
      (world) =>
        world.configure(
          protectedFor('[S0DEPLOYERS]').replace('access: public', 'access: public, memory: 1Gi'),
        ),
      {},
      /configuration changed.*deploy hello production v1/s,
    ],
    [
      'by one who may not any more',
      (world) => world.configure(protectedFor('[lee@example.com]')),
      {},
      /may not deploy/,
    ],
  ])('is not confirmed %s', async (_name, meanwhile, who, says) => {
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]'));
    const { buttons } = await say(world, 'deploy hello production v1');
    await meanwhile(world, confirmOf(buttons));
    const { text, record } = await say(world, confirmOf(buttons), who);
    expect(text).toMatch(says);
    expect(record.decision).toBe('refused');
    expect(await world.deps.ledger.list('deployments')).toEqual([]);
  });

  it('keeps the digest that was shown, wherever the tag points by then', async () => {
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]'));
    const { buttons } = await say(world, 'deploy hello production v1');
    world.registry.images.set('v1', world.registry.images.get('v2')!);
    await say(world, confirmOf(buttons));
    expect((await world.newest()).request.digest).toBe(digestOf('v1'));
  });

  it('is refused by admission when the configuration changes between the button and its turn', async () => {
    const world = createWorld();
    world.configure(protectedFor('[S0DEPLOYERS]'));
    world.release('v1');
    const { buttons } = await say(world, 'deploy hello production v1');
    await say(world, confirmOf(buttons));
    world.configure(protectedFor('[S0DEPLOYERS]').replace('access: public', 'access: public, memory: 1Gi'));
    await admit(world.deps, delivery('admit', world.pubsub.published[0]?.message));
    expect(await world.deps.ledger.list('requests')).toMatchObject([
      { decision: 'refused', reason: expect.stringContaining('not the one that was shown') as string },
    ]);
  });

  it('offers no button for what is refused, and says how to set the rule aside in the words of Slack', async () => {
    const frozen = `, freeze: [{ name: holidays, start: '2025-12-24T00:00', end: '2026-01-07T00:00', timeZone: UTC }]`;
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]', frozen));
    const refused = await say(world, 'deploy hello production v1');
    expect(refused).toMatchObject({ buttons: [], record: { decision: 'refused' } });
    expect(refused.text).toContain('/deploy deploy hello production v1 override-freeze="…"');
    const { buttons } = await say(world, 'deploy hello production v1 override-freeze="the shop is down"');
    await say(world, confirmOf(buttons));
    expect(await world.newest()).toMatchObject({
      overrides: [{ rule: 'freeze', by: 'ana@example.com', reason: 'the shop is down' }],
    });
  });

  it('names a tag or a digest: a build cannot be shown', async () => {
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]'));
    expect((await say(world, 'deploy hello production')).text).toContain('cannot be shown before');
  });

  it.each([
    ['a deployer by the group', 'U0LEE', '[S0DEPLOYERS]', true],
    ['one named by address', 'U0SAM', '[sam@example.com]', true],
    ['one named by Slack user', 'U0ZOE', '[U0ZOE]', true],
    ['one who is not named', 'U0SAM', '[S0DEPLOYERS]', false],
    ['anybody where nobody is named', 'U0ANA', '[]', false],
  ])('lets %s ask: %#', async (_name, user, allow, may) => {
    const { world } = worldOf(protectedFor(allow));
    const { buttons, text } = await say(world, 'deploy hello production v1', { user });
    expect(buttons.length > 0).toBe(may);
    expect(text.includes('may not deploy hello production')).toBe(!may);
  });

  it('takes a preview away when it is dismissed', async () => {
    const { world } = worldOf(protectedFor('[S0DEPLOYERS]'));
    await say(world, 'deploy hello production v1');
    expect((await say(world, { action: 'dismiss' })).message).toBe('remove');
  });
});

describe('plan and diff', () => {
  it('tell what would be done with what preflight finds, and change nothing', async () => {
    const { world } = worldOf(
      fileOf('staging').replace('access: public', 'access: public, secrets: { DB: db-password:3 }'),
    );
    const before = await world.deps.ledger.list('requests');
    const { text, buttons } = await say(world, 'plan hello staging v1');
    expect(text).toContain(
      '✗ Secret db-password:3 for DB: no such secret or version, expected an enabled version',
    );
    expect(text).toContain('✓ Cloud Run tells whether the service exists: it does not exist yet');
    expect(buttons).toEqual([]);
    expect(world.pubsub.published).toEqual([]);
    expect(world.run.writes).toEqual([]);
    expect(await world.deps.ledger.list('requests')).toEqual(before);
  });

  it('show what is not as it is live', async () => {
    const { world, engine } = worldOf(fileOf('staging'));
    expect((await say(world, 'diff hello staging v1')).text).toContain('Nothing is live in hello staging');
    await say(world, 'deploy hello staging v1');
    await engine.idle();
    world.configure(fileOf('staging').replace('bake: 2s', 'bake: 3s'));
    expect((await say(world, 'diff hello staging v2')).text).toContain('`traffic.bake`: `2` → `3`');
    expect((await say(world, 'diff hello staging')).text).toContain('`traffic.bake`: `2` → `3`');
  });

  it('show that an image of the registry is not there', async () => {
    const { world } = worldOf(fileOf('staging'));
    expect((await say(world, 'plan hello staging v9')).text).toContain(`${image} has no tag v9`);
  });
});

describe('a retry', () => {
  it('asks for the same release again, for who pressed it', async () => {
    const { world, engine } = worldOf(fileOf('staging'));
    await say(world, 'deploy hello staging v1');
    await engine.idle();
    const first = await world.newest();
    world.configure(fileOf('staging').replace('bake: 2s', 'bake: 3s'));
    await say(world, { action: 'retry', deploymentId: first.id }, { user: 'U0LEE' });
    const second = await world.newest();
    expect(second.id).not.toBe(first.id);
    expect(second.request).toMatchObject({
      digest: digestOf('v1'),
      tag: 'v1',
      requestedBy: 'lee@example.com',
    });
  });
});
