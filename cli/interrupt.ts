import { CommandError, exit } from './exit.ts';

/** Ctrl-C and SIGTERM of one run of the command line. */
export interface Interrupt {
  /** Aborts at the first one; its reason is a CommandError. */
  signal: AbortSignal;
  /** What a Ctrl-C does, for a terminal in raw mode, which sends no signal. The second one ends the process at once. */
  interrupt(): void;
}

/** A launcher such as npm passes on what the terminal sends to both: two within this time are one. */
const sameMs = 500;

/** From now on the process does not end by itself at SIGINT and SIGTERM. */
export function listenForInterrupts(
  host: Pick<NodeJS.Process, 'on' | 'exit'>,
  now: () => number = Date.now,
): Interrupt {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const interrupt = (): void => {
    if (firstAt === undefined) {
      firstAt = now();
      controller.abort(new CommandError(exit.interrupted, 'Interrupted.'));
    } else if (now() - firstAt > sameMs) host.exit(exit.interrupted);
  };
  host.on('SIGINT', interrupt);
  host.on('SIGTERM', interrupt);
  return { signal: controller.signal, interrupt };
}
