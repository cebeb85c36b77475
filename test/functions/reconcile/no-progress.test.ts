import { describe, expect, it } from 'vitest';
import type { StepReply } from '#shared/domain/protocol.ts';
import { dispatchId } from '#shared/ledger/ledger.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { admitted } from '#test/support/dispatch.ts';
import { createWorld, type World } from '#test/support/world.ts';

const alarms = (world: World) => world.logs.filter(([, , fields]) => fields?.metric === 'deployment_stuck');

/** An active deployment whose execution runs, and whose third dispatch was the last that was heard of. */
async function running(reply?: (nowSeconds: number) => StepReply): Promise<World> {
  const world = createWorld();
  const executionId = await world.workflows.create({}, {});
  const updatedAt = new Date(world.clock.now()).toISOString();
  const deployment = await admitted(world, {
    status: 'active',
    executionId,
    newestSeq: 3,
    updatedAt,
    steps: [
      {
        step: 'health-probe',
        phase: 'traffic-50',
        seq: 3,
        attempt: 1,
        status: 'pending',
        startedAt: updatedAt,
      },
    ],
  });
  if (reply)
    await world.deps.ledger.transaction((tx) =>
      tx.put('dispatches', dispatchId(deployment.id, 3), {
        deploymentId: deployment.id,
        seq: 3,
        step: 'health-probe',
        phase: 'traffic-50',
        executionId,
        claim: 'c',
        leaseUntil: 0,
        reply: reply(world.clock.now() / 1000),
      }),
    );
  return world;
}

describe('a deployment without progress', () => {
  const pending = (seconds: number) => (now: number) =>
    ({ seq: 3, status: 'pending', again: now + seconds }) as const;
  it.each([
    { name: 'moved half an hour ago', reply: undefined, minutes: 30, alarmed: false },
    { name: 'moved longer ago', reply: undefined, minutes: 31, alarmed: true },
    { name: 'wanted to look again a while ago', reply: pending(3600), minutes: 90, alarmed: false },
    { name: 'wanted to look again half an hour ago', reply: pending(3600), minutes: 91, alarmed: true },
    {
      name: 'was answered long ago',
      reply: () => ({ seq: 3, status: 'rejected', reason: 'no' }) as const,
      minutes: 31,
      alarmed: true,
    },
  ])('that $name calls a person: $alarmed', async ({ reply, minutes, alarmed }) => {
    const world = await running(reply);
    await world.pass(minutes * 60);
    await reconcile(world.deps);
    expect(alarms(world)).toHaveLength(alarmed ? 1 : 0);
  });

  it('is named once an hour, with where it stands', async () => {
    const world = await running();
    await world.pass(45 * 60);
    await reconcile(world.deps);
    await reconcile(world.deps);
    expect(alarms(world)).toEqual([
      [
        'ERROR',
        'd00000000001, hello → staging, has not moved since 2026-01-01T00:00:00.000Z: health-probe (traffic-50); to have it undone: slipway take-over d00000000001 --reason …',
        {
          metric: 'deployment_stuck',
          deploymentId: 'd00000000001',
          service: 'hello',
          environment: 'staging',
          idleSeconds: 2700,
        },
      ],
    ]);
    await world.pass(59 * 60);
    await reconcile(world.deps);
    expect(alarms(world)).toHaveLength(1);
    await world.pass(60);
    await reconcile(world.deps);
    expect(alarms(world)).toHaveLength(2);
  });
});
