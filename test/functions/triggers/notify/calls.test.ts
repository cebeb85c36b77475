import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { notify } from '#functions/triggers/notify.ts';
import { asProcess, crashPoint } from '#test/crash/crash.ts';
import { configOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { delivered, errors, eventOf } from '#test/support/telling.ts';
import { createWorld, type World } from '#test/support/world.ts';

const id = (index: number): string => `d0000000000${index}`;
const start = Date.UTC(2026, 0, 1);

/** The index-th deployment of a place, that ended so many minutes after the start. */
function ended(index: number, outcome: Outcome, minutes: number, environment = 'production'): Deployment {
  const known = finishedAs(outcome);
  const config = configOf({
    environment,
    slack: { owners: ['S0OWNERS'], onCall: ['S0ONCALL'], channel: '#deploys' },
  });
  return {
    ...known,
    id: id(index),
    environment,
    config,
    request: { ...known.request, source: 'slack', slackUser: 'U0ANA' },
    result: { ...known.result!, finishedAt: new Date(start + minutes * 60_000).toISOString() },
  };
}
const put = (world: World, deployment: Deployment): Promise<void> =>
  world.deps.ledger.transaction((tx) => tx.put('deployments', deployment.id, deployment));

/** The end of each, as it comes. */
async function told(world: World, ...deployments: Deployment[]): Promise<void> {
  for (const deployment of deployments) {
    await put(world, deployment);
    await delivered(world, eventOf(deployment.id));
  }
}

describe('a deployment in spite of a rule', () => {
  it('is called out to the owners when it starts, once', async () => {
    const world = createWorld();
    const { result: _none, ...running } = ended(1, 'live', 0);
    const by = 'ana@example.com';
    const at = new Date(start).toISOString();
    const deployment: Deployment = {
      ...running,
      status: 'active',
      overrides: [{ rule: 'freeze', what: 'holidays until Monday', by, reason: 'the shop is down', at }],
    };
    await told(world, deployment, { ...deployment, revision: deployment.revision + 1 }, ended(1, 'live', 5));
    const text = expect.stringMatching(
      /^<!subteam\^S0OWNERS>\nana@example.com deploys .* in spite of holidays until Monday: the shop is down$/,
    ) as string;
    expect(world.slack.besides('override')).toMatchObject([{ broadcast: true, text }]);
  });
});

describe('the end of a deployment', () => {
  it.each([
    [
      'production',
      { broadcast: true, text: expect.stringMatching(/<@U0ANA>.*<!subteam\^S0OWNERS>/) as string },
    ],
    ['staging', { broadcast: false, text: expect.stringContaining('<@U0ANA>') as string }],
  ])('that was rolled back in %s is called out in its thread, once', async (environment, expected) => {
    const world = createWorld();
    await told(world, ended(1, 'rolled-back', 0, environment));
    await told(world, { ...ended(1, 'rolled-back', 0, environment), revision: 20 });
    const [root] = world.slack.roots();
    expect(world.slack.besides('call')).toMatchObject([{ ...expected, threadTs: root?.ts }]);
    expect(root?.text).not.toContain('<@');
  });

  it('that failed as another one did half an hour before is counted and not called out', async () => {
    const world = createWorld();
    const failures = [0, 10, 20].map((minutes, index) => ended(index + 1, 'rolled-back', minutes));
    await told(world, ...failures);
    expect(world.slack.besides('call')).toHaveLength(1);
    expect(JSON.stringify(world.slack.roots()[2]?.blocks)).toContain('3rd time since');
    await told(world, ended(4, 'rolled-back', 60));
    expect(world.slack.besides('call')).toHaveLength(2);
    expect(JSON.stringify(world.slack.roots()[3]?.blocks)).not.toContain('time since');
  });

  it('is told by what was before it, also when it is told late', async () => {
    const world = createWorld();
    const failures = [0, 10].map((minutes, index) => ended(index + 1, 'rolled-back', minutes));
    for (const failure of failures) await put(world, failure);
    await told(world, ...failures.toReversed());
    expect(world.slack.besides('call')).toMatchObject([{ subject: `${id(1)}/call` }]);
  });

  it('that failed otherwise, or elsewhere, is called out', async () => {
    const world = createWorld();
    await told(
      world,
      ended(1, 'rolled-back', 0),
      ended(2, 'failed', 10),
      ended(3, 'rolled-back', 20, 'staging'),
    );
    expect(world.slack.besides('call')).toHaveLength(3);
  });

  it('that is the first good one after a failure says so in its thread and calls nobody', async () => {
    const world = createWorld();
    await told(world, ended(1, 'rolled-back', 0), ended(2, 'live', 10), ended(3, 'live', 20));
    const [, recovered, ...more] = world.slack.besides('call');
    expect(recovered).toMatchObject({
      broadcast: false,
      text: expect.stringContaining('Recovered') as string,
      threadTs: world.slack.roots()[1]?.ts,
    });
    expect(recovered?.text).not.toContain('<');
    expect(more).toEqual([]);
  });
});

describe('a rollback that failed', () => {
  const alarm = ended(1, 'rollback-failed', 0);
  const acknowledged = {
    ...alarm,
    revision: 50,
    acknowledged: { by: 'lee@example.com', slackUser: 'U0LEE', at: new Date(start + 60_000).toISOString() },
  };

  it('is a message of its own that calls who is on call, and a page, each once', async () => {
    const world = createWorld();
    await told(world, alarm);
    await told(world, { ...alarm, revision: 30 });
    expect(world.slack.besides('alarm')).toMatchObject([
      { text: expect.stringContaining('<!subteam^S0ONCALL>') as string, edits: 0 },
    ]);
    expect(world.slack.besides('alarm')[0]?.threadTs).toBeUndefined();
    expect(world.pager.pages).toMatchObject([{ key: id(1), details: { service: 'hello' } }]);
  });

  it('that somebody looks after has that in place of the call, and calls nobody again', async () => {
    const world = createWorld();
    await told(world, alarm, acknowledged);
    const [said] = world.slack.besides('alarm');
    expect(world.slack.besides('alarm')).toHaveLength(1);
    expect(said).toMatchObject({ edits: 1, text: expect.stringContaining('<@U0LEE>') as string });
    expect(JSON.stringify(said)).not.toContain('subteam');
    expect(world.pager.pages).toHaveLength(1);
  });

  it('that somebody looks after before anybody was called pages nobody', async () => {
    const world = createWorld();
    await told(world, acknowledged);
    expect(world.pager.pages).toEqual([]);
    expect(world.slack.besides('alarm')[0]?.text).not.toContain('subteam');
  });

  it('is paged while Slack is down, and stands in Slack afterwards', async () => {
    const world = createWorld();
    await put(world, alarm);
    world.slack.mood = 'down';
    const message = eventOf(id(1));
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('no answer');
    expect(world.pager.pages).toHaveLength(1);
    world.slack.mood = 'well';
    await delivered(world, message);
    expect(world.slack.besides('alarm')).toHaveLength(1);
    expect(world.pager.pages).toHaveLength(1);
  });

  it('stands in Slack while the pager is down, and is paged afterwards', async () => {
    const world = createWorld();
    await put(world, alarm);
    world.pager.mood = 'down';
    const message = eventOf(id(1));
    await expect(world.finish(notify(world.deps, message))).rejects.toThrow('pager');
    expect(await world.deps.ledger.get('notifications', id(1))).toMatchObject({ final: true });
    expect(errors(world)).toEqual([`nobody was paged for ${id(1)}: the pager gave no answer`]);
    world.pager.mood = 'well';
    // Nobody repeats the event any more: reconcile does.
    await world.finish(reconcile(world.deps));
    const [event] = world.pubsub.published.filter(({ topic }) => topic === 'deploy-events');
    expect(event?.message).toMatchObject({ deploymentId: id(1) });
    await delivered(world, message);
    expect(world.pager.pages).toHaveLength(1);
    expect(world.slack.besides('alarm')).toHaveLength(1);
  });

  it('is paged where there is no Slack', async () => {
    const world = createWorld({ slack: undefined });
    await told(world, alarm);
    expect(world.pager.pages).toHaveLength(1);
  });

  it('goes to no pager where there is none, and nothing waits for it', async () => {
    const world = createWorld({ pager: undefined });
    await told(world, alarm);
    await world.finish(reconcile(world.deps));
    expect(world.pubsub.published.filter(({ topic }) => topic === 'deploy-events')).toEqual([]);
  });
});

describe('notify', () => {
  it.each(['before', 'after'] as const)(
    'that dies %s any of its calls says everything once: root, alarm, call and details',
    async (when) => {
      for (const outcome of ['rollback-failed', 'rolled-back'] as const)
        for (let at = 1; ; at += 1) {
          const world = createWorld();
          await put(world, ended(1, outcome, 0));
          const point = crashPoint(at, when);
          const message = eventOf(id(1));
          await world
            .finish(asProcess(world.deps, point, (deps) => notify(deps, message)))
            .catch(() => undefined);
          await world.pass(10);
          await delivered(world, message);
          const subjects = world.slack.messages.map(({ subject }) => subject);
          expect(subjects, `${outcome}: ${when} call ${at}, ${point.name}`).toEqual([...new Set(subjects)]);
          const calls = { 'rollback-failed': ['alarm'], 'rolled-back': ['call'] }[outcome];
          expect(subjects.slice(0, 2)).toEqual([id(1), `${id(1)}/${calls[0]}`]);
          expect(subjects).toContain(`${id(1)}/detail-1`);
          if (!point.crashed) break;
        }
    },
  );
});
