/** Canonical status → HTTP code, as Google's APIs map them: https://cloud.google.com/apis/design/errors */
const httpCodes = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

type GoogleStatus = keyof typeof httpCodes;

/** An error as a Google API answers it: `{error: {code, message, status, details}}`. */
export class GoogleError extends Error {
  readonly status: GoogleStatus;
  readonly details: unknown[];

  constructor(status: GoogleStatus, message: string, details: unknown[] = []) {
    super(message);
    this.name = 'GoogleError';
    this.status = status;
    this.details = details;
  }

  get httpCode(): number {
    return httpCodes[this.status];
  }

  toJSON(): unknown {
    const { httpCode: code, message, status, details } = this;
    return { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } };
  }
}
