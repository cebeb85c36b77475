import type { Ordered, RefusalKind } from '#functions/orders/result.ts';

/** A call of the CLI. IAM in front of the function has verified the caller; here only who it was is read. */
export interface ApiRequest {
  method: string;
  /** Without query. */
  path: string;
  query: URLSearchParams;
  /** The credential that the platform verified: the only one of the request. */
  authorization: string | undefined;
  body: unknown;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
}

/** An answer that says what is wrong. @param more what helps to see why */
export const problem = (status: number, error: string, more: Record<string, unknown> = {}): ApiAnswer => ({
  status,
  body: { error, ...more },
});

const statusOf: Record<RefusalKind, number> = {
  forbidden: 403,
  unknown: 404,
  conflict: 409,
  unconfirmed: 504,
};

/** What became of an order, as an answer. @param done what to say when it was carried out */
export const answerOf = <Done extends object>(
  ordered: Ordered<Done>,
  done: (ordered: Done) => ApiAnswer,
): ApiAnswer =>
  ordered.status === 'refused'
    ? problem(statusOf[ordered.kind], ordered.reason, ordered.more)
    : done(ordered);

/** A part of a path; undefined when its encoding is broken. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % or bytes that are no UTF-8.
    return undefined;
  }
}
