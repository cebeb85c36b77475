import type { SlackMessage } from '#shared/ports/people.ts';
import { counted, durationInWords } from '#shared/report/words.ts';
import { lineChart, section, table } from './blocks.ts';
import { sparkline, type ProbeSeries } from './probe-series.ts';

/**
 * How quickly the health probe was answered, as a line; as a table and in characters for a workspace that has no charts.
 * What it shows is said in words too. Users' requests are not in it: of them a record holds single figures, no series.
 */
export function chartMessage({ when, points, looks, failed, slowestMs }: ProbeSeries): SlackMessage {
  const bad = failed === 0 ? 'all of them good' : `${failed} of them bad`;
  const text = `Health probe ${when}: ${counted(looks, 'look')}, ${bad}, the slowest answer after ${durationInWords(slowestMs)}`;
  const line = sparkline(points.map(({ milliseconds }) => milliseconds));
  return {
    text: `${text} ${line}`,
    blocks: [
      ...section(text),
      lineChart(
        'Health probe: time to answer',
        ['Slowest answer'],
        points.map(({ label, milliseconds }) => ({ label, values: { 'Slowest answer': milliseconds } })),
        { yLabel: 'Milliseconds' },
      ),
    ],
    simpler: [
      ...section(`${text} ${line}`),
      table([
        ['From', 'Slowest answer'],
        ...points.map(({ label, milliseconds }) => [label, durationInWords(milliseconds)]),
      ]),
    ],
  };
}
