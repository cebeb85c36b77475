import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from './registry-error.ts';

/** Content by digest, as files. A file appears under its digest only whole and checked. Nothing is ever collected. */
export interface Blobs {
  /** Size in bytes; undefined when there is no such blob. */
  size(digest: string): Promise<number | undefined>;
  read(digest: string): Promise<Buffer>;
  /** Uploads do not outlive the process. Returns the upload's id. */
  begin(): Promise<string>;
  /** Bytes received so far. @throws RegistryError BLOB_UPLOAD_UNKNOWN */
  received(upload: string): number;
  append(upload: string, bytes: Buffer): Promise<void>;
  cancel(upload: string): Promise<void>;
  /** @throws RegistryError DIGEST_INVALID when the bytes received are not those of `digest`; the upload is gone then. */
  finish(upload: string, digest: string): Promise<void>;
}

/** Keeps everything below `directory`, which it makes. Unfinished uploads of an earlier process are removed. */
export function createBlobs(options: { directory: string; newId: () => string }): Blobs {
  const files = join(options.directory, 'sha256');
  const uploadFiles = join(options.directory, 'uploads');
  mkdirSync(files, { recursive: true });
  rmSync(uploadFiles, { recursive: true, force: true });
  mkdirSync(uploadFiles);
  const uploads = new Map<string, number>();

  const fileOf = (digest: string): string => join(files, digest.replace(/^sha256:/, ''));
  const fileOfUpload = (upload: string): string => {
    received(upload);
    return join(uploadFiles, upload);
  };

  function received(upload: string): number {
    const bytes = uploads.get(upload);
    if (bytes === undefined) {
      throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', `There is no upload "${upload}"`);
    }
    return bytes;
  }

  async function cancel(upload: string): Promise<void> {
    await rm(fileOfUpload(upload));
    uploads.delete(upload);
  }

  return {
    received,
    cancel,
    async size(digest) {
      try {
        return (await stat(fileOf(digest))).size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    read: (digest) => readFile(fileOf(digest)),
    async begin() {
      const upload = options.newId();
      await writeFile(join(uploadFiles, upload), '', { flag: 'wx' });
      uploads.set(upload, 0);
      return upload;
    },
    async append(upload, bytes) {
      const file = fileOfUpload(upload);
      uploads.set(upload, received(upload) + bytes.length);
      await appendFile(file, bytes);
    },
    async finish(upload, digest) {
      const file = fileOfUpload(upload);
      const actual = await digestOfFile(file);
      if (actual !== digest) {
        await cancel(upload);
        throw new RegistryError(400, 'DIGEST_INVALID', `The content's digest is ${actual}, not "${digest}"`);
      }
      await rename(file, fileOf(digest));
      uploads.delete(upload);
    },
  };
}

/** `sha256:` and the hexadecimal digits. */
export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
