import { mkdir, readdir } from 'node:fs/promises';
import { GoogleError } from '#local/google-error.ts';
import { messageOf } from '#shared/errors.ts';
import type { Blobs } from './blobs.ts';
import type { Catalog, ManifestRecord } from './catalog.ts';
import {
  isImageConfig,
  parseImageConfig,
  parseManifest,
  type ImageConfigFile,
  type Manifest,
} from './manifest.ts';
import { parseReference } from './reference.ts';
import { unpackLayer } from './unpack-layer.ts';

/** What an image says about how it wants to be run. `digest` is that of the manifest or index the reference names. */
interface ImageConfig {
  digest: string;
  architecture: string;
  os: string;
  entrypoint: string[];
  cmd: string[];
  /** `NAME=value`, as in the image. */
  env: string[];
  /** Absolute inside the image; `/` when the image names none. */
  workingDir: string;
  labels: Record<string, string>;
}

/** Where the local Cloud Run gets its images from. A reference is `HOST/P/R/I@sha256:…` or `HOST/P/R/I:tag`. */
export interface ImageSource {
  /**
   * Unpacks the image of `reference` into `directory`, which must be empty or not exist yet.
   * @throws GoogleError NOT_FOUND when there is no such image, FAILED_PRECONDITION when it holds what is not unpacked
   * (links, devices, whiteouts, paths that leave the directory, more than the limits).
   */
  unpack(reference: string, directory: string): Promise<ImageConfig>;
  /** @throws GoogleError NOT_FOUND when there is no such image. */
  config(reference: string): Promise<ImageConfig>;
}

/** Reads the registry's own files. Of an index the linux/amd64 image is taken, as Cloud Run does. */
export function createImageSource(blobs: Blobs, catalog: Catalog): ImageSource {
  async function find(reference: string): Promise<{ config: ImageConfig; layers: Layer[] }> {
    const { host, name, tag = '', digest = tag } = parseReference(reference);
    const record = host === catalog.host ? catalog.manifest(name, digest) : undefined;
    if (record === undefined) throw new GoogleError('NOT_FOUND', `Image '${reference}' not found.`);
    const manifest = await imageManifest(reference, name, record);
    const file = parseImageConfig(await blobs.read(manifest.config.digest));
    return { config: { digest: record.digest, ...configOf(file) }, layers: manifest.layers };
  }

  async function imageManifest(
    reference: string,
    name: string,
    record: ManifestRecord,
  ): Promise<Extract<Manifest, { kind: 'image' }>> {
    const manifest = parseManifest(record.mediaType, await blobs.read(record.digest));
    if (manifest.kind === 'index') {
      const child = manifest.manifests.find(
        ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
      );
      const found = child && catalog.manifest(name, child.digest);
      if (!found) throw refused(reference, 'it has no image for linux/amd64');
      return imageManifest(reference, name, found);
    }
    if (!isImageConfig(manifest.config)) {
      throw refused(reference, `"${manifest.config.mediaType}" is not the configuration of an image`);
    }
    return manifest;
  }

  return {
    config: async (reference) => (await find(reference)).config,
    async unpack(reference, directory) {
      const { config, layers } = await find(reference);
      await mkdir(directory, { recursive: true });
      if ((await readdir(directory)).length > 0) throw new Error(`"${directory}" is not empty`);
      let left = maxImageBytes;
      for (const layer of layers) {
        try {
          left -= await unpackLayer(layer.mediaType, await blobs.read(layer.digest), directory);
        } catch (error) {
          throw refused(reference, messageOf(error));
        }
        if (left < 0) throw refused(reference, `it is larger than ${maxImageBytes} bytes`);
      }
      return config;
    },
  };
}

const maxImageBytes = 1024 * 1024 * 1024;

type Layer = Extract<Manifest, { kind: 'image' }>['layers'][number];

function configOf({ architecture, os, config }: ImageConfigFile): Omit<ImageConfig, 'digest'> {
  return {
    architecture,
    os,
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: config?.Env ?? [],
    workingDir: config?.WorkingDir || '/',
    labels: config?.Labels ?? {},
  };
}

function refused(reference: string, why: string): GoogleError {
  return new GoogleError('FAILED_PRECONDITION', `Image '${reference}' cannot be unpacked here: ${why}`);
}
