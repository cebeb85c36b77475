/** An error as the OCI distribution API answers it: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export class RegistryError extends Error {
  readonly httpCode: number;
  readonly code: string;

  constructor(httpCode: number, code: string, message: string) {
    super(message);
    this.name = 'RegistryError';
    this.httpCode = httpCode;
    this.code = code;
  }

  toJSON(): unknown {
    return { errors: [{ code: this.code, message: this.message }] };
  }
}
