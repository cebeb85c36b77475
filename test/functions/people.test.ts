import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { personOf } from '#functions/people.ts';
import { createWorld, type World } from '#test/support/world.ts';

const find = (
  world: World,
  user: string,
  among: string[] = [],
  trust: 'fresh' | 'last-good' = 'fresh',
  team = 'T0LOCAL',
) => personOf(world.deps, { team, user }, among, trust);

describe('a Slack user', () => {
  it.each([
    ['U0ANA', { id: 'ana@example.com', slackUser: 'U0ANA' }],
    ['U0ZOE', { id: 'slack:U0ZOE', slackUser: 'U0ZOE' }],
  ])('%s is the person with the address Slack tells, or without one', async (user, person) => {
    expect(await find(createWorld(), user)).toMatchObject({ person, unknown: [] });
  });

  it.each([
    ['U0ROBOT', 'T0LOCAL', /is a bot/],
    ['U0GONE', 'T0LOCAL', /is deactivated/],
    ['U0GUEST', 'T0LOCAL', /is of another workspace, T0OTHER/],
    ['U0GUEST', 'T0OTHER', /T0OTHER are not heard/],
    ['U0NOBODY', 'T0LOCAL', /no user U0NOBODY/],
  ])('%s of %s is refused', async (user, team, says) => {
    expect(await find(createWorld(), user, [], 'last-good', team)).toEqual({
      refused: expect.stringMatching(says) as string,
    });
  });

  it('cannot be believed while there is no token to ask with', async () => {
    const world = createWorld({ slackDirectory: undefined });
    expect(await find(world, 'U0ANA')).toEqual({
      refused: expect.stringContaining('no token for Slack') as string,
    });
  });
});

describe('user groups', () => {
  it('are asked for only where they decide, and only those that are named', async () => {
    const world = createWorld();
    await find(world, 'U0ANA', ['ana@example.com', 'S0DEPLOYERS']);
    expect(world.slackDirectory.asked).toBe(1);
    expect(await find(world, 'U0ANA', ['S0DEPLOYERS', 'bob@example.com'])).toMatchObject({
      person: { groups: ['S0DEPLOYERS'] },
    });
    expect(world.slackDirectory.asked).toBe(2);
  });

  it('are remembered for five minutes', async () => {
    const world = createWorld();
    const inGroup = async (): Promise<boolean> => {
      const found = await find(world, 'U0ANA', ['S0DEPLOYERS']);
      return 'person' in found && (found.person.groups ?? []).length > 0;
    };
    expect(await inGroup()).toBe(true);
    world.slackDirectory.groups.set('S0DEPLOYERS', []);
    await world.pass(299);
    expect(await inGroup()).toBe(true);
    await world.pass(2);
    expect(await inGroup()).toBe(false);
  });

  it('that cannot be asked for keep nobody out who is named otherwise, and the reason says which', async () => {
    const world = createWorld();
    world.slackDirectory.groups.set('S0FREE', new Fault('unsupported', 'plan_upgrade_required'));
    expect(await find(world, 'U0ANA', ['S0FREE', 'S0GONE', 'S0DEPLOYERS'])).toEqual({
      person: { id: 'ana@example.com', slackUser: 'U0ANA', groups: ['S0DEPLOYERS'] },
      unknown: [
        expect.stringContaining('does not tell who is in S0FREE') as string,
        'there is no user group S0GONE',
      ],
    });
  });
});

describe('while Slack does not answer', () => {
  it.each([
    { trust: 'last-good' as const, hours: 23, known: true },
    { trust: 'last-good' as const, hours: 25, known: false },
    { trust: 'fresh' as const, hours: 1, known: false },
  ])(
    'what it said $hours h ago counts for $trust: $known, also in another process',
    async ({ trust, hours, known }) => {
      const world = createWorld();
      await find(world, 'U0ANA', ['S0DEPLOYERS']);
      await world.pass(hours * 3600);
      world.slackDirectory.mood = 'down';
      // A process that starts anew has asked nobody yet.
      const elsewhere = { ...world.deps, slackDirectory: { ...world.slackDirectory } };
      const silent = 'Slack does not say who U0ANA is (Slack gave no answer): use slipway, or try again';
      const found = await personOf(elsewhere, { team: 'T0LOCAL', user: 'U0ANA' }, ['S0DEPLOYERS'], trust);
      expect(found).toMatchObject(known ? { person: { groups: ['S0DEPLOYERS'] } } : { refused: silent });
    },
  );

  it('a "no" of Slack is no silence: what it said before does not count', async () => {
    const world = createWorld();
    await find(world, 'U0ANA', ['S0DEPLOYERS']);
    await world.pass(3600);
    world.slackDirectory.groups.set('S0DEPLOYERS', new Fault('not-found', 'no_such_subteam'));
    expect(await find(world, 'U0ANA', ['S0DEPLOYERS'], 'last-good')).toMatchObject({
      person: { groups: [] },
    });
  });
});
