import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import type { ImageSource } from '#local/registry/image-source.ts';
import { RevisionFailure } from './revision-status.ts';
import type { Container } from './template-message.ts';

/** Only images of our own builder run here, because they run unsandboxed. */
const builderLabel = 'dev.slipway.builder';

/** An image ready to run: what was in its config, and where it lies. */
const UnpackedImage = z.object({
  digest: z.string(),
  architecture: z.string(),
  os: z.string(),
  entrypoint: z.array(z.string()),
  cmd: z.array(z.string()),
  env: z.array(z.string()),
  workingDir: z.string(),
  labels: z.record(z.string(), z.string()),
});
type UnpackedImage = z.output<typeof UnpackedImage>;

/**
 * A revision keeps its own copy of the image, by digest: a tag that moves later, or an image deleted from the registry,
 * changes nothing for it.
 * @param directory of this revision: `rootfs/` and `image.json` are written there once
 * @throws RevisionFailure with Google's reason when the image is missing or may not run here
 */
export async function unpackImage(
  source: ImageSource,
  reference: string,
  directory: string,
): Promise<UnpackedImage> {
  const written = join(directory, 'image.json');
  if (existsSync(written)) return UnpackedImage.parse(JSON.parse(await readFile(written, 'utf8')));
  await checkImage(source, reference);
  return asRevisionFailure(reference, async () => {
    const root = join(directory, 'rootfs');
    await rm(root, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    const image = await source.unpack(reference, root);
    await writeFile(written, JSON.stringify(image));
    return image;
  });
}

/** @throws RevisionFailure with Google's reason when the image is missing or may not run here */
export function checkImage(source: ImageSource, reference: string): Promise<void> {
  return asRevisionFailure(reference, async () => refuseForeign(reference, await source.config(reference)));
}

async function asRevisionFailure<T>(reference: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    const missing = error.status === 'NOT_FOUND';
    throw new RevisionFailure({
      condition: 'ContainerReady',
      reason: missing ? 'CONTAINER_MISSING' : 'UNKNOWN',
      message: missing ? `Image '${reference}' not found.` : error.message,
    });
  }
}

/** What to run, and where. @throws RevisionFailure for a command other than `node`, which is all there is to run here. */
export function commandOf(
  image: UnpackedImage,
  container: Container,
  directory: string,
): { args: string[]; cwd: string } {
  const [program, ...args] = container.command
    ? [...container.command, ...(container.args ?? [])]
    : [...image.entrypoint, ...(container.args ?? image.cmd)];
  if (program !== 'node') {
    throw new RevisionFailure({
      condition: 'ContainerReady',
      reason: 'UNKNOWN',
      message: `The local cloud runs images whose command is "node", not "${program ?? ''}".`,
    });
  }
  const root = join(directory, 'rootfs');
  const cwd = resolve(root, `.${sep}${container.workingDir ?? image.workingDir}`);
  if (cwd !== root && !cwd.startsWith(root + sep)) {
    throw new RevisionFailure({
      condition: 'ContainerReady',
      reason: 'UNKNOWN',
      message: `Working directory "${container.workingDir ?? image.workingDir}" is outside the image.`,
    });
  }
  return { args, cwd };
}

function refuseForeign(reference: string, image: UnpackedImage): void {
  if (image.labels[builderLabel] === undefined) {
    throw new RevisionFailure({
      condition: 'ContainerReady',
      reason: 'CONTAINER_PERMISSION_DENIED',
      message: `Image '${reference}' has no label "${builderLabel}": the local cloud runs only images of its own builder, because it does not sandbox them.`,
    });
  }
  if (image.os !== 'linux' || image.architecture !== 'amd64') {
    throw new RevisionFailure({
      condition: 'ContainerReady',
      reason: 'UNKNOWN',
      message: `Cloud Run does not support image '${reference}': Container manifest must support amd64/linux.`,
    });
  }
}
