import { describe, expect, it } from 'vitest';
import { createCallbacks } from '#local/executions/callbacks.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { start } from './harness.ts';

const nineTries = `main:
  steps:
    - t:
        try: {raise: {code: 503, tags: [HttpError]}}
        retry: {predicate: "\${http.default_retry_predicate}", max_retries: 8, backoff: {initial_delay: 1, max_delay: 60, multiplier: 2}}
        except: {as: e, steps: [{r: {return: gave up}}]}`;

const halfADay = `main:
  steps:
    - endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
    - t:
        try: {call: events.await_callback, args: {callback: "\${callback}"}}
        except: {as: e, steps: [{r: {return: "\${e.tags[0]}"}}]}`;

describe('on a virtual clock', () => {
  it.each([
    ['nine tries wait 183 seconds', nineTries, 'gave up', [1, 2, 4, 8, 16, 32, 60, 60]],
    ['a callback is awaited for 12 hours', halfADay, 'TimeoutError', [43_200]],
  ])('%s, in no time', async (_name, source, result, waits) => {
    const clock = createVirtualClock(0);
    let ids = 0;
    const callbacks = createCallbacks({
      clock,
      newId: () => String((ids += 1)),
      urlOf: (id) => `http://callbacks/${id}`,
    });
    const began = performance.now();
    const run = start(source, { clock, host: { callbacks: callbacks.port } });
    while (await clock.next());
    expect(await run.outcome).toEqual({ state: 'SUCCEEDED', result: JSON.stringify(result) });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(run.waits.map(([, seconds]) => seconds)).toEqual(waits);
    expect(clock.now()).toBe(waits.reduce((sum, seconds) => sum + seconds, 0) * 1000);
  });

  it('two runs with the same seed do the same at the same times', async () => {
    const source = `main:
  steps:
    - begin: {assign: [{order: []}]}
    - fork:
        parallel:
          shared: [order]
          concurrency_limit: 3
          for:
            value: n
            range: [1, 12]
            steps:
              - id: {assign: [{mine: "\${uuid.generate()}"}]}
              - wait: {call: sys.sleep, args: {seconds: "\${(n * 7) % 5 + 0.5}"}}
              - note: {assign: [{order: "\${list.concat(order, mine + \\" \\" + sys.now())}"}]}
    - answer: {return: "\${order}"}`;
    const once = async (seed: number): Promise<unknown> => {
      const clock = createVirtualClock(0);
      let ids = seed;
      const run = start(source, { clock, host: { newId: () => String((ids += 1)) } });
      while (await clock.next());
      return { outcome: await run.outcome, steps: run.steps, waits: run.waits, at: clock.now() };
    };
    const first = await once(1);
    expect(await once(1)).toEqual(first);
    expect(await once(2)).not.toEqual(first);
  });
});
