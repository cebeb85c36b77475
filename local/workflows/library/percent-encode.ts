import { fault } from '#local/workflows/fault.ts';

/**
 * encodeURIComponent for text that a workflow made.
 * @throws ValueError for half of a surrogate pair, which has no UTF-8 (that Google raises it is unverified)
 */
export function percentEncode(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text);
  throw fault(
    'ValueError',
    `${JSON.stringify(text)} has half of a surrogate pair: it cannot be part of a URL`,
  );
}
