import * as z from 'zod';
import { messageOf } from '#shared/errors.ts';
import { digestPattern } from './reference.ts';
import { RegistryError } from './registry-error.ts';

const imageManifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const configTypes = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

const Descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().regex(digestPattern),
  size: z.int().nonnegative(),
});
type Descriptor = z.infer<typeof Descriptor>;

const Platform = z.object({ architecture: z.string(), os: z.string(), variant: z.string().optional() });

const ImageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: Descriptor,
  layers: z.array(Descriptor),
});

const Index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(Descriptor.extend({ platform: Platform.optional() })),
});

/** An image for one platform, or an index of such images. */
export type Manifest =
  | { kind: 'image'; config: Descriptor; layers: Descriptor[] }
  | { kind: 'index'; manifests: z.infer<typeof Index>['manifests'] };

const strings = z.array(z.string()).nullish();

const ImageConfigFile = z.object({
  created: z.string().nullish(),
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      WorkingDir: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});
/** What is read of an image's configuration, whose names are Docker's. */
export type ImageConfigFile = z.infer<typeof ImageConfigFile>;

/** @throws RegistryError MANIFEST_INVALID when it is not one of the four kinds of manifest, or not the kind `mediaType` says. */
export function parseManifest(mediaType: string, bytes: Buffer): Manifest {
  if (imageManifestTypes.includes(mediaType)) {
    const { config, layers, ...rest } = parsed(ImageManifest, bytes);
    checkMediaType(rest.mediaType, mediaType);
    return { kind: 'image', config, layers };
  }
  if (indexTypes.includes(mediaType)) {
    const { manifests, ...rest } = parsed(Index, bytes);
    checkMediaType(rest.mediaType, mediaType);
    return { kind: 'index', manifests };
  }
  const known = [...imageManifestTypes, ...indexTypes].join(', ');
  throw invalid(`Content-Type "${mediaType}" is none of ${known}`);
}

/** @throws RegistryError MANIFEST_INVALID */
export function parseImageConfig(bytes: Buffer): ImageConfigFile {
  return parsed(ImageConfigFile, bytes);
}

/** False for what is stored like an image but cannot run: attestations, charts, other artifacts. */
export function isImageConfig(descriptor: { mediaType: string }): boolean {
  return configTypes.includes(descriptor.mediaType);
}

function checkMediaType(inside: string | undefined, mediaType: string): void {
  if (inside !== undefined && inside !== mediaType) {
    throw invalid(`The manifest says mediaType "${inside}", the request says "${mediaType}"`);
  }
}

function parsed<T>(schema: z.ZodType<T>, bytes: Buffer): T {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalid(`It is not JSON: ${messageOf(error)}`);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw invalid(z.prettifyError(result.error));
  return result.data;
}

function invalid(message: string): RegistryError {
  return new RegistryError(400, 'MANIFEST_INVALID', message);
}
