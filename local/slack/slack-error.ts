/** A "no" of the Web API: `{ok: false, error}` under HTTP 200. */
export class SlackError extends Error {
  readonly code: string;
  readonly messages: string[];
  /** Further fields of the answer. */
  readonly fields: Record<string, unknown>;

  constructor(code: string, details: { messages?: string[]; fields?: Record<string, unknown> } = {}) {
    super(code);
    this.name = 'SlackError';
    this.code = code;
    this.messages = details.messages ?? [];
    this.fields = details.fields ?? {};
  }

  toJSON(): unknown {
    const { code: error, messages, fields } = this;
    return {
      ok: false,
      error,
      ...fields,
      ...(messages.length > 0
        ? {
            errors: messages.map((message) => message.replace(/^\[ERROR\] /, '')),
            response_metadata: { messages },
          }
        : {}),
    };
  }
}
