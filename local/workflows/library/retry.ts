import { define } from '#local/workflows/library/function.ts';
import { isList, isMap, type Value } from '#local/workflows/values.ts';

/**
 * The predicates of `retry`. 500 is retried by neither of the two for HTTP.
 * https://docs.cloud.google.com/workflows/docs/reference/stdlib/http/default_retry_predicate
 */
export const retryFunctions = [
  define('retry.always(exception)', () => true),
  define('retry.never(exception)', () => false),
  define('http.default_retry_predicate(exception)', (args) => isRetried(args.any('exception'), true)),
  define('http.default_retry_predicate_non_idempotent(exception)', (args) =>
    isRetried(args.any('exception'), false),
  ),
];

const retried = {
  idempotent: {
    codes: [429n, 502n, 503n, 504n],
    tags: ['ConnectionError', 'ConnectionFailedError', 'TimeoutError'],
  },
  // Only what says that the request took no effect.
  nonIdempotent: { codes: [429n, 503n], tags: ['ConnectionFailedError'] },
};

/** Whether the default policy retries after this error, for requests that may (idempotent) or may not run twice. */
export function isRetried(error: Value, idempotent: boolean): boolean {
  if (!isMap(error)) return false;
  const { codes, tags } = idempotent ? retried.idempotent : retried.nonIdempotent;
  const code = error.get('code') ?? null;
  const found = error.get('tags') ?? null;
  if (typeof code === 'bigint' && codes.includes(code)) return true;
  return isList(found) && found.some((tag) => typeof tag === 'string' && tags.includes(tag));
}
