/** An error as Cloud Storage's JSON API answers it; its shape is not that of the newer Google APIs. */
export class StorageError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = 'StorageError';
    this.code = code;
    this.reason = reason;
  }

  toJSON(): unknown {
    const { code, reason, message } = this;
    return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
  }
}

/** What a generation precondition that does not hold is answered with. */
export function conditionNotMet(): StorageError {
  return new StorageError(
    412,
    'conditionNotMet',
    'At least one of the pre-conditions you specified did not hold.',
  );
}
