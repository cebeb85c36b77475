import type { Check } from '#shared/domain/check.ts';
import { phaseInWords } from '#shared/report/words.ts';
import { limits } from './limits.ts';

/** How long the health probe's own requests took: the one series of figures that a record holds. */
export interface ProbeSeries {
  /** `before traffic`, `at 25 % of the traffic` */
  when: string;
  /** Oldest first, at most 20: where there were more looks, the slowest of each run of neighbours. */
  points: { label: string; milliseconds: number }[];
  looks: number;
  failed: number;
  slowestMs: number;
}

/** Fewer say nothing about a course. */
const fewest = 4;

/** Of the last phase in which the probe looked often enough, or undefined. */
export function probeSeries(checks: readonly Check[]): ProbeSeries | undefined {
  for (const check of checks.toReversed()) {
    if (check.id !== 'healthy' || check.outcome === 'not-run') continue;
    const attempts = check.evidence.attempts ?? [];
    const [first] = attempts;
    if (attempts.length < fewest || !first) continue;
    const size = Math.ceil(attempts.length / limits.chartPoints);
    const points = attempts.flatMap(({ at }, index) => {
      if (index % size !== 0) return [];
      const slowest = Math.max(...attempts.slice(index, index + size).map(({ durationMs }) => durationMs));
      const seconds = Math.max(0, Date.parse(at) - Date.parse(first.at)) / 1000;
      return [{ label: `${seconds.toFixed(1)} s`, milliseconds: slowest }];
    });
    return {
      when: phaseInWords(check.phase),
      points,
      looks: attempts.length,
      failed: attempts.filter(({ ok }) => !ok).length,
      slowestMs: Math.max(...points.map(({ milliseconds }) => milliseconds)),
    };
  }
  return undefined;
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** `▁▂▃█`, from nothing to the highest; all low where everything is nothing. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(...values, 1);
  return values.map((value) => bars[Math.round((Math.max(0, value) / highest) * (bars.length - 1))]).join('');
}
