import { textOfError } from '#local/executions/history.ts';
import type { Observer, StepEvent, WaitReason } from '#local/workflows/host.ts';
import type { Clock } from '#shared/clock.ts';
import type { Terminal } from '#cli/terminal.ts';

/** Something that happened in a run; seconds since it began. */
type TraceEvent = { atSeconds: number } & (
  | ({ kind: 'step'; error?: string } & Omit<StepEvent, 'error'>)
  | { kind: 'wait'; seconds: number; why: WaitReason }
);

export interface Trace {
  observer: Required<Pick<Observer, 'onStep' | 'onWait'>>;
  /** In the order they happened. */
  events: readonly TraceEvent[];
}

/** What a run does, told as it happens. @param terminal where to; without one the events are kept only */
export function createTrace(clock: Clock, terminal: Terminal | undefined): Trace {
  const start = clock.now();
  const events: TraceEvent[] = [];
  /** How deep an entry is inside others, by its id. */
  const depths = new Map<number, number>();
  const seconds = (): number => (clock.now() - start) / 1000;
  const line = (depth: number, text: string): void =>
    terminal?.warn(
      `${terminal.paint('dim', `${seconds().toFixed(3).padStart(9)} s`)} ${'  '.repeat(depth)}${text}`,
    );

  return {
    events,
    observer: {
      onStep(event) {
        const { error, ...rest } = event;
        const failed = error === undefined ? {} : { error: textOfError(error) };
        if (!terminal) events.push({ atSeconds: seconds(), kind: 'step', ...rest, ...failed });
        const depth = event.parent === undefined ? 0 : (depths.get(event.parent) ?? 0) + 1;
        if (event.state === 'in-progress') {
          depths.set(event.id, depth);
          line(depth, nameOf(event));
          return;
        }
        depths.delete(event.id);
        if (failed.error !== undefined && !event.part) {
          line(depth, `${terminal?.paint('red', '✗') ?? ''} ${event.step}: ${failed.error}`);
        }
      },
      onWait(waitSeconds, why) {
        if (!terminal) events.push({ atSeconds: seconds(), kind: 'wait', seconds: waitSeconds, why });
        line(1, waitsInWords[why](waitSeconds));
      },
    },
  };
}

const waitsInWords: Record<WaitReason, (seconds: number) => string> = {
  sleep: (seconds) => `… sleeps ${seconds} s`,
  retry: (seconds) => `… waits ${seconds} s before the next try`,
  callback: (seconds) => `… waits for a callback, ${seconds} s at most`,
  poll: (seconds) => `… looks again in ${seconds} s`,
};

function nameOf({ part, type, step, routine, iteration }: StepEvent): string {
  const kind = type.toLowerCase().replaceAll('_', ' ');
  if (part) {
    const number = iteration === undefined ? '' : ` ${iteration + 1}`;
    return type === 'PARALLEL_BRANCH_ENTRY' ? `branch ${step}` : `${kind.replace('for ', '')}${number}`;
  }
  return `${routine === 'main' ? '' : `${routine}.`}${step} (${kind})`;
}
