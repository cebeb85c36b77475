import type { Deployment, StepRun } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import { durationInWords, stepInWords } from '#shared/report/words.ts';
import type { Task } from './blocks.ts';
import { foreign } from './mrkdwn.ts';

/** More cannot be read; what is done already goes first. */
const shownTasks = 20;

/**
 * A deployment's way as tasks: what was done, what is under way, what is still to come. What is to come is a forecast
 * for readers; the order is made by `workflows/deploy.yaml`, and a test holds this against it. Everything at one share of
 * the traffic is one task.
 */
export function tasksOf(deployment: Deployment): Task[] {
  const { steps, failure } = deployment;
  const happened = steps.map(taskOf).filter((id) => id !== 'report');
  const ids = [...new Set([...forecast(deployment), ...happened])];
  const failedId = failure && taskOf(failure);
  const tasks = ids.map((id): Task => {
    const runs = steps.filter((run) => taskOf(run) === id);
    const status = id === failedId ? 'error' : statusOf(deployment, id, runs);
    return { id, status, title: titleOf(id, runs) };
  });
  return shortened(tasks);
}

/** `Validate, running for 10 s` or `Failed in validate after 41 s` */
export function progressTitle(deployment: Deployment, tasks: readonly Task[], now: number): string {
  const { startedAt, result, failure } = deployment;
  if (startedAt === undefined) return 'Starting';
  const end = result ? Date.parse(result.finishedAt) : now;
  const ran = durationInWords(Math.max(0, end - Date.parse(startedAt)));
  if (result)
    return failure ? `Failed in ${foreign(stepInWords(failure))}, ran for ${ran}` : `Ran for ${ran}`;
  const current = tasks.find(({ status }) => status === 'in_progress');
  return current ? `${nameOf(current.id)}, running for ${ran}` : `Running for ${ran}`;
}

const marks: Record<Task['status'], string> = { complete: '✓', in_progress: '▸', pending: '·', error: '✗' };

/** The same for a workspace that has no plans. */
export const taskLine = ({ status, title }: Task): string => `${marks[status]} ${title}`;

function forecast({ request, config, stable, mode }: Deployment): string[] {
  // It takes back what its first execution left, and goes forward no more.
  if (mode === 'recover') return ['rollback'];
  const build = request.tag === undefined && request.digest === undefined;
  const percentages = stable?.first === true ? [100] : config.traffic.steps;
  return [
    'preflight',
    ...(build ? ['build'] : []),
    'push',
    'deploy',
    'health-probe',
    'validate',
    ...percentages.map((percent) => `traffic-${percent}`),
    'settle',
  ];
}

function taskOf({ step, phase }: Pick<StepRun, 'step' | 'phase'>): string {
  if (phase.startsWith('traffic-')) return phase;
  return step === 'shift-traffic' ? 'settle' : step;
}

function statusOf(deployment: Deployment, id: string, runs: readonly StepRun[]): Task['status'] {
  const last = runs.at(-1);
  if (!last) return 'pending';
  const isWhole = !id.startsWith('traffic-') || last.step === 'validate';
  if (last.status === 'succeeded' || last.status === 'skipped') {
    if (isWhole) return 'complete';
    return isFinished(deployment) ? 'pending' : 'in_progress';
  }
  // A fault is tried again as long as the deployment runs.
  if (!isFinished(deployment)) return 'in_progress';
  return last.status === 'rejected' || last.status === 'failed' ? 'error' : 'pending';
}

function titleOf(id: string, runs: readonly StepRun[]): string {
  const last = runs.findLast(({ summary }) => summary !== undefined) ?? runs.at(-1);
  const attempt = last && last.attempt > 1 ? ` (attempt ${last.attempt})` : '';
  const summary = last?.summary === undefined ? '' : `: ${foreign(last.summary, 100)}`;
  return `${nameOf(id)}${attempt}${summary}`;
}

function nameOf(id: string): string {
  if (id.startsWith('traffic-')) return `Traffic ${id.slice('traffic-'.length)} %`;
  if (id === 'settle') return 'Settle traffic';
  return `${id.charAt(0).toUpperCase()}${id.slice(1)}`;
}

/** What is done and what is far away become one task each; who reads it wants to see what is under way. */
function shortened(tasks: readonly Task[]): Task[] {
  if (tasks.length <= shownTasks) return [...tasks];
  const room = shownTasks - 2;
  const current = tasks.findIndex(({ status }) => status !== 'complete');
  const from = Math.max(0, Math.min((current < 0 ? tasks.length : current) - 4, tasks.length - room));
  const left = tasks.length - from - room;
  const earlier: Task = { id: 'earlier', status: 'complete', title: `${from} earlier steps` };
  const later: Task = { id: 'later', status: 'pending', title: `${left} later steps` };
  return [...(from > 0 ? [earlier] : []), ...tasks.slice(from, from + room), ...(left > 0 ? [later] : [])];
}
