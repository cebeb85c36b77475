import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedValue, type LocalRequest } from '#local/http.ts';
import { parseMultipart } from '#local/storage/multipart.ts';
import { hashesOf, type NewObject } from '#local/storage/objects.ts';
import { StorageError } from '#local/storage/storage-error.ts';

const ObjectMetadata = z.strictObject({
  name: z.string().optional(),
  contentType: z.string().optional(),
  contentEncoding: z.literal('').optional(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

/**
 * What a request uploads into that bucket, its checksums verified where it names them.
 * @throws StorageError 400, GoogleError UNIMPLEMENTED for resumable uploads
 */
export function uploadedObject(request: LocalRequest, bucket: string): NewObject {
  const header = request.headers['content-type'] ?? '';
  const kind = queryOf(request, 'uploadType');
  if (kind !== 'multipart' && kind !== 'media') {
    throw new GoogleError(
      'UNIMPLEMENTED',
      `The local Cloud Storage does not support uploadType "${kind}": use resumable: false`,
    );
  }
  const upload =
    kind === 'multipart'
      ? parseMultipart(header, request.body)
      : { metadata: '{}', contentType: header || undefined, content: request.body };
  const metadata = parsedValue(ObjectMetadata, parsedJson(upload.metadata));
  const name = queryOf(request, 'name') ?? metadata.name ?? '';
  if (['', '.', '..'].includes(name) || Buffer.byteLength(name) > 1024 || /[\r\n]/.test(name)) {
    throw new StorageError(
      400,
      'invalid',
      `Object name ${JSON.stringify(name)} is not valid: expected 1 to 1024 bytes in one line.`,
    );
  }
  const hashes = hashesOf(upload.content);
  for (const hash of ['md5Hash', 'crc32c'] as const) {
    if (metadata[hash] !== undefined && metadata[hash] !== hashes[hash]) {
      throw new StorageError(
        400,
        'invalid',
        `Provided ${hash} "${metadata[hash]}" doesn't match calculated ${hash} "${hashes[hash]}".`,
      );
    }
  }
  return {
    bucket,
    name,
    contentType: metadata.contentType ?? upload.contentType ?? 'application/octet-stream',
    content: upload.content,
    metadata: metadata.metadata,
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StorageError(400, 'parseError', `Metadata part is no JSON: ${messageOf(error)}`);
  }
}

/** A parameter of the query, or undefined. */
export function queryOf(request: LocalRequest, name: string): string | undefined {
  return request.url.searchParams.get(name) ?? undefined;
}
