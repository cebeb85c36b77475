import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '#test/local/registry/open-registry.ts';

/** A folder with these files; a name that ends with `*` is executable. */
export async function folderOf(files: Record<string, string>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, name.replace(/\*$/, ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    if (name.endsWith('*')) await chmod(file, 0o755);
  }
  return directory;
}

/** Packed by the system's tar, as a user would. */
export async function archiveOf(directory: string): Promise<Buffer> {
  const packed = await promisify(execFile)('tar', ['-czf', '-', '-C', directory, '.'], {
    encoding: 'buffer',
  });
  return packed.stdout;
}
