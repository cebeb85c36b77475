import { z } from 'zod';
import { assumed, Input, type Work } from './cost-work.ts';
import { PriceTable, priceKeys, priceTable, type PriceKey } from './price-table.ts';

/**
 * What Slipway itself costs on Google Cloud: measured counts times a dated table of list prices. No free tier, and nothing
 * of the services it deploys.
 */

const Line = z.object({
  what: z.string(),
  quantities: z.partialRecord(z.enum(priceKeys), z.number().nonnegative()),
  usd: z.number().nonnegative(),
});
type Line = z.infer<typeof Line>;
const Sum = z.object({ what: z.string(), lines: z.array(Line), usd: z.number().nonnegative() });
type Sum = z.infer<typeof Sum>;

/** What `slipway cost --json` prints. */
export const CostReport = z.object({
  basis: z.string(),
  deployment: Sum,
  month: Sum,
  inputs: z.array(Input),
  notIncluded: z.array(z.string()),
  priceTable: PriceTable,
});
export type CostReport = z.infer<typeof CostReport>;

/** What is read of `functions/targets.json`. */
export const Targets = z.object({
  defaults: z.object({ cpu: z.string(), minInstances: z.number() }),
  secrets: z.record(z.string(), z.unknown()),
  targets: z.array(
    z.object({
      name: z.string(),
      memoryMiB: z.number(),
      cpu: z.string().optional(),
      minInstances: z.number().optional(),
    }),
  ),
});
export type Targets = z.infer<typeof Targets>;

const minutesPerMonth = 730 * 60;
/** Measured: one service, nothing to do; two reads are for each of the 50 newest deployments that are finished. */
const readsPerTick = 22 + 2 * 50;
const smallestMessageBytes = 1000;

/** @param deploymentsPerMonth like that one; 100 when it was not given */
export function costOf(work: Work, functions: Targets, deploymentsPerMonth?: number): CostReport {
  const count = deploymentsPerMonth ?? 100;
  const deployment = sumOf(work.what, linesOfDeployment(work, functions));
  const month = sumOf(`A month with ${count} of them`, [
    { what: 'Deployments', quantities: {}, usd: count * deployment.usd },
    ...linesOfMonth(functions),
  ]);
  return {
    basis: 'list price, free tier not applied',
    deployment,
    month,
    inputs: [
      ...work.inputs,
      { what: `${count} deployments a month`, from: deploymentsPerMonth === undefined ? 'assumed' : 'given' },
      {
        what: 'Workflows steps, events, reads, writes and deletes',
        from: 'measured with workflow and steps as they are',
      },
      { what: `${assumed.triggerSeconds} s a call of a trigger`, from: 'assumed' },
      { what: 'memory, vCPU, instances kept ready, secrets', from: 'functions/targets.json' },
      {
        what: `reconcile each minute, ${readsPerTick} reads`,
        from: 'its default; measured, one service',
      },
    ],
    notIncluded: [
      'the services that are deployed, jobs that check or migrate them, and their images',
      'logs, network, alerts',
      'storage: ledger with its point-in-time recovery, reports, images of the functions',
      'the calls of people: commands in Slack, the command line',
    ],
    priceTable,
  };
}

/** The constants are held against the real workflow and the real steps by test/cli/cost.test.ts. */
function linesOfDeployment(work: Work, functions: Targets): Line[] {
  const { steps, runs, shifts, heldSeconds, buildMinutes } = work;
  // Nothing ran: it was refused or superseded before its turn.
  if (runs === 0)
    return [
      lineOf('Functions', callsOf([{ name: 'admit', calls: 1, seconds: assumed.triggerSeconds }], functions)),
    ];
  const dispatches = steps.reduce((sum, one) => sum + one.dispatches, 0);
  const again = dispatches - runs;
  // One word comes between: `notify` tells the waiting workflow that Slack has the end.
  const waits = runs + 2 * again + 1;
  const events = 2 * runs + 5 + shifts + 2 * again;
  const triggers = ['image-push', 'admit', ...Array.from({ length: events }, () => 'notify')];
  const calls = [
    ...steps.map(({ name, dispatches: times, seconds }) => ({ name, calls: times, seconds })),
    ...triggers.map((name) => ({ name, calls: 1, seconds: assumed.triggerSeconds })),
  ];
  return [
    lineOf('Workflows', {
      'workflows-internal': 7 + 8 * runs + 11 * again + 3 - waits,
      'workflows-external': waits,
    }),
    lineOf('Functions', callsOf(calls, functions)),
    lineOf('Pub/Sub', messages(dispatches + triggers.length)),
    lineOf('Ledger', {
      // A claim is prolonged each 1.5 s, with two reads and a write.
      'firestore-reads': Math.round(45 + 13.6 * runs + 15 * again + (2 * heldSeconds) / 1.5),
      'firestore-writes': Math.round(10 + 6.4 * runs + 10 * again + heldSeconds / 1.5),
      // Each dispatch is one document that expires (docs/ledger.md): it goes later, and is billed then.
      'firestore-deletes': dispatches,
    }),
    ...(buildMinutes > 0 ? [lineOf('Cloud Build', { 'build-minutes': buildMinutes })] : []),
  ];
}

function linesOfMonth(functions: Targets): Line[] {
  const { defaults, secrets, targets } = functions;
  const ticks = minutesPerMonth;
  const ready = targets.map((target) => ({
    ...target,
    seconds: (target.minInstances ?? defaults.minInstances) * minutesPerMonth * 60,
  }));
  const kept = ready.filter(({ seconds }) => seconds > 0);
  return [
    lineOf('reconcile, each minute', {
      ...callsOf([{ name: 'reconcile', calls: ticks, seconds: ticks * assumed.triggerSeconds }], functions),
      ...messages(ticks),
      'firestore-reads': ticks * readsPerTick,
    }),
    lineOf(`${kept.map(({ name }) => name).join(', ')}, kept ready (with Slack)`, {
      'run-idle-cpu': kept.reduce((sum, { seconds, cpu }) => sum + seconds * Number(cpu ?? defaults.cpu), 0),
      'run-idle-memory': kept.reduce((sum, { seconds, memoryMiB }) => sum + (seconds * memoryMiB) / 1024, 0),
    }),
    lineOf('Scheduler', { 'scheduler-jobs': 1 }),
    lineOf('Secret Manager', { 'secret-versions': Object.keys(secrets).length }),
  ];
}

type Quantities = Line['quantities'];

/** @throws Error for a function that is not in functions/targets.json */
function callsOf(
  calls: readonly { name: string; calls: number; seconds: number }[],
  { defaults, targets }: Targets,
): Quantities {
  const sum = { 'run-cpu': 0, 'run-memory': 0, 'run-requests': 0 };
  for (const { name, calls: times, seconds } of calls) {
    const target = targets.find((known) => known.name === name);
    if (!target) throw new Error(`"${name}" is no function of this version: expected one of targets.json`);
    sum['run-cpu'] += seconds * Number(target.cpu ?? defaults.cpu);
    sum['run-memory'] += (seconds * target.memoryMiB) / 1024;
    sum['run-requests'] += times;
  }
  return sum;
}

/** Ours are shorter than the least that is billed. */
const messages = (count: number): Quantities => ({ 'pubsub-bytes': count * 2 * smallestMessageBytes });

function lineOf(what: string, quantities: Quantities): Line {
  const parts = priceKeys.map((key: PriceKey) => {
    const { usd, per } = priceTable.prices[key];
    return ((quantities[key] ?? 0) * usd) / per;
  });
  return { what, quantities, usd: parts.reduce((sum, part) => sum + part, 0) };
}

const sumOf = (what: string, lines: Line[]): Sum => ({
  what,
  lines,
  usd: lines.reduce((sum, { usd }) => sum + usd, 0),
});
