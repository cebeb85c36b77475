import type { Memory } from './instance.ts';

/** One cold start: its first answer, and what the process held then. */
export interface Start extends Memory {
  /** From the start of the process to the end of the answer. */
  ms: number;
}

/** What was measured of one target. */
export interface Measured {
  target: string;
  kind: string;
  /** Files of ours that were read up to the first answer. */
  files: number;
  bytes: number;
  /** Each with the start of a bare function at the same moment. */
  pairs: { own: Start; bare: Start }[];
  /** Of a later message like it, to the same process. */
  warmMs: number[];
}

/** First answer in multiples of the bare function's; and of every target in MiB. */
const aims = { chatops: 2, step: 2.5, resident: 110 } as const;

/** One line per target, with the medians, and whether the aims are met. */
export function coldStartTable(all: readonly Measured[]): string {
  const rows = all.map((measured) => {
    const { target, files, bytes, pairs, warmMs } = measured;
    const { ratio, resident } = figuresOf(measured);
    const own = (pick: (start: Start) => number): number => median(pairs.map((pair) => pick(pair.own)));
    const times = median(pairs.map(({ own, bare }) => own.resident / bare.resident));
    const cells = [
      target,
      `${(bytes / 1024).toFixed(0)} KiB in ${files}`,
      `${own(({ ms }) => ms).toFixed(0)} ms`,
      `${ratio.toFixed(2)}${verdict(ratio, aimOf(measured))}`,
      `${resident.toFixed(0)} MiB${verdict(resident, aims.resident)}`,
      times.toFixed(2),
      `${own(({ peak }) => peak).toFixed(0)} MiB`,
      warmMs.length === 0 ? '' : `${median(warmMs).toFixed(0)} ms`,
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  const bare = all.flatMap(({ pairs }) => pairs.map((pair) => pair.bare));
  const of = (pick: (start: Start) => number): string => median(bare.map(pick)).toFixed(0);
  return `| target | read till then | first answer | ÷ bare | resident | ÷ bare | peak | warm |
|---|---|---|---|---|---|---|---|
${rows.join('')}| bare function | | ${of(({ ms }) => ms)} ms | 1 | ${of(({ resident }) => resident)} MiB | 1 | ${of(({ peak }) => peak)} MiB | |
`;
}

/** The medians that have aims: of the pairs' ratios, so that a slow moment, which meets both of a pair, counts little. */
export function figuresOf({ pairs }: Pick<Measured, 'pairs'>): { ratio: number; resident: number } {
  return {
    ratio: median(pairs.map(({ own, bare }) => own.ms / bare.ms)),
    resident: median(pairs.map(({ own }) => own.resident)),
  };
}

function aimOf({ target, kind }: Measured): number | undefined {
  if (target === 'chatops') return aims.chatops;
  return kind === 'step' ? aims.step : undefined;
}

function verdict(value: number, aim: number | undefined): string {
  if (aim === undefined) return '';
  return value <= aim ? ` (≤ ${aim}: met)` : ` (≤ ${aim}: **missed**)`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
