import type { LocalRequest, LocalResponse } from '#local/http.ts';
import type { Blobs } from './blobs.ts';
import type { Catalog } from './catalog.ts';
import type { RegistryRoute } from './registry.ts';
import { digestPattern } from './reference.ts';
import { RegistryError } from './registry-error.ts';

/** Blobs: look, fetch, and the three ways to bring one (whole, in pieces, or from another image that has it). */
export function blobRoutes(blobs: Blobs, catalog: Catalog): RegistryRoute[] {
  const uploadPath = '/v2/{name=**}/blobs/uploads/{upload}';

  async function get({ params }: LocalRequest): Promise<LocalResponse> {
    const { name = '', digest = '' } = params;
    if (!digestPattern.test(digest)) throw invalidDigest(digest);
    if (!catalog.hasBlob(name, digest)) {
      throw new RegistryError(404, 'BLOB_UNKNOWN', `"${name}" has no blob "${digest}"`);
    }
    const headers = { 'docker-content-digest': digest, 'content-type': 'application/octet-stream' };
    return { headers, body: await blobs.read(digest) };
  }

  async function begin(request: LocalRequest): Promise<LocalResponse> {
    const { name = '' } = request.params;
    const query = request.url.searchParams;
    const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
    if (mount !== null && from !== null && catalog.hasBlob(from, mount)) {
      catalog.linkBlob(name, mount);
      return created(name, mount);
    }
    const upload = await blobs.begin();
    await blobs.append(upload, request.body);
    return digest === null ? progress(name, upload, 202) : finish(name, upload, digest);
  }

  async function patch(request: LocalRequest): Promise<LocalResponse> {
    const { name = '', upload = '' } = request.params;
    const received = blobs.received(upload);
    const range = request.headers['content-range'];
    if (range !== undefined && !new RegExp(`^(bytes )?${received}-\\d+`).test(range)) {
      const message = `Content-Range "${range}" does not start at ${received}, where the upload stands`;
      throw new RegistryError(416, 'BLOB_UPLOAD_INVALID', message);
    }
    await blobs.append(upload, request.body);
    return progress(name, upload, 202);
  }

  async function put(request: LocalRequest): Promise<LocalResponse> {
    const { name = '', upload = '' } = request.params;
    await blobs.append(upload, request.body);
    return finish(name, upload, request.url.searchParams.get('digest') ?? '');
  }

  function progress(name: string, upload: string, status: number): LocalResponse {
    const range = `0-${Math.max(0, blobs.received(upload) - 1)}`;
    const location = `/v2/${name}/blobs/uploads/${upload}`;
    return { status, headers: { location, range, 'docker-upload-uuid': upload } };
  }

  async function finish(name: string, upload: string, digest: string): Promise<LocalResponse> {
    if (!digestPattern.test(digest)) throw invalidDigest(digest);
    await blobs.finish(upload, digest);
    catalog.linkBlob(name, digest);
    return created(name, digest);
  }

  return [
    { method: 'GET', path: '/v2/{name=**}/blobs/{digest}', handle: get },
    { method: 'HEAD', path: '/v2/{name=**}/blobs/{digest}', handle: get },
    { method: 'POST', path: '/v2/{name=**}/blobs/uploads/', handle: begin },
    { method: 'PATCH', path: uploadPath, handle: patch },
    { method: 'PUT', path: uploadPath, handle: put },
    {
      method: 'GET',
      path: uploadPath,
      handle: ({ params }) => progress(params['name'] ?? '', params['upload'] ?? '', 204),
    },
    {
      method: 'DELETE',
      path: uploadPath,
      async handle({ params }) {
        await blobs.cancel(params['upload'] ?? '');
        return { status: 204 };
      },
    },
  ];
}

function created(name: string, digest: string): LocalResponse {
  const location = `/v2/${name}/blobs/${digest}`;
  return { status: 201, headers: { location, 'docker-content-digest': digest } };
}

function invalidDigest(digest: string): RegistryError {
  return new RegistryError(
    400,
    'DIGEST_INVALID',
    `Digest "${digest}" is not sha256: and 64 hexadecimal digits`,
  );
}
