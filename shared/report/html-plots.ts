import type { Report } from './document.ts';
import { html, nothing, type Markup } from './html-markup.ts';
import { attemptsOf, probePoints } from './probes.ts';
import { durationInWords, phaseInWords, stepInWords, utc } from './words.ts';

/** Pictures of what the tables say too, as SVG without scripts. */

const width = 760;
const left = 190;
const right = 20;

/** A place on the horizontal axis; everything at once is at its start. */
const scale = (from: number, to: number) => {
  const span = Math.max(1, to - from);
  return (at: number): number => round(left + ((at - from) / span) * (width - left - right));
};
const round = (value: number): number => Math.round(value * 10) / 10;

function figure(title: string, height: number, content: readonly Markup[]): Markup {
  return html`<figure>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
      <title>${title}</title>
      ${content}
    </svg>
    <figcaption>${title}</figcaption>
  </figure>`;
}

const label = (x: number, y: number, text: string, anchor: 'start' | 'end' | 'middle' = 'start'): Markup =>
  html`<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
const line = (kind: string, [x1, y1]: [number, number], [x2, y2]: [number, number]): Markup =>
  html`<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" />`;

/** When each step ran, and for how long. */
export function stepsPlot({ steps }: Report): Markup {
  const bars = steps.map((run) => {
    const start = Date.parse(run.startedAt);
    return { run, start, end: start + (run.durationMs ?? 0) };
  });
  if (bars.length === 0) return nothing;
  const from = bars.reduce((least, { start }) => Math.min(least, start), Infinity);
  const to = bars.reduce((most, { end }) => Math.max(most, end), -Infinity);
  const x = scale(from, to);
  const height = bars.length * 22 + 30;
  const rows = bars.map(({ run, start, end }, index) => {
    const y = index * 22 + 6;
    const took = run.durationMs === null ? run.status : durationInWords(run.durationMs);
    const title = `${stepInWords(run)}: ${run.status}, ${took}`;
    const [begin, wide] = [x(start), Math.max(2, round(x(end) - x(start)))];
    const beside = begin + wide > width - 90;
    return html`<g
      ><title>${title}</title>${label(left - 8, y + 11, stepInWords(run), 'end')}<rect
        class="${run.status}"
        x="${begin}"
        y="${y}"
        width="${wide}"
        height="14"
        rx="2"
      />${label(beside ? begin - 4 : begin + wide + 4, y + 11, took, beside ? 'end' : 'start')}</g
    >`;
  });
  const axis = [
    line('axis', [left, height - 22], [width - right, height - 22]),
    label(left, height - 6, utc(new Date(from).toISOString())),
    label(width - right, height - 6, `${durationInWords(to - from)} later`, 'end'),
  ];
  return figure('Steps over time', height, [...rows, ...axis]);
}

/** The share of the requests the release had, from its first step to its end. */
export function trafficPlot({ traffic, steps }: Report): Markup {
  const [first] = steps;
  if (traffic.length === 0 || !first) return nothing;
  const from = Date.parse(first.startedAt);
  const ends = steps.map(({ startedAt, durationMs }) => Date.parse(startedAt) + (durationMs ?? 0));
  const to = [...ends, ...traffic.map(({ at }) => Date.parse(at))].reduce((a, b) => Math.max(a, b), from);
  const x = scale(from, to);
  const y = (percent: number): number => round(110 - percent);
  let course = `M${left} ${y(0)}`;
  for (const { at, percent } of traffic) course += `H${x(Date.parse(at))}V${y(percent)}`;
  const guides = [0, 50, 100].flatMap((percent) => [
    line('axis', [left, y(percent)], [width - right, y(percent)]),
    label(left - 8, y(percent) + 4, `${percent} %`, 'end'),
  ]);
  const path = html`<path class="course" d="${`${course}H${width - right}`}" />`;
  const axis = [
    label(left, 130, utc(first.startedAt)),
    label(width - right, 130, `${durationInWords(to - from)} later`, 'end'),
  ];
  return figure('Share of the requests that the release had', 136, [...guides, path, ...axis]);
}

/** More say nothing to the eye. */
const mostPoints = 300;

/** How long the health probe's answers took, phase by phase. */
export function probesPlot({ suites, probes }: Report): Markup[] {
  const checks = suites.flatMap(({ rounds }) => rounds.flatMap((one) => one.checks));
  return probes.flatMap((probe) => {
    const check = checks.find((one) => one.phase === probe.phase && attemptsOf(one).length > 0);
    return check ? [probePlot(probe, probePoints(attemptsOf(check), mostPoints))] : [];
  });
}

function probePlot(probe: Report['probes'][number], points: ReturnType<typeof probePoints>): Markup {
  const { phase, attempts, failed, latency, slowestMs, limitMs } = probe;
  const last = points.at(-1)?.ms ?? 0;
  const top = Math.max(1, slowestMs) * 1.15;
  const x = scale(0, last);
  const y = (ms: number): number => round(150 - (Math.min(ms, top) / top) * 135);
  const across = (kind: string, ms: number, name: string): Markup[] =>
    ms > top
      ? []
      : [
          line(kind, [left, y(ms)], [width - right, y(ms)]),
          label(left - 8, y(ms) + 4, `${name} ${durationInWords(ms)}`, 'end'),
        ];
  const course = points.map(({ ms, slowestMs: slow }) => `${x(ms)},${y(slow)}`).join(' ');
  const misses = points
    .filter((point) => point.failed > 0)
    .map(
      (point) =>
        html`<circle class="miss" cx="${x(point.ms)}" cy="${y(point.slowestMs)}" r="3"
          ><title>${`${point.failed} of ${point.count} failed`}</title></circle
        >`,
    );
  const grouped = points.length < attempts ? ', neighbours as the slowest of them' : '';
  const over = limitMs > top ? `; the limit of ${durationInWords(limitMs)} is above` : '';
  const title = `Health probe ${phaseInWords(phase)}: ${attempts} attempts, ${failed} failed${grouped}${over}`;
  return figure(title, 176, [
    line('axis', [left, 150], [width - right, 150]),
    ...(latency && latency.p95Ms - latency.p50Ms > top / 12 ? across('guide', latency.p50Ms, 'p50') : []),
    ...(latency ? across('guide', latency.p95Ms, 'p95') : []),
    ...across('limit', limitMs, 'limit'),
    html`<polyline class="course" points="${course}" />`,
    ...misses,
    label(left, 168, 'first attempt'),
    label(width - right, 168, `${durationInWords(last)} later`, 'end'),
  ]);
}
