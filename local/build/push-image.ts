import type { ImageBlob, OciImage } from './image.ts';

/** What the registry answered instead of taking the image. */
export class PushError extends Error {
  readonly httpStatus: number;

  constructor(httpStatus: number, message: string) {
    super(message);
    this.name = 'PushError';
    this.httpStatus = httpStatus;
  }
}

/**
 * Pushes over the OCI distribution API, leaving out the blobs that are there already; the tag moves last.
 * Returns the image's digest. @throws PushError
 */
export async function pushImage(options: {
  /** `http://127.0.0.1:PORT` */
  endpoint: string;
  token: string;
  /** `PROJECT/REPOSITORY/IMAGE…` */
  name: string;
  tag: string;
  image: OciImage;
  signal?: AbortSignal;
}): Promise<string> {
  const { endpoint, token, name, tag, image, signal } = options;

  async function call(method: string, path: string, body?: ImageBlob): Promise<Response> {
    return fetch(new URL(path, endpoint), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': body.mediaType }),
      },
      ...(body === undefined ? {} : { body: new Uint8Array(body.bytes) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async function pushBlob(blob: ImageBlob): Promise<void> {
    const seen = await call('HEAD', `/v2/${name}/blobs/${blob.digest}`);
    if (seen.ok) return;
    if (seen.status !== 404) throw await refusal(seen, `look for ${blob.digest}`);
    const begun = await call('POST', `/v2/${name}/blobs/uploads/`);
    const location = begun.headers.get('location');
    if (begun.status !== 202 || location === null) throw await refusal(begun, 'begin an upload');
    const target = new URL(location, endpoint);
    target.searchParams.set('digest', blob.digest);
    const done = await call('PUT', `${target.pathname}${target.search}`, {
      ...blob,
      mediaType: 'application/octet-stream',
    });
    if (done.status !== 201) throw await refusal(done, `upload ${blob.digest}`);
  }

  for (const blob of [...image.layers, image.config]) await pushBlob(blob);
  const put = await call('PUT', `/v2/${name}/manifests/${tag}`, image.manifest);
  if (put.status !== 201) throw await refusal(put, `put the manifest "${tag}"`);
  return image.manifest.digest;

  async function refusal(response: Response, what: string): Promise<PushError> {
    const text = (await response.text()).slice(0, 500);
    return new PushError(
      response.status,
      `Pushing ${name}: could not ${what}: ${response.status} ${text}`.trimEnd(),
    );
  }
}
