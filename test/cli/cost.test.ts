import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DeploymentView } from '#cli/answers.ts';
import { CostReport, costOf, Targets } from '#cli/cost.ts';
import { recordedWork, straightWork } from '#cli/cost-work.ts';
import { createCallbacks } from '#local/executions/callbacks.ts';
import { parseJson } from '#local/workflows/json.ts';
import { runWorkflow } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { StepMessage } from '#shared/domain/protocol.ts';
import indexes from '#shared/ledger/indexes.json' with { type: 'json' };
import type { Ledger, Reader } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';
import { at, deploymentOf, stepOf } from '#test/support/deployment.ts';
import { connect, runDeployment } from '#test/support/engine.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { createWorld, serviceFile } from '#test/support/world.ts';
import { openApi, token, type ApiServer } from './api-server.ts';
import { runHere } from './run-cli.ts';

const functions = Targets.parse(JSON.parse(readFileSync('functions/targets.json', 'utf8')));
const planned = (given: Parameters<typeof straightWork>[0], perMonth?: number): CostReport =>
  costOf(straightWork(given), functions, perMonth);

type Quantities = CostReport['month']['lines'][number]['quantities'];
const quantitiesOf = ({ lines }: CostReport['month']): Quantities =>
  Object.assign({}, ...lines.map(({ quantities }) => quantities));
const counted = (steps: number, bakeSeconds: number): Quantities =>
  quantitiesOf(planned({ steps, bakeSeconds }).deployment);

describe('the counts', () => {
  it.each([
    ['one percentage', 1, 10],
    ['three percentages', 3, 10],
    ['bakes that are looked at twice', 2, 40],
    ['a bake that is looked at five times', 1, 120],
  ])('of Workflows steps are those of the workflow itself: %s', async (_, steps, bakeSeconds) => {
    const { internal, external } = await runStraight(steps, bakeSeconds);
    expect(counted(steps, bakeSeconds)).toMatchObject({
      'workflows-internal': internal,
      'workflows-external': external,
    });
  });

  it.each([
    [[100], 10],
    [[25, 50, 100], 10],
    [[50, 100], 60],
  ])(
    'of messages, calls, reads, writes and what expires are those of the functions: %j, %d s of bake',
    async (steps, bake) => {
      const measured = await measure(steps, bake);
      const said = counted(steps.length, bake);
      expect(said['run-requests']).toBe(measured.calls);
      expect(said['pubsub-bytes']).toBe(measured.calls * 2000);
      expect(ratio(said['firestore-reads'], measured.reads)).toBeCloseTo(1, 1);
      expect(ratio(said['firestore-writes'], measured.writes)).toBeCloseTo(1, 1);
      expect(said['firestore-deletes']).toBe(measured.expiring);
    },
  );

  it('of a look of reconcile that finds nothing are those of the function', async () => {
    const { ledger, used } = countingLedger();
    const world = createWorld({ ledger });
    for (const tag of ['v1', 'v2', 'v3']) await runDeployment(world, tag);
    const look = () => world.finish(reconcile(world.deps));
    await look();
    await look();
    const before = used.reads;
    await look();
    const reads = quantitiesOf(planned({}).month)['firestore-reads'] ?? 0;
    expect(reads / 43_800).toBe(used.reads - before + 2 * (50 - 3));
  });
});

describe('the sum', () => {
  it('is quantity times price, line by line', () => {
    const { deployment, month, priceTable } = planned({}, 50);
    for (const { quantities, usd } of [...deployment.lines, ...month.lines.slice(1)]) {
      const parts = Object.entries(quantities).map(([key, quantity]) => {
        const { usd: price, per } = priceTable.prices[key as keyof typeof priceTable.prices];
        return (quantity * price) / per;
      });
      expect(usd).toBeCloseTo(
        parts.reduce((sum, part) => sum + part, 0),
        12,
      );
    }
    expect(month.lines[0]?.usd).toBeCloseTo(50 * deployment.usd, 12);
    // 79 internal and 11 external steps; 60 s of calls with 1 vCPU and 256 MiB, 38 of them; 76 kB; 197 reads, 82 writes, 10 deletes.
    const byHand =
      79e-5 +
      11 * 2.5e-5 +
      60 * (2.4e-5 + 2.5e-6 / 4) +
      38 * 4e-7 +
      76_000 * 3.638e-11 +
      197 * 3e-7 +
      82 * 9e-7 +
      10 * 1e-7;
    expect(deployment.usd).toBeCloseTo(byHand, 8);
  });

  it.each([
    ['more deployments', planned({}, 10).month, planned({}, 11).month],
    ['more steps', planned({ steps: 1 }).deployment, planned({ steps: 2 }).deployment],
    ['a longer bake', planned({ bakeSeconds: 20 }).deployment, planned({ bakeSeconds: 21 }).deployment],
  ])('grows with %s', (_, less, more) => {
    expect(more.usd).toBeGreaterThan(less.usd);
  });

  it('of no deployment at all is what stands ready, and nothing is below zero', () => {
    const { deployment, month } = CostReport.parse(planned({ bakeSeconds: 0 }, 0));
    expect(deployment.usd).toBeGreaterThan(0);
    expect(month.lines.map(({ usd }) => usd > 0)).toEqual([false, true, true, true, true]);
  });
});

describe('a recorded deployment', () => {
  const finished = (steps: ReturnType<typeof stepOf>[]) =>
    costOf(recordedWork(DeploymentView.parse(deploymentOf({ steps }))), functions);

  it('costs what its steps took, every look of them, and the minutes of its build', () => {
    const { deployment } = finished([
      stepOf('preflight', 1, { startedAt: at(0), endedAt: at(1.04) }),
      stepOf('build', 9, { startedAt: at(2), endedAt: at(92) }),
      stepOf('report', 10, { startedAt: at(93), endedAt: at(94) }),
    ]);
    const { 'build-minutes': minutes, ...said } = quantitiesOf(deployment);
    expect(minutes).toBe(1.5);
    // 10 dispatches; image-push, admit, and notify for 3 runs and 7 further looks.
    expect(said['run-requests']).toBe(10 + 2 + (2 * 3 + 5 + 2 * 7));
    expect(said['run-cpu']).toBeCloseTo(1.1 + 90 + 1 + 27, 6);
  });

  it('is not billed for the numbers that the workflow skips after an error of the engine', () => {
    const rollBack = (seq: number) =>
      finished([stepOf('preflight', 1), stepOf('rollback', seq), stepOf('report', seq + 1)]);
    expect(rollBack(1002).deployment).toEqual(rollBack(2).deployment);
  });

  it('that never ran costs one call', () => {
    expect(quantitiesOf(finished([]).deployment)).toMatchObject({ 'run-requests': 1 });
  });
});

describe('slipway cost', () => {
  const done = finishedAs('rolled-back');
  const running = deploymentOf({ id: 'd1f3k7q2x9ac' });
  let server: ApiServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await openApi();
    await server.put(done, running);
    env = { SLIPWAY_API_URL: server.url, SLIPWAY_IDENTITY_TOKEN: token };
  });
  afterAll(() => server.close());

  it('works offline and says where every number comes from', async () => {
    const { code, stdout } = await runHere(['cost', '--deployments-per-month', '400', '--steps', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^A deployment with 3 traffic steps and 10 s of bake at each: 0\.\d{5} USD/);
    expect(stdout).toMatch(/A month with 400 of them: \d+\.\d\d USD/);
    expect(stdout).toMatch(/3 traffic steps: given\n {2}10 s of bake: the service file's default/);
    expect(stdout).toMatch(/Prices of \d{4}-\d\d-\d\d for us-central1 .*list price, free tier not applied/);
    expect(stdout).toContain('Not verified are those of');
  });

  it('is shown in docs/install.md as it is', async () => {
    const { stdout } = await runHere(['cost']);
    expect(readFileSync('docs/install.md', 'utf8')).toContain(stdout);
  });

  it('says the same as JSON, with the price table', async () => {
    const { stdout } = await runHere(['cost', '--json']);
    expect(CostReport.parse(JSON.parse(stdout))).toEqual(planned({}));
  });

  it('counts a deployment from its record', async () => {
    const { code, stdout } = await runHere(['cost', done.id], env);
    expect(code).toBe(0);
    expect(stdout).toContain(`Deployment ${done.id} (hello staging, rolled-back): 0.0`);
  });

  it.each([
    ['a deployment that still runs', [running.id], 1, /not finished/],
    [
      'a record and a plan at once',
      [done.id, '--steps', '2'],
      2,
      /--steps and --bake-seconds go without an id/,
    ],
    ['less than nothing', ['--bake-seconds', '-1'], 2, /whole number from 0 to 86400/],
    ['no step at all', ['--steps', '0'], 2, /whole number from 1 to 100/],
    ['a part of a deployment', ['--deployments-per-month', '1.5'], 2, /whole number from 0/],
  ])('refuses %s', async (_, words, code, says) => {
    const found = await runHere(['cost', ...words], env);
    expect(found.code).toBe(code);
    expect(found.stderr).toMatch(says);
  });

  it('has examples in its help', async () => {
    const { stdout } = await runHere(['cost', '--help']);
    expect(stdout).toMatch(/Examples:\n {2}slipway cost\n/);
  });
});

const ratio = (one = 0, other = 0): number => one / other;

/** The billed steps of a straight execution of workflows/deploy.yaml. */
async function runStraight(
  steps: number,
  bakeSeconds: number,
): Promise<{ internal: number; external: number }> {
  const clock = createVirtualClock();
  const billed = { internal: 0, external: 0 };
  let ids = 0;
  const callbacks = createCallbacks({
    clock,
    newId: () => `callback-${(ids += 1)}`,
    urlOf: (id) => `https://workflowexecutions.googleapis.com/${id}`,
  });
  let looks = Math.max(0, Math.ceil((bakeSeconds - 20) / 25)) * steps;
  const traffic = Array.from({ length: steps }, (_, index) => index + 1);
  const replyTo = ({ step, phase, seq }: StepMessage): unknown => {
    if (step === 'health-probe' && phase !== 'candidate' && (looks -= 1) >= 0)
      return { seq, status: 'pending', again: clock.now() / 1000 };
    const decision = step === 'preflight' ? { build: false, traffic } : { outcome: 'live' };
    return { seq, status: 'succeeded', decision };
  };
  const host: Parameters<typeof runWorkflow>[2] = {
    clock,
    newId: () => 'id',
    env: { GOOGLE_CLOUD_PROJECT_ID: 'slipway-local', GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID: 'execution-1' },
    log: () => undefined,
    accessToken: () => 'token',
    idToken: async () => 'token',
    connectorOrigin: (service) => `https://${service}.googleapis.com`,
    callbacks: callbacks.port,
    async fetch(_url, init) {
      const body = Published.parse(JSON.parse(await new Response(init?.body ?? '').text()));
      const text = Buffer.from(body.messages[0].data, 'base64').toString('utf8');
      const message = StepMessage.parse(JSON.parse(text));
      const answer = (said: unknown): void => {
        const body = parseJson(JSON.stringify(said));
        callbacks
          .list()
          .find(({ url }) => url === message.callbackUrl)!
          .deliver({ method: 'POST', url: '', query: {}, headers: {}, body, receivedTime: '' });
      };
      // The word of `notify`, before the reply.
      if (message.step === 'report') {
        answer({ poke: true });
        setImmediate(() => answer(replyTo(message)));
      } else answer(replyTo(message));
      return Response.json({ messageIds: ['1'] });
    },
  };
  const argument = parseJson('{"deploymentId": "d1f3k7q2x9ab", "mode": "deploy", "after": 0}');
  const state = { over: false };
  const run = runWorkflow(program, argument, host, billed, new AbortController().signal).finally(() => {
    state.over = true;
  });
  while (!state.over) await clock.next();
  expect(await run).toMatchObject({ state: 'SUCCEEDED' });
  return billed;
}
const program = parseWorkflow(readFileSync('workflows/deploy.yaml', 'utf8'));
const Published = z.object({ messages: z.tuple([z.object({ data: z.string() })]) });

/** A deployment to a service that is live, by the real steps on a virtual clock. */
async function measure(
  steps: number[],
  bakeSeconds: number,
): Promise<{ calls: number; reads: number; writes: number; expiring: number }> {
  const { ledger, used, expiring } = countingLedger();
  const world = createWorld({ ledger });
  world.configure(
    serviceFile().replace(/traffic: .*/, `traffic: { steps: [${steps.join()}], bake: ${bakeSeconds}s }`),
  );
  const engine = connect(world);
  await runDeployment(world, 'v1', engine);
  const before = { ...used, expiring: expiring.size, dispatched: engine.dispatched.length };
  let published = 1;
  const { subscriber } = world.pubsub;
  world.pubsub.subscriber = (...message) => {
    published += 1;
    subscriber?.(...message);
  };
  await runDeployment(world, 'v2', engine);
  return {
    calls: published + engine.dispatched.length - before.dispatched,
    reads: used.reads - before.reads,
    writes: used.writes - before.writes,
    expiring: expiring.size - before.expiring,
  };
}

/** A ledger that counts as Firestore bills: a read for each document that is answered, one for none. */
function countingLedger(): {
  ledger: Ledger;
  used: { reads: number; writes: number };
  /** Documents that Firestore will delete by its TTL policy. */
  expiring: Set<string>;
} {
  const inner = openSqliteLedger(':memory:');
  const expiring = new Set<string>();
  const used = { reads: 0, writes: 0 };
  const reader = (from: Reader): Reader => ({
    get(collection, id) {
      used.reads += 1;
      return from.get(collection, id);
    },
    async list(...query) {
      const found = await from.list(...query);
      used.reads += Math.max(1, found.length);
      return found;
    },
  });
  const ledger: Ledger = {
    ...reader(inner),
    transaction: (work) =>
      inner.transaction((tx) =>
        work({
          ...reader(tx),
          put(...document) {
            used.writes += 1;
            const [collection, id] = document;
            if (indexes.expiring.includes(collection)) expiring.add(`${collection}/${id}`);
            return tx.put(...document);
          },
        }),
      ),
    close: () => inner.close(),
  };
  return { ledger, used, expiring };
}
