import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { onTestFinished } from 'vitest';
import { serve } from '#local/http.ts';
import type { RegistryEvent } from '#local/registry/catalog.ts';
import { createRegistry } from '#local/registry/registry.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

export const host = 'us-central1-docker.pkg.dev';
export const name = 'slipway-local/images/hello';
export const token = 'token-of-ci';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A registry on a listener of its own. Opened twice on one directory, it is one that was restarted. */
export async function openRegistry(directory?: string) {
  const home = directory ?? (await temporaryDirectory());
  const store = openStore(join(home, 'store.db'));
  const events: RegistryEvent[] = [];
  /** `METHOD path` of every request. */
  const requests: string[] = [];
  const clock = createVirtualClock();
  const registry = createRegistry({
    store,
    directory: join(home, 'blobs'),
    host,
    repositories: ['slipway-local/images', 'slipway-local/other'],
    clock,
    newId: randomUUID,
    authenticate: (given) => (given === token ? 'ci@slipway-local.iam.gserviceaccount.com' : undefined),
    announce: (event) => void events.push(event),
  });
  const server = await serve({
    routes: registry.routes.map((route) => ({
      ...route,
      handle(request) {
        requests.push(`${request.method} ${request.url.pathname}`);
        return route.handle(request);
      },
    })),
    authenticate: () => undefined,
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await server.close();
    store.close();
  };
  onTestFinished(close);

  const call = (method: string, path: string, body?: Buffer, headers: Record<string, string> = {}) =>
    fetch(new URL(path, server.origin), {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });

  /** Uploads a blob in one request, as a client that knows its digest may. */
  const pushBlob = (bytes: Buffer, image = name) =>
    call('POST', `/v2/${image}/blobs/uploads/?digest=${sha256(bytes)}`, bytes);

  const pushManifest = (reference: string, manifest: unknown, mediaType: string, image = name) =>
    call('PUT', `/v2/${image}/manifests/${reference}`, Buffer.from(JSON.stringify(manifest)), {
      'content-type': mediaType,
    });

  /** Pushes an image made of one layer and returns its digest. */
  async function pushImage(
    tag: string,
    layer: Layer,
    config: unknown = imageConfig,
    image = name,
  ): Promise<string> {
    const configBytes = Buffer.from(JSON.stringify(config));
    await pushBlob(layer.bytes, image);
    await pushBlob(configBytes, image);
    const manifest = {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: descriptor(ociConfig, configBytes),
      layers: [descriptor(layer.mediaType, layer.bytes)],
    };
    const answer = await pushManifest(tag, manifest, ociManifest, image);
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.headers.get('docker-content-digest')!;
  }

  return {
    ...registry,
    clock,
    origin: server.origin,
    directory: home,
    events,
    requests,
    close,
    call,
    pushBlob,
    pushManifest,
    pushImage,
  };
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociConfig = 'application/vnd.oci.image.config.v1+json';
export const imageConfig = {
  created: '2026-01-02T03:04:05Z',
  architecture: 'amd64',
  os: 'linux',
  config: {
    Entrypoint: ['node'],
    Cmd: ['server.mjs'],
    Env: ['A=b'],
    WorkingDir: '/app',
    Labels: { team: 'harbour' },
  },
};

export interface Layer {
  mediaType: string;
  bytes: Buffer;
}

export type TarHeader = Parameters<ReturnType<typeof pack>['entry']>[0] & { content?: string };

export async function tarOf(entries: TarHeader[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of entries) archive.entry(header, content);
  archive.finalize();
  return buffer(archive);
}

export async function gzipLayer(entries: TarHeader[]): Promise<Layer> {
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  return { mediaType, bytes: gzipSync(await tarOf(entries)) };
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}
