import { describe, expect, it } from 'vitest';

interface Start {
  ms: number;
  resident: number;
  peak: number;
}
interface Measured {
  target: string;
  kind: string;
  files: number;
  bytes: number;
  pairs: { own: Start; bare: Start }[];
  warmMs: number[];
}

// By its address: benches have no path of their own, because nothing but this imports them.
const { coldStartTable, figuresOf } = (await import(
  new URL('../../bench/cold-start-table.ts', import.meta.url).href
)) as {
  coldStartTable: (all: Measured[]) => string;
  figuresOf: (measured: Pick<Measured, 'pairs'>) => { ratio: number; resident: number };
};

const start = (ms: number, resident: number) => ({ ms, resident, peak: resident + 1 });
const pair = (own: number, bare: number, resident = 100) => ({
  own: start(own, resident),
  bare: start(bare, 50),
});
const measured = { kind: 'step', files: 3, bytes: 2048, warmMs: [5, 9, 7] };

describe('the figures of cold starts', () => {
  it('are medians of pairs, so that a slow moment, which meets both of a pair, counts for nothing', () => {
    const pairs = [pair(200, 100), pair(2100, 1000), pair(190, 100)];
    expect(figuresOf({ pairs })).toEqual({ ratio: 2, resident: 100 });
  });

  it.each([
    ['chatops', 'http', 2, '(≤ 2: met)'],
    ['chatops', 'http', 2.1, '(≤ 2: **missed**)'],
    ['deploy', 'step', 2.5, '(≤ 2.5: met)'],
    ['deploy', 'step', 2.6, '(≤ 2.5: **missed**)'],
  ])('%s, a %s, at %d times the bare function is %s', (target, kind, ratio, words) => {
    const table = coldStartTable([{ ...measured, target, kind, pairs: [pair(100 * ratio, 100)] }]);
    expect(table).toContain(`| ${ratio.toFixed(2)} ${words} |`);
  });

  it.each([
    [110, '110 MiB (≤ 110: met)'],
    [111, '111 MiB (≤ 110: **missed**)'],
  ])('of %d MiB say so, for every target', (resident, words) => {
    const pairs = [pair(300, 100, resident)];
    const table = coldStartTable([{ ...measured, target: 'admit', kind: 'trigger', pairs }]);
    expect(table).toContain(`| admit | 2 KiB in 3 | 300 ms | 3.00 | ${words} |`);
    expect(table).toContain('| bare function | | 100 ms | 1 | 50 MiB | 1 | 51 MiB | |');
  });
});
