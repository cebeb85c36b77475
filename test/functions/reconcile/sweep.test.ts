import { describe, expect, it } from 'vitest';
import { createSweep } from '#functions/reconcile/sweep.ts';
import { createWorld } from '#test/support/world.ts';

const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
const all = async () => numbers;

describe('a sweep', () => {
  it('looks at eight things at a time, at each once', async () => {
    const world = createWorld();
    const seen: number[] = [];
    let [now, most] = [0, 0];
    const work = createSweep(world.deps).each('numbers', all, String, async (number) => {
      most = Math.max(most, (now += 1));
      await world.clock.sleep(1000);
      now -= 1;
      seen.push(number);
    });
    await world.finish(work);
    expect(most).toBe(8);
    expect(seen.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  it('begins nothing after 45 s, says how many are left, and begins with another one next time', async () => {
    const world = createWorld();
    const first: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const seen: number[] = [];
      const sweep = createSweep(world.deps);
      const work = sweep.each('numbers', all, String, async (number) => {
        seen.push(number);
        await world.clock.sleep(30_000);
      });
      await world.finish(work);
      await sweep.each(
        'letters',
        async () => ['a'],
        String,
        async () => expect.unreachable(),
      );
      expect(() => sweep.end()).not.toThrow();
      expect(seen).toHaveLength(16);
      first.push(seen[0]!);
    }
    expect(new Set(first).size).toBe(3);
    expect(world.logs.map(([severity, message]) => `${severity} ${message}`).slice(0, 2)).toEqual([
      'WARNING reconcile: no time left for 4 of 20 numbers',
      'WARNING reconcile: no time left for 1 of 1 letters',
    ]);
  });

  it('goes on after a fault, of a thing or of a whole list, and throws the first one at the end', async () => {
    const world = createWorld();
    const sweep = createSweep(world.deps);
    const seen: number[] = [];
    await sweep.each('numbers', all, String, async (number) => {
      if (number === 7) throw new Error('seven');
      seen.push(number);
    });
    await sweep.each(
      'letters',
      async (): Promise<string[]> => {
        throw new Error('no letters');
      },
      String,
      async () => expect.unreachable(),
    );
    expect(seen).toHaveLength(19);
    expect(() => sweep.end()).toThrow('seven');
    expect(world.logs.map(([, message]) => message)).toEqual([
      'reconcile of 7: seven',
      'reconcile of letters: no letters',
    ]);
  });
});
