import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { checkedLookup } from './probe-target.ts';

/** What is kept of a body, unpacked; the rest is not read. */
export const maxBodyBytes = 1024 * 1024;

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  bytes: Buffer;
  truncated: boolean;
}

/**
 * One HTTP/1.1 request on a connection of its own. Not with `fetch`: a server that ends the connection while its body waits
 * to be read breaks an assertion of Node 24's, and with it the whole process.
 * @param seen told the status as soon as there is one
 */
export async function call(
  asked: {
    url: URL;
    method: string;
    headers: Headers;
    body?: string | undefined;
    signal: AbortSignal;
    ca?: string | undefined;
  },
  seen: (status: number) => void,
): Promise<HttpAnswer> {
  const { url, method, signal, ca, body } = asked;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start(url, {
      method,
      headers: Object.fromEntries(asked.headers),
      agent: false,
      lookup: checkedLookup,
      signal,
      ...(ca === undefined ? {} : { ca }),
    });
    request.once('response', resolve);
    // Stays: a connection may break after its answer, too, and then reading tells of it.
    request.on('error', reject);
    request.end(body);
  });
  const { statusCode: status = 0 } = response;
  seen(status);
  try {
    const { bytes, truncated } = await readAtMost(method === 'HEAD' ? response : unpacked(response));
    const headers = Object.entries(response.headers).map(([name, value]) => [
      name,
      [value].flat().join(', '),
    ]);
    return { status, headers: Object.fromEntries(headers) as Record<string, string>, bytes, truncated };
  } finally {
    response.destroy();
  }
}

const unpackers: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A body that is packed twice, or in another way, stays as it is. */
function unpacked(response: IncomingMessage): Readable {
  const unpacker = unpackers[response.headers['content-encoding']?.toLowerCase() ?? ''];
  if (unpacker === undefined) return response;
  // Whoever reads is told of what goes wrong.
  return pipeline(response, unpacker(), () => undefined);
}

async function readAtMost(stream: Readable): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop ends the stream.
    if (size > maxBodyBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBodyBytes), truncated: size > maxBodyBytes };
}
