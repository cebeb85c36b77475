import { describe, expect, it } from 'vitest';
import type { ChatAction } from '#shared/domain/chat.ts';
import { commands } from '#functions/triggers/commands/commands.ts';
import { call } from '#test/functions/admission/call.ts';
import { admitted } from '#test/support/dispatch.ts';
import { connect } from '#test/support/engine.ts';
import { createWorld, delivery, type World } from '#test/support/world.ts';
import { chatMessage, fileOf, say } from './chat.ts';

const staging = (policy?: string): World => {
  const world = createWorld();
  world.configure(fileOf('staging', policy));
  world.release('v1');
  return world;
};
const deliver = (world: World, message: unknown) =>
  world.finish(commands(world.deps, delivery('commands', message)));
const audit = (world: World) => world.deps.ledger.list('audit');

describe('what people look at', () => {
  it('is what serves, what is under way and who has locked it', async () => {
    const world = staging();
    const engine = connect(world);
    expect((await say(world, 'status')).text).toMatch(/hello staging · nothing/);
    await say(world, 'deploy hello staging v1');
    await engine.idle();
    await say(world, 'lock hello staging release day');
    await admitted(world, { status: 'active' });
    for (const text of ['status', 'status hello', 'status hello stg'])
      expect((await say(world, text)).text).toMatch(
        /hello staging · v1 · 2026-01-01 .* UTC · d00000000001 .* · locked by ana@example.com/,
      );
  });

  it('is one deployment: what serves now comes first', async () => {
    const world = staging();
    await admitted(world, { status: 'active' });
    expect((await say(world, 'status d00000000001')).text).toMatch(
      /Deploying hello .*Nothing was changed yet/s,
    );
    expect((await say(world, 'status d00000000009')).record.decision).toBe('refused');
  });

  it('is the history, with result, duration, who, and how to go back', async () => {
    const world = staging();
    const engine = connect(world);
    expect((await say(world, 'history hello')).text).toContain('none yet');
    await say(world, 'deploy hello staging v1');
    await engine.idle();
    const { id } = await world.newest();
    const { text } = await say(world, 'history hello staging 3');
    expect(text).toMatch(new RegExp(`${id} · hello staging · v1 · live · \\d+ s · ana@example.com`));
    expect(text).toContain(`/deploy rollback hello staging to ${id}`);
  });

  it('is for people of ours only', async () => {
    const world = staging();
    for (const text of ['status', 'history hello', 'quarantine', 'plan hello staging v1', 'doctor'])
      expect((await say(world, text, { user: 'U0GUEST' })).record.decision).toBe('refused');
  });

  it('is what the doctor finds', async () => {
    const world = createWorld();
    const { config } = world.deps;
    const without = { ...config, slack: { ...config.slack, token: undefined } };
    const said = await say({ ...world, deps: { ...world.deps, config: without } }, 'doctor');
    expect(said.text).toMatch(/✗ the app's token: SLACK_BOT_TOKEN is not set/);
    expect(said.record).toMatchObject({ decision: 'done', action: 'doctor' });
  });

  it('is cut nowhere, of however many services', async () => {
    const world = staging();
    const names = Array.from({ length: 60 }, (_, index) => `service-${index}`);
    for (const name of names) world.configure(fileOf('staging').replace('hello', name), name);
    const { message, text } = await say(world, 'status');
    expect(text).toContain('service-59 staging');
    expect(JSON.stringify((message as { simpler?: unknown }).simpler)).toContain('service-59 staging');
  });

  it.each(['help', 'help rollback', ''])('is help: "%s"', async (text) => {
    const said = await say(staging(), text);
    expect(said.text).toContain('rollback SERVICE ENVIRONMENT');
    expect(said.record.decision).toBe('done');
  });
});

describe('a command with a name that nothing has', () => {
  it.each([
    ['deploy helo staging v1', '/deploy deploy hello staging v1'],
    ['rollback hello stagin bad', '/deploy rollback hello staging reason="bad"'],
    ['staus hello', '/deploy status hello'],
  ])('"%s" gets the whole command as it was meant', async (text, meant) => {
    const world = staging();
    const said = await say(world, text);
    expect(said.text).toContain(meant);
    expect(said.record.decision).toBe('invalid');
    expect(world.pubsub.published).toEqual([]);
  });
});

describe('a command that comes again', () => {
  it('after it was answered, is not done and not answered again', async () => {
    const world = staging();
    const message = chatMessage(world, 'lock hello staging release day');
    for (let times = 0; times < 3; times += 1) await deliver(world, message);
    // A proxy repeats the same request: another moment, the same id.
    await world.pass(5);
    await deliver(world, { ...message, receivedAt: new Date(world.clock.now()).toISOString() });
    expect(world.responder.answers).toHaveLength(1);
    expect((await world.deps.ledger.get('manualLocks', 'hello.staging'))?.history).toHaveLength(1);
    expect(await audit(world)).toHaveLength(1);
  });

  it('because Slack did not take the answer, is answered from the record', async () => {
    const world = staging();
    const message = chatMessage(world, 'lock hello staging release day');
    world.responder.mood = 'down';
    await expect(deliver(world, message)).rejects.toThrow('Slack gave no answer');
    expect(await audit(world)).toMatchObject([{ decision: 'done', answered: false }]);
    world.responder.mood = 'well';
    await deliver(world, message);
    expect(world.responder.answers).toHaveLength(1);
    expect((await world.deps.ledger.get('manualLocks', 'hello.staging'))?.history).toHaveLength(1);
    const [record] = await audit(world);
    expect(record).toMatchObject({ answered: true });
    expect(record).not.toHaveProperty('answer');
  });

  it('because its function died, is done when its time is over, and not before', async () => {
    const world = staging();
    const message = chatMessage(world, 'status');
    world.deps.objects.list = () => new Promise(() => undefined);
    void commands(world.deps, delivery('commands', message));
    await world.pass(1);
    expect(await audit(world)).toMatchObject([{ decision: 'begun', answered: false, person: 'slack:U0ANA' }]);
    const anew = { ...world.deps, objects: world.objects };
    world.deps.objects.list = async () => [];
    await expect(commands(anew, delivery('commands', message))).rejects.toThrow('is being done');
    await world.pass(90);
    await commands(anew, delivery('commands', message));
    expect(world.responder.answers).toHaveLength(1);
  });

  it('is done although nobody can be answered any more, and then left alone', async () => {
    const world = staging();
    world.responder.mood = 'used-up';
    const message = chatMessage(world, 'lock hello staging release day');
    await deliver(world, message);
    await deliver(world, message);
    expect(await audit(world)).toMatchObject([{ decision: 'done', answered: true }]);
  });

  it('half an hour late is not done behind the back of who gave up', async () => {
    const world = staging();
    const message = chatMessage(world, 'deploy hello staging v1');
    await world.pass(1801);
    await deliver(world, message);
    expect(world.pubsub.published).toEqual([]);
    expect(await audit(world)).toMatchObject([
      { decision: 'refused', reason: 'it came more than 30 minutes late' },
    ]);
  });
});

describe('what is no command', () => {
  it('is refused, and its address to answer at is in no record and no log', async () => {
    const world = staging();
    await deliver(world, { ...chatMessage(world, 'status'), kind: 'joke' });
    const seen = JSON.stringify([await world.deps.ledger.list('refusals'), world.logs]);
    expect(seen).toContain('not a chat message');
    expect(seen).not.toContain('hooks.slack.com');
  });

  it('of a proper one, the address is in no record and no log either', async () => {
    const world = staging();
    world.responder.mood = 'used-up';
    await say(world, 'lock hello staging release day');
    expect(JSON.stringify([await audit(world), world.logs])).not.toContain('hooks.slack.com');
  });
});

describe('hostile text', () => {
  const hostile = [
    '<!channel> *bold* `code`',
    '&lt;!everyone&gt;',
    `x${'<@U1>'.repeat(50)}`,
    '😀'.repeat(120),
    'a”b\u202e c',
  ];
  it.each(hostile)('%s calls nobody and breaks no message', async (text) => {
    const world = staging();
    await admitted(world, { status: 'active' });
    const reason = text.slice(0, 200);
    for (const command of [
      text,
      `deploy ${text}`,
      `lock hello staging ${reason}`,
      `unlock hello staging ${reason}`,
      `cancel d00000000001 ${reason}`,
      `reject a00000000001 ${reason}`,
      `rollback hello staging to ${reason}`,
      'status',
      'history hello',
    ]) {
      const { text: answer } = await say(world, command.slice(0, 300));
      expect(answer).not.toMatch(/<[!@#](?!date)/);
    }
  });
});

describe('the audit', () => {
  it('has every attempt, through Slack and the API, newest first, and tells it', async () => {
    const world = staging('{ allow: { lock: [ana@example.com] } }');
    await say(world, 'lock hello staging release day');
    await world.pass(1);
    await say(world, 'unlock hello staging', { user: 'U0LEE' });
    await world.pass(1);
    const place = { service: 'hello', environment: 'staging' };
    await call(world, 'POST /locks', { body: { ...place, reason: 'mine' }, by: 'eve@example.com' });
    await world.pass(1);
    await call(world, 'POST /deployments', {
      body: { ...place, requestId: 'request-0001' },
      by: 'eve@example.com',
    });
    const { body } = await call(world, 'GET /audit?service=hello&limit=10');
    expect(body).toMatchObject({
      audit: [
        {
          via: 'api',
          action: 'deploy',
          person: 'eve@example.com',
          decision: 'done',
          subject: 'eve@example.com/request-0001',
        },
        {
          via: 'api',
          action: 'lock',
          person: 'eve@example.com',
          decision: 'refused',
          reason: expect.stringContaining('may not lock') as string,
        },
        {
          via: 'slack',
          action: 'unlock',
          person: 'lee@example.com',
          slackUser: 'U0LEE',
          decision: 'refused',
          text: 'unlock hello staging',
        },
        { via: 'slack', action: 'lock', person: 'ana@example.com', decision: 'done', answered: true },
      ],
    });
    expect((await call(world, 'GET /audit?service=other')).body).toEqual({ audit: [] });
    expect((await call(world, 'GET /audit?limit=0')).status).toBe(400);
  });

  it('says of an order that failed that it failed', async () => {
    const world = staging();
    world.pubsub.publish = async () => {
      throw new Error('socket hang up');
    };
    const body = { requestId: 'request-0001', service: 'hello', environment: 'staging' };
    await expect(call(world, 'POST /deployments', { body })).rejects.toThrow('socket hang up');
    expect(await audit(world)).toMatchObject([{ decision: 'failed', reason: 'socket hang up' }]);
  });

  it('has what a button did', async () => {
    const world = staging();
    const action: ChatAction = { action: 'cancel', deploymentId: 'd00000000009' };
    expect((await say(world, action)).record).toMatchObject({
      action: 'cancel',
      text: JSON.stringify(action),
      decision: 'refused',
    });
  });
});
