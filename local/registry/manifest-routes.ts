import type { LocalRequest, LocalResponse } from '#local/http.ts';
import type { Clock } from '#shared/clock.ts';
import { digestOf, type Blobs } from './blobs.ts';
import type { Catalog, ManifestRecord } from './catalog.ts';
import { isImageConfig, parseImageConfig, parseManifest, type Manifest } from './manifest.ts';
import type { RegistryRoute } from './registry.ts';
import { digestPattern, tagPattern } from './reference.ts';
import { RegistryError } from './registry-error.ts';

const maxManifestBytes = 4 * 1024 * 1024;

/** Manifests and tags. A manifest is taken only when everything it refers to is there under the same name. */
export function manifestRoutes(blobs: Blobs, catalog: Catalog, clock: Clock): RegistryRoute[] {
  const path = '/v2/{name=**}/manifests/{reference}';

  function known(request: LocalRequest): ManifestRecord {
    const { name = '', reference = '' } = request.params;
    const record = catalog.manifest(name, reference);
    if (record === undefined) {
      throw new RegistryError(404, 'MANIFEST_UNKNOWN', `"${name}" has no manifest "${reference}"`);
    }
    return record;
  }

  async function get(request: LocalRequest): Promise<LocalResponse> {
    const { digest, mediaType } = known(request);
    const { accept = '*/*' } = request.headers;
    if (!accept.includes('*/*') && !accept.includes(mediaType)) {
      // That Artifact Registry refuses too is unverified; other registries do, and a client must ask for all kinds it can take.
      throw new RegistryError(
        404,
        'MANIFEST_UNKNOWN',
        `The manifest is "${mediaType}", not accepted by "${accept}"`,
      );
    }
    const headers = { 'docker-content-digest': digest, 'content-type': mediaType };
    return { headers, body: await blobs.read(digest) };
  }

  async function put(request: LocalRequest): Promise<LocalResponse> {
    const { name = '', reference = '' } = request.params;
    const digest = digestOf(request.body);
    const isByDigest = digestPattern.test(reference);
    if (isByDigest && reference !== digest) {
      throw new RegistryError(
        400,
        'DIGEST_INVALID',
        `The manifest's digest is ${digest}, not "${reference}"`,
      );
    }
    if (!isByDigest && !tagPattern.test(reference)) {
      throw new RegistryError(400, 'TAG_INVALID', `Tag "${reference}" is not allowed`);
    }
    if (request.body.length > maxManifestBytes) {
      throw new RegistryError(
        413,
        'MANIFEST_INVALID',
        `The manifest is larger than ${maxManifestBytes} bytes`,
      );
    }
    const mediaType = request.headers['content-type'] ?? '';
    const manifest = parseManifest(mediaType, request.body);
    checkComplete(name, manifest);
    const buildTime = await buildTimeOf(manifest);
    await keep(digest, request.body);
    const record: ManifestRecord = {
      name,
      digest,
      mediaType,
      imageSizeBytes: sizeOf(manifest, request.body),
      uploadTime: new Date(clock.now()).toISOString(),
      ...(buildTime === undefined ? {} : { buildTime }),
    };
    await catalog.put(record, isByDigest ? undefined : reference);
    const location = `/v2/${name}/manifests/${digest}`;
    return { status: 201, headers: { location, 'docker-content-digest': digest } };
  }

  function checkComplete(name: string, manifest: Manifest): void {
    const missing =
      manifest.kind === 'image'
        ? [manifest.config, ...manifest.layers].filter(({ digest }) => !catalog.hasBlob(name, digest))
        : manifest.manifests.filter(({ digest }) => catalog.manifest(name, digest) === undefined);
    if (missing.length > 0) {
      const code = manifest.kind === 'image' ? 'MANIFEST_BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN';
      const list = missing.map(({ digest }) => digest).join(', ');
      throw new RegistryError(404, code, `The manifest refers to what "${name}" does not have: ${list}`);
    }
  }

  async function buildTimeOf(manifest: Manifest): Promise<string | undefined> {
    if (manifest.kind === 'index' || !isImageConfig(manifest.config)) return undefined;
    return parseImageConfig(await blobs.read(manifest.config.digest)).created ?? undefined;
  }

  async function keep(digest: string, body: Buffer): Promise<void> {
    const upload = await blobs.begin();
    await blobs.append(upload, body);
    await blobs.finish(upload, digest);
  }

  async function remove(request: LocalRequest): Promise<LocalResponse> {
    const { name = '', reference = '' } = request.params;
    const { digest } = known(request);
    await (digestPattern.test(reference)
      ? catalog.deleteManifest(name, digest)
      : catalog.deleteTag(name, reference));
    return { status: 202 };
  }

  function listTags({ params, url }: LocalRequest): LocalResponse {
    const { name = '' } = params;
    const repository = name.split('/', 2).join('/');
    if (!catalog.manifests(repository).some((record) => record.name === name)) {
      throw new RegistryError(404, 'NAME_UNKNOWN', `There is no image "${name}"`);
    }
    const last = url.searchParams.get('last') ?? '';
    const limit = Number(url.searchParams.get('n') ?? Number.POSITIVE_INFINITY);
    const after = catalog
      .tags(name)
      .map(({ tag }) => tag)
      .filter((tag) => tag > last)
      .sort();
    const tags = after.slice(0, limit);
    const next = `</v2/${name}/tags/list?n=${limit}&last=${tags.at(-1)}>; rel="next"`;
    return { json: { name, tags }, headers: tags.length < after.length ? { link: next } : {} };
  }

  return [
    { method: 'GET', path, handle: get },
    { method: 'HEAD', path, handle: get },
    { method: 'PUT', path, handle: put },
    { method: 'DELETE', path, handle: remove },
    { method: 'GET', path: '/v2/{name=**}/tags/list', handle: listTags },
  ];
}

function sizeOf(manifest: Manifest, body: Buffer): number {
  if (manifest.kind === 'index') return body.length;
  return [manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, 0);
}
