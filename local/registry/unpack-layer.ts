import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTar } from './tar.ts';

const layerTypes = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
];

/**
 * Writes the files and folders of one layer below `directory` and returns the number of bytes written. As nothing but plain files and folders is ever written
 * there, no path can lead out of it.
 * @throws Error for a link, a device, a whiteout, an unsafe path or an unknown compression.
 */
export async function unpackLayer(mediaType: string, bytes: Buffer, directory: string): Promise<number> {
  if (!layerTypes.includes(mediaType)) {
    throw new Error(`layer type "${mediaType}" is not supported (${layerTypes.join(', ')})`);
  }
  let written = 0;
  for await (const { path, type, isExecutable, content } of readTar(bytes)) {
    written += content.length;
    const target = join(directory, path);
    if (basename(path).startsWith('.wh.')) throw new Error(`"${path}" deletes a file of a lower layer`);
    switch (type) {
      case 'directory':
        await mkdir(target, { recursive: true });
        break;
      case 'file':
      case 'contiguous-file':
        await mkdir(dirname(target), { recursive: true });
        await rm(target, { recursive: true, force: true });
        await writeFile(target, content, { mode: isExecutable ? 0o755 : 0o644 });
        break;
      case 'link':
      case 'symlink':
      case 'character-device':
      case 'block-device':
      case 'fifo':
      case 'unknown':
        throw new Error(`"${path}" is a ${type}; only files and directories are unpacked`);
    }
  }
  return written;
}
