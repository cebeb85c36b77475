import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { digestOf } from '#local/registry/blobs.ts';
import { declaredLabels, findEntrypoint } from './entrypoint.ts';
import type { SourceFile } from './source.ts';

/** Content of an image, with its digest. */
export interface ImageBlob {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** An OCI image in memory. The digest of the manifest is the image's digest. */
export interface OciImage {
  manifest: ImageBlob;
  config: ImageBlob;
  layers: ImageBlob[];
}

/** Tells the local Cloud Run that this image came from here and may run without a sandbox. */
export const builderLabel = { 'dev.slipway.builder': 'embedded-1' } as const;

const epoch = new Date(0);

/**
 * The source under `/app`, started by node. The same source and labels give the same digest, on any machine and day:
 * sorted, without times and owners, and not compressed, as compressed bytes differ between versions of zlib.
 * There is no base image: the image runs where node is, as in the local Cloud Run, not on Google's.
 * @throws Error when nothing says how to start it.
 */
export async function buildImage(
  files: readonly SourceFile[],
  labels: Readonly<Record<string, string>> = {},
): Promise<OciImage> {
  const entrypoint = findEntrypoint(files);
  const layer = blobOf('application/vnd.oci.image.layer.v1.tar', await layerOf(files));
  const given = { ...declaredLabels(files), ...labels, ...builderLabel };
  const allLabels = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
  const config = jsonBlob('application/vnd.oci.image.config.v1+json', {
    created: epoch.toISOString(),
    architecture: 'amd64',
    os: 'linux',
    config: {
      Entrypoint: entrypoint,
      WorkingDir: '/app',
      Env: ['NODE_ENV=production'],
      Labels: Object.fromEntries(allLabels),
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created: epoch.toISOString(), created_by: 'slipway embedded builder' }],
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = jsonBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  });
  return { manifest, config, layers: [layer] };
}

async function layerOf(files: readonly SourceFile[]): Promise<Buffer> {
  const common = { mtime: epoch, uid: 0, gid: 0 };
  const archive = pack();
  const directories = new Set<string>();
  for (const { path, isExecutable, content } of files) {
    const parts = `app/${path}`.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const directory = parts.slice(0, depth).join('/');
      if (directories.has(directory)) continue;
      directories.add(directory);
      archive.entry({ ...common, name: `${directory}/`, type: 'directory', mode: 0o755 });
    }
    archive.entry({ ...common, name: parts.join('/'), mode: isExecutable ? 0o755 : 0o644 }, content);
  }
  archive.finalize();
  return buffer(archive);
}

function jsonBlob(mediaType: string, json: unknown): ImageBlob {
  return blobOf(mediaType, Buffer.from(JSON.stringify(json)));
}

function blobOf(mediaType: string, bytes: Buffer): ImageBlob {
  return { mediaType, digest: digestOf(bytes), bytes };
}

function descriptorOf({ mediaType, digest, bytes }: ImageBlob): Record<string, unknown> {
  return { mediaType, digest, size: bytes.length };
}
