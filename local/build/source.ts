import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTar } from '#local/registry/tar.ts';

/** A file that goes into the image. */
export interface SourceFile {
  /** Relative, with `/` between the parts. */
  path: string;
  isExecutable: boolean;
  content: Buffer;
}

/** The source of a build, sorted by path, and what of it does not go into the image. */
export interface Source {
  files: SourceFile[];
  /** Dotfiles (`.git`, `.env`) and `node_modules`, the topmost path of each. */
  ignored: string[];
}

const maxFiles = 10_000;

/** @throws Error naming a link or other special file: a build follows none. */
export async function readFolder(directory: string): Promise<Source> {
  const files: SourceFile[] = [];
  const ignored: string[] = [];
  async function walk(folder: string): Promise<void> {
    for (const item of await readdir(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? item.name : `${folder}/${item.name}`;
      if (isIgnored(item.name)) ignored.push(path);
      else if (item.isDirectory()) await walk(path);
      else if (item.isFile()) {
        const isExecutable = ((await stat(join(directory, path))).mode & 0o100) !== 0;
        files.push({ path, isExecutable, content: await readFile(join(directory, path)) });
      } else throw notAFile(path, item.isSymbolicLink() ? 'symbolic link' : 'special file');
    }
  }
  await walk('');
  return sorted(files, ignored);
}

/** A `.tar.gz` as gcloud and Slipway upload it; gives the same source as the folder it was made of. */
export async function readArchive(archive: Buffer): Promise<Source> {
  const files = new Map<string, SourceFile>();
  const ignored = new Set<string>();
  for await (const { path, type, isExecutable, content } of readTar(archive)) {
    const parts = path.split('/');
    const hidden = parts.findIndex(isIgnored);
    if (hidden >= 0) ignored.add(parts.slice(0, hidden + 1).join('/'));
    else if (type === 'file') files.set(path, { path, isExecutable, content });
    else if (type !== 'directory') throw notAFile(path, type);
  }
  return sorted([...files.values()], [...ignored]);
}

function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

function notAFile(path: string, kind: string): Error {
  return new Error(`Source "${path}" is a ${kind}; only files and directories are built`);
}

function sorted(files: SourceFile[], ignored: string[]): Source {
  if (files.length > maxFiles) throw new Error(`The source has ${files.length} files, more than ${maxFiles}`);
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), ignored: ignored.sort() };
}
