import { Fault } from '#shared/domain/fault.ts';
import type { Collection, Collections } from './ledger.ts';

/**
 * UTF-8 bytes of a document as JSON. Firestore's limit is 1 MiB for all of a document, and there the fields that can be
 * asked for are stored beside the JSON: at worst the same again.
 */
export const longestDocument = 500_000;

/**
 * A document as every adapter stores it: JSON, without the fields that are undefined.
 * @throws Fault `unsupported` when it is longer than `longestDocument`: nothing is ever cut
 */
export function documentText<C extends Collection>(
  collection: C,
  id: string,
  document: Collections[C],
): string {
  const text = JSON.stringify(document);
  const bytes = Buffer.byteLength(text);
  if (bytes > longestDocument) {
    throw new Fault(
      'unsupported',
      `ledger: ${collection}/${id} has ${bytes} bytes, expected at most ${longestDocument}`,
    );
  }
  return text;
}
