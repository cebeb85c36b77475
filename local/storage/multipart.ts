import { StorageError } from '#local/storage/storage-error.ts';

export interface Upload {
  /** The JSON of the first part, unparsed. */
  metadata: string;
  contentType: string | undefined;
  content: Buffer;
}

/**
 * Takes a `multipart/related` upload apart: metadata as JSON, then the content.
 * @throws StorageError 400 when it is not exactly that
 */
export function parseMultipart(contentTypeHeader: string, body: Buffer): Upload {
  const boundary = /^multipart\/related;.*\bboundary="?([^";]+)"?/i.exec(contentTypeHeader)?.[1];
  if (boundary === undefined) throw malformed(`content-type "${contentTypeHeader}" names no boundary`);
  const parts = split(body, `--${boundary}`);
  const [metadata, content] = parts;
  if (!metadata || !content || parts.length !== 2) throw malformed(`${parts.length} parts instead of 2`);
  return { metadata: metadata.content.toString('utf8'), ...content };
}

/** The bytes between delimiters, each without the line break before the next one. */
function split(body: Buffer, delimiter: string): Omit<Upload, 'metadata'>[] {
  const parts: Omit<Upload, 'metadata'>[] = [];
  let start = body.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    if (body.subarray(from, from + 2).toString() === '--') return parts;
    const end = body.indexOf(`\r\n${delimiter}`, from);
    if (end < 0) break;
    parts.push(partOf(body.subarray(from, end)));
    start = end + 2;
  }
  throw malformed('the closing boundary is missing');
}

function partOf(bytes: Buffer): Omit<Upload, 'metadata'> {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) throw malformed('a part has no blank line after its headers');
  const contentType = /^content-type:\s*(.+?)\s*$/im.exec(bytes.subarray(0, blank).toString('latin1'))?.[1];
  return { contentType, content: bytes.subarray(blank + 4) };
}

function malformed(what: string): StorageError {
  return new StorageError(400, 'parseError', `Malformed multipart body: ${what}.`);
}
