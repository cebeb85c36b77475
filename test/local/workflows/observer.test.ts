import { describe, expect, it } from 'vitest';
import type { StepEvent } from '#local/workflows/host.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { start } from './harness.ts';

/** Everything that a run told, one line each, as a reader of a trace would want it. */
async function trace(source: string): Promise<string[]> {
  const clock = createVirtualClock(0);
  const lines: string[] = [];
  const names = new Map<number, string>();
  const line = (event: StepEvent): string => {
    const { id, parent, type, state, threadId, iteration } = event;
    names.set(id, event.step);
    const inside = parent === undefined ? '' : ` in ${names.get(parent)}`;
    const thread = threadId === '' ? '' : ` @${threadId}`;
    const error = 'error' in event ? ` ${JSON.stringify(event.error)}` : '';
    return `${state} ${type}${iteration === undefined ? '' : ` ${iteration}`} ${event.step}${inside}${thread}${error}`;
  };
  const run = start(source, {
    clock,
    observer: {
      onStep: (event) => lines.push(line(event)),
      onWait: (seconds, why) => lines.push(`wait ${seconds} ${why}`),
    },
  });
  while (await clock.next());
  await run.outcome;
  return lines;
}

describe('the observer of a run', () => {
  it('is told of steps, iterations, tries and handlers as they begin and end', async () => {
    const source = `main:
  steps:
    - loop: {for: {value: n, in: [1], steps: [{set: {assign: [{x: "\${n}"}]}}]}}
    - guard:
        try: {steps: [{boom: {raise: no}}]}
        retry: {predicate: "\${retry.always}", max_retries: 1, backoff: {initial_delay: 2, max_delay: 2, multiplier: 1}}
        except: {as: e, steps: [{handle: {call: sub}}]}
sub:
  steps:
    - log: {call: sys.log, args: {data: x}}`;
    expect(await trace(source)).toEqual([
      'in-progress FOR loop',
      'in-progress FOR_ITERATION 0 loop in loop',
      'in-progress ASSIGN set in loop',
      'succeeded ASSIGN set in loop',
      'succeeded FOR_ITERATION 0 loop in loop',
      'succeeded FOR loop',
      'in-progress TRY_RETRY_EXCEPT guard',
      'in-progress TRY guard in guard',
      'in-progress RAISE boom in guard',
      'failed RAISE boom in guard "no"',
      'failed TRY guard in guard "no"',
      'wait 2 retry',
      'in-progress RETRY 0 guard in guard',
      'in-progress RAISE boom in guard',
      'failed RAISE boom in guard "no"',
      'failed RETRY 0 guard in guard "no"',
      'in-progress EXCEPT guard in guard',
      'in-progress SUBWORKFLOW_CALL handle in guard',
      'in-progress STD_LIB_CALL log in handle',
      'succeeded STD_LIB_CALL log in handle',
      'succeeded SUBWORKFLOW_CALL handle in guard',
      'succeeded EXCEPT guard in guard',
      'succeeded TRY_RETRY_EXCEPT guard',
    ]);
  });

  it('is told which branch a step is in', async () => {
    const source = `- fork:
    parallel:
      branches:
        - a: {steps: [{wait: {call: sys.sleep, args: {seconds: 1}}}]}
        - b: {steps: [{inner: {parallel: {for: {value: n, in: [1], steps: [{x: {next: continue}}]}}}}]}`;
    const lines = await trace(source);
    expect(lines).toContain('in-progress PARALLEL_BRANCH_ENTRY 0 a in fork @1');
    expect(lines).toContain('in-progress STD_LIB_CALL wait in a @1');
    expect(lines).toContain('in-progress PARALLEL_FOR inner in b @2');
    expect(lines).toContain('in-progress GOTO x in inner @2.1');
    expect(lines.at(-1)).toBe('succeeded PARALLEL_BRANCH fork');
  });

  it('knows the place of a step in the source and hears each billed step', async () => {
    const billed: string[] = [];
    const places: string[] = [];
    const answer = async (): Promise<Response> => Response.json({});
    const source =
      '- a:\n    assign: [{x: 1}]\n- b:\n    call: http.get\n    args: {url: https://slack.example/x}';
    const run = start(source, {
      host: { fetch: answer },
      observer: {
        onBilled: (kind) => billed.push(kind),
        onStep: ({ state, step, position }) =>
          places.push(`${state} ${step} ${position.line}:${position.column}`),
      },
    });
    await run.outcome;
    expect(places).toEqual(['in-progress a 1:3', 'succeeded a 1:3', 'in-progress b 3:3', 'succeeded b 3:3']);
    // The second is announced before it is known where it goes.
    expect(billed).toEqual(['internal', 'internal', 'external']);
    expect(run.billed).toEqual({ internal: 1, external: 1 });
  });
});
