import { describe, expect, it } from 'vitest';
import { establish, settled } from '#test/support/dispatch.ts';
import { connect, pushed } from '#test/support/engine.ts';
import type { Behaviour } from '#test/support/fakes/cloud-run.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { asProcess, crashPoint, type CrashPoint } from '#test/crash/crash.ts';

/**
 * The process of a function dies at its n-th call to the outside, for every n, before the call and after it took effect;
 * its message is delivered again to another process. In the end the world and the ledger must be as if nothing had been.
 */
interface Scenario {
  /** `target/phase` of a step, or the topic of a trigger: whose process dies. */
  dies: string;
  /** Whether the service exists and was proven before. */
  first?: boolean;
  build?: boolean;
  /** With a migration that ends like that; `hangs` is longer than it may take. */
  migration?: 'succeeds' | 'fails' | 'hangs';
  behaviour?: Partial<Behaviour>;
  /** It is marked as not safe to roll back. */
  marked?: boolean;
  /** `live` unless said otherwise. */
  outcome?: 'rolled-back' | 'failed' | 'rollback-failed';
}

const breaksUnderTraffic: Partial<Behaviour> = {
  answer: ({ percent }) => ({ status: percent > 0 ? 503 : 200, body: 'hello' }),
};

const scenarios: Scenario[] = [
  { dies: 'gcr' },
  { dies: 'deploy-requests' },
  { dies: 'preflight/candidate' },
  { dies: 'build/candidate', build: true },
  { dies: 'push/candidate' },
  { dies: 'deploy/candidate' },
  { dies: 'deploy/candidate', first: true },
  { dies: 'health-probe/candidate' },
  { dies: 'validate/candidate' },
  { dies: 'validate/candidate', migration: 'succeeds' },
  { dies: 'validate/candidate', migration: 'fails', outcome: 'failed' },
  { dies: 'validate/candidate', migration: 'hangs', outcome: 'failed' },
  { dies: 'rollback/after', migration: 'hangs', outcome: 'failed' },
  { dies: 'shift-traffic/traffic-100' },
  { dies: 'shift-traffic/traffic-100', first: true },
  { dies: 'health-probe/traffic-100' },
  { dies: 'validate/traffic-100' },
  { dies: 'shift-traffic/after' },
  { dies: 'shift-traffic/after', first: true },
  { dies: 'rollback/after', behaviour: breaksUnderTraffic, outcome: 'rolled-back' },
  { dies: 'rollback/after', behaviour: breaksUnderTraffic, outcome: 'failed', first: true },
  { dies: 'rollback/after', behaviour: breaksUnderTraffic, outcome: 'rollback-failed', marked: true },
  { dies: 'report/after' },
  { dies: 'deploy-events' },
];

async function play(scenario: Scenario, point: CrashPoint): Promise<World> {
  const world = createWorld();
  if (!scenario.first) await establish(world);
  world.configure(
    serviceFile(
      [
        ...(scenario.build ? ['build: { source: gs://slipway/source.tgz }\n'] : []),
        ...(scenario.migration ? ['migration: { job: migrate, timeout: 30s }\n'] : []),
      ].join(''),
    )
      .replace('steps: [50, 100], bake: 2s', 'steps: [100], bake: 1s')
      .replace('policy: {', scenario.marked ? 'policy: { rollBack: never,' : 'policy: {'),
  );
  if (scenario.migration)
    world.jobs.job = {
      seconds: scenario.migration === 'hangs' ? 3600 : 12,
      fails: scenario.migration === 'fails',
    };
  const digest = world.release('v1', scenario.behaviour);
  const engine = connect(world, (target, message, work) => {
    const { phase } = message as { phase?: string };
    const name = phase === undefined ? target : `${target}/${phase}`;
    return name === scenario.dies ? asProcess(world.deps, point, work) : work(world.deps);
  });
  if (scenario.build) {
    engine.publish('deploy-requests', {
      version: 1,
      kind: 'deploy',
      requestId: 'ada/1',
      service: 'hello',
      environment: 'staging',
      requestedBy: 'ada@example.com',
      requestedAt: '2026-01-01T00:00:00.000Z',
    });
  } else {
    engine.publish('gcr', pushed('v1', digest));
  }
  await engine.idle();
  await settled(world);
  return world;
}

/** All that lasts, without what may differ between two good runs: times, counts of looks and of dispatches. */
async function lasting({ deps, run, jobs, slack, objects, workflows, build }: World): Promise<unknown> {
  const { ledger } = deps;
  const deployments = await ledger.list('deployments');
  const service = run.service();
  const state = {
    deployments: deployments.map(
      ({ id, status, mode, fence, executionId, release, stable, candidate, ...rest }) => ({
        id,
        status,
        mode,
        fence,
        executionId,
        release,
        stable,
        candidate,
        trafficMoved: rest.trafficMoved,
        completed: rest.completed,
        written: rest.trafficWritten,
        buildId: rest.buildId,
        migration: rest.migration && { ...rest.migration, startedAt: '' },
        outcome: rest.result?.outcome,
        serving: rest.result?.serving,
        failure: rest.failure && { ...rest.failure, at: '', message: timeless(rest.failure.message) },
        rollback: rest.rollback && { ...rest.rollback, at: '' },
        checks: rest.checks.map(({ step, phase, suite, id, outcome }) => [step, phase, suite, id, outcome]),
        steps: rest.steps.map(({ step, phase, status, attempt }) => [step, phase, status, attempt]),
      }),
    ),
    locks: await ledger.list('locks'),
    live: (await ledger.list('live')).map(({ deploymentId, digest }) => ({ deploymentId, digest })),
    requests: (await ledger.list('requests')).map(({ decision, deploymentId }) => ({
      decision,
      deploymentId,
    })),
    refusals: await ledger.list('refusals'),
    unanswered: (await ledger.list('dispatches')).filter(({ reply }) => reply === undefined),
    notifications: (await ledger.list('notifications')).map(({ final, rootTs }) => ({ final, rootTs })),
    service: service && {
      traffic: service.traffic,
      effective: service.effective,
      annotations: service.annotations,
      isPublic: service.isPublic,
      revisions: service.revisions.map(({ name }) => name),
    },
    exposed: run.exposed,
    roots: slack.roots().map(({ text }) => timeless(text)),
    thread: new Set(slack.messages.filter(({ threadTs }) => threadTs).map(({ text }) => text.split(':')[0]))
      .size,
    reports: [...objects.objects.keys()],
    executions: workflows.executions.map(({ id, state }) => ({ id, state })),
    jobs: jobs.executions.map(({ key, image, cancelledMs }) => [key, image, cancelledMs !== undefined]),
    builds: build.builds.map(({ id, tag }) => ({ id, tag })),
  };
  // The id holds the time of its admission.
  return JSON.parse(
    deployments.reduce((text, { id }, index) => text.replaceAll(id, `D${index}`), JSON.stringify(state)),
  );
}

const timeless = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'then')
    .replace(/\d+(\.\d+)? (s|ms|min)\b/g, 'n $2')
    .replace(/×\d+/g, '×n');

describe.each(['before', 'after'] as const)('a process that dies %s a call', (when) => {
  it.each(scenarios)(
    'of $dies (first: $first, migration: $migration, marked: $marked) leaves no trace',
    async (scenario) => {
      const undisturbed = await lasting(await play(scenario, crashPoint(0, when)));
      expect(undisturbed).toMatchObject({
        deployments: [{ status: 'finished', outcome: scenario.outcome ?? 'live' }],
        roots: [expect.anything()],
        unanswered: [],
        notifications: [{ final: true }],
      });
      const names: string[] = [];
      for (let at = 1; ; at += 1) {
        const point = crashPoint(at, when);
        const world = await play(scenario, point);
        if (!point.crashed) break;
        names.push(point.name);
        expect(await lasting(world), `died ${when} call ${at}, ${point.name}`).toEqual(undisturbed);
      }
      console.log(
        `${scenario.dies}${scenario.first ? ' (first deployment)' : ''}${scenario.migration ? ` (migration ${scenario.migration})` : ''}: ${names.length} points ${when} a call`,
      );
      expect(names.length).toBeGreaterThan(0);
    },
  );
});
