import { cutEnd, oneLine } from '#shared/report/text.ts';
import { durationInWords, takeoverInWords } from '#shared/report/words.ts';
import type { DeploymentView, StepView } from './answers.ts';
import type { Color, Paint } from './terminal.ts';
import { colorOf, releaseOf, servingOf, stepName } from './words.ts';

/** How progress looks; plain and wide unless told otherwise. */
export interface Look {
  paint?: Paint;
  width?: number;
  /** Turns the spinner. */
  frame?: number;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** A deployment as it stands, one line per step: a headline, the steps, and when it is finished its outcome. */
export function progressLines(deployment: DeploymentView, nowMs: number, look: Look = {}): string[] {
  return [
    headline(deployment, nowMs, look),
    ...deployment.steps.map((run, index) => `  ${stepLine(deployment, index, run, nowMs, look)}`),
    ...closing(deployment, look),
  ];
}

/** What to print of a deployment that was `before` and is `after`, one line per change; for logs. */
export function changedLines(
  before: DeploymentView | undefined,
  after: DeploymentView,
  nowMs: number,
  look: Look = {},
): string[] {
  const lines: string[] = [];
  if (before === undefined || (before.status === 'waiting' && after.status !== 'waiting'))
    lines.push(headline(after, nowMs, look));
  after.steps.forEach((run, index) => {
    const known = before?.steps.find((other) => other.step === run.step && other.phase === run.phase);
    // Every look makes a step pending and running again: that is no news.
    const isNews =
      known === undefined || known.attempt !== run.attempt || isWorking(known) !== isWorking(run);
    if (isNews) lines.push(`  ${stepLine(after, index, run, nowMs, look)}`);
  });
  lines.push(...takeoverLines(after).slice(before?.takeovers?.length));
  if (before?.signal === undefined && after.signal) lines.push(`  ${signalLine(after.signal)}`);
  if (before?.status !== 'finished') lines.push(...closing(after, look, false));
  return lines;
}

const isWorking = ({ status }: StepView): boolean => status === 'running' || status === 'pending';

function headline(deployment: DeploymentView, nowMs: number, { paint = same, width = 200 }: Look): string {
  const { service, environment, id, status, createdAt, result } = deployment;
  const end = result ? Date.parse(result.finishedAt) : nowMs;
  const place = `${oneLine(service)} → ${oneLine(environment)}`;
  const rest = [releaseOf(deployment), id, duration(end - Date.parse(createdAt))];
  if (status === 'waiting') rest.push('waits: another deployment is on its way');
  return `${paint('bold', cutEnd(place, width))}  ${paint('dim', cutEnd(rest.join('  '), Math.max(width - place.length - 2, 1)))}`;
}

function stepLine(
  deployment: DeploymentView,
  index: number,
  run: StepView,
  nowMs: number,
  look: Look,
): string {
  const { paint = same, width = 200 } = look;
  const { symbol, color } = symbolOf(deployment, run, look.frame);
  const end = run.endedAt === undefined ? nowMs : Date.parse(run.endedAt);
  const took =
    isWorking(run) && deployment.status === 'finished' ? '' : duration(end - Date.parse(run.startedAt));
  const start = `${stepName(run).padEnd(nameWidth)} ${took.padStart(8)}`;
  const more = [
    run.summary === undefined ? '' : oneLine(run.summary),
    ...countsOf(deployment.steps, index),
  ].filter((part) => part !== '');
  const said = cutEnd(more.join(' · '), Math.max(width - start.length - 6, 1));
  return `${paint(color, symbol)} ${start}${said === '' ? '' : `  ${paint('dim', said)}`}`;
}

const nameWidth = 'shift-traffic at the end'.length;

function symbolOf(
  { status }: DeploymentView,
  run: StepView,
  frame: number | undefined,
): { symbol: string; color: Color } {
  switch (run.status) {
    case 'succeeded':
      return { symbol: '✓', color: 'green' };
    case 'rejected':
    case 'failed':
      return { symbol: '✗', color: 'red' };
    case 'skipped':
      return { symbol: '–', color: 'dim' };
    case 'running':
    case 'pending': {
      if (status === 'finished') return { symbol: '·', color: 'dim' };
      const symbol = frame === undefined ? '…' : (spinner[frame % spinner.length] ?? '…');
      return { symbol, color: 'cyan' };
    }
  }
}

/**
 * Attempts after faults, and looks while the step waited for something. Every dispatch has the next number, so a step's
 * number less the one before it is how often it was dispatched; a jump in the numbers (a dead execution) says nothing.
 */
function countsOf(steps: readonly StepView[], index: number): string[] {
  const run = steps[index];
  if (!run) return [];
  const before = Math.max(0, ...steps.map(({ seq }) => seq).filter((seq) => seq < run.seq));
  const looks = run.seq - before - (run.attempt - 1);
  return [
    ...(run.attempt > 1 ? [`attempt ${run.attempt}`] : []),
    ...(looks > 1 && looks < 1000 ? [`looked ${looks} times`] : []),
  ];
}

const signalLine = ({ kind, by, reason }: { kind: string; by: string; reason: string }): string =>
  `! ${kind} asked for by ${oneLine(by)}: ${oneLine(reason)}`;

const takeoverLines = ({ takeovers = [] }: DeploymentView): string[] =>
  takeovers.map((one) => `  ! ${oneLine(takeoverInWords(one))}`);

/** @param withWords what people said to it too */
function closing(deployment: DeploymentView, look: Look, withWords = true): string[] {
  const { paint = same, width = 200 } = look;
  const { result, signal } = deployment;
  const lines = withWords
    ? [...takeoverLines(deployment), ...(signal ? [`  ${signalLine(signal)}`] : [])]
    : [];
  if (!result) return lines.map((line) => cutEnd(line, width));
  const color = colorOf(deployment);
  lines.push(`${result.outcome}: ${oneLine(result.explanation)}`);
  return [
    ...lines.map((line, index) => {
      const text = cutEnd(line, width);
      return index === lines.length - 1 ? paint(color, text) : text;
    }),
    // One that never started changed nothing and looked at nothing.
    ...(deployment.steps.length === 0 ? [] : [cutEnd(`Serves now: ${servingOf(deployment)}`, width)]),
  ];
}

/** Never negative: clocks of two machines differ. */
const duration = (ms: number): string => durationInWords(Math.max(ms, 0));

const same: Paint = (_, text) => text;
