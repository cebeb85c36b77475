/**
 * A fault: something did not work, as opposed to a business "no", which is a value.
 * The list is closed so that every edge can map it and every page of the docs can explain it.
 */
const faultCodes = [
  'invalid-input',
  'not-found',
  'permission-denied',
  'conflict',
  'fenced',
  'lock-lost',
  'unavailable',
  'timeout',
  'unsupported',
  'build-failed',
  'internal',
] as const;

export type FaultCode = (typeof faultCodes)[number];

/** The retryable codes, unless the thrower knows better. */
const retryable: ReadonlySet<FaultCode> = new Set(['unavailable', 'timeout', 'conflict', 'internal']);

export class Fault extends Error {
  readonly code: FaultCode;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FaultCode,
    message: string,
    options: { retryable?: boolean; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = options.retryable ?? retryable.has(code);
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
