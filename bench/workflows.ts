import { cpus, totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCallbacks } from '#local/executions/callbacks.ts';
import type { BilledSteps, WorkflowHost } from '#local/workflows/host.ts';
import { runWorkflow } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { systemClock } from '#shared/clock.ts';

/** A condition, an assignment and a jump, 33,000 times: just under the 100,000 steps of an execution. */
const turns = 33_000;
const counting = `main:
  steps:
    - begin: {assign: [{i: 0}]}
    - check: {switch: [{condition: "\${i >= ${turns}}", next: finish}]}
    - add: {assign: [{i: "\${i + 1}"}]}
    - again: {next: check}
    - finish: {return: "\${i}"}
`;

const waiting = `main:
  params: [args]
  steps:
    - endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
    - wait: {call: events.await_callback, args: {callback: "\${callback}", timeout: 43200}, result: answer}
    - finish: {return: "\${args.n}"}
`;

/** How many simple steps a second the local Workflows engine runs, and what executions that wait cost in memory. */
export async function main(): Promise<void> {
  // Without a full collection before each look the numbers are those of garbage.
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const program = parseWorkflow(counting);
  const rates: number[] = [];
  for (let run = 0; run < 7; run += 1) {
    const billed = { internal: 0, external: 0 };
    const started = performance.now();
    await runWorkflow(program, null, hostOf(), billed, new AbortController().signal);
    rates.push((billed.internal / (performance.now() - started)) * 1000);
  }
  const plain = plainRate();
  collect();
  const before = memoryMb();
  const stop = new AbortController();
  const program2 = parseWorkflow(waiting);
  const count = 1000;
  const ended = Array.from({ length: count }, (_, n) => {
    const argument = new Map([['n', BigInt(n)]]);
    const billed: BilledSteps = { internal: 0, external: 0 };
    return runWorkflow(program2, argument, hostOf(), billed, stop.signal).catch(
      () => billed.internal + billed.external,
    );
  });
  await systemClock.sleep(200);
  collect();
  const after = memoryMb();
  stop.abort(new Error('measured'));
  const steps = await Promise.all(ended);
  if (steps.some((billed) => billed !== 2)) throw new Error('an execution was not waiting');

  const [cold] = rates;
  const warm = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)];
  const number = (value = Number.NaN): string => Math.round(value).toLocaleString('en');
  process.stdout.write(`
| measure | found | aim |
|---|---|---|
| simple steps per second on one core, first run | ${number(cold)} | ≥ 200,000 |
| the same, median of ${rates.length} runs | ${number(warm)} | ≥ 200,000 |
| one turn of the loop, three steps ÷ the same in JavaScript | ${number((3 * plain) / (warm ?? 0))} | |
| ${number(count)} executions waiting on callbacks, heap over idle | ${(after.heap - before.heap).toFixed(1)} MB | < 100 MB |
| the same, resident memory over idle | ${(after.resident - before.resident).toFixed(1)} MB | < 100 MB |
| heap per waiting execution | ${(((after.heap - before.heap) / count) * 1024).toFixed(1)} KB | |

${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}
`);
}

function hostOf(): WorkflowHost {
  let ids = 0;
  const callbacks = createCallbacks({
    clock: systemClock,
    newId: () => String((ids += 1)),
    urlOf: (id) => `http://callbacks/${id}`,
  });
  return {
    clock: systemClock,
    fetch,
    newId: () => String((ids += 1)),
    env: {},
    log: () => undefined,
    accessToken: () => 'token',
    idToken: async () => 'token',
    connectorOrigin: () => 'http://nowhere',
    callbacks: callbacks.port,
  };
}

/** Turns per second of the loop, with the same kind of integers. */
function plainRate(): number {
  const variables = new Map<string, bigint>([['i', 0n]]);
  const end = BigInt(turns * 100);
  const started = performance.now();
  for (let i = variables.get('i') ?? 0n; i < end; i = variables.get('i') ?? 0n) variables.set('i', i + 1n);
  return (Number(end) / (performance.now() - started)) * 1000;
}

function memoryMb(): { heap: number; resident: number } {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / 2 ** 20, resident: rss / 2 ** 20 };
}
