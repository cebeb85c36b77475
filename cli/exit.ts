/** What a command's exit code says. */
export const exit = {
  done: 0,
  /** The deployment did not go live, or the file is not valid, or Slipway said no. */
  no: 1,
  /** The command was used wrongly. */
  usage: 2,
  /** Slipway could not be reached: repeating is safe. */
  unreachable: 3,
  /** Ctrl-C, as shells say it. */
  interrupted: 130,
} as const;

/** An end that is told to the person in one message, without a stack trace. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** @returns an error for a command that was used wrongly */
export const usageError = (message: string): CommandError => new CommandError(exit.usage, message);

/** Slipway did not answer, or not so that one could go on: the only error that waiting can mend. */
export class Unreachable extends CommandError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(exit.unreachable, message, options);
    this.name = 'Unreachable';
  }
}

/** Slipway was asked and may have done it, but no answer says so. */
export class Unconfirmed extends Unreachable {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'Unconfirmed';
  }
}
