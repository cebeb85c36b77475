import { fault } from '#local/workflows/fault.ts';

/** @throws ValueError when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw fault('ValueError', 'the bytes are not valid UTF-8');
    throw error;
  }
}
