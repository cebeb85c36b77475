import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functionFiles } from '#cli/build/build.ts';
import { zipOf } from '#cli/build/zip.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The archive of the functions, unpacked, and a bare function beside it on the same installed packages. */
export interface Unpacked {
  archive: string;
  /** Its target is `hello`. */
  bare: string;
  zipBytes: number;
  remove(): Promise<void>;
}

/** As the buildpack does it: the archive's files and the packages of its own lockfile, and no others. */
export async function unpack(): Promise<Unpacked> {
  const files = await functionFiles();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-cold-'));
  const [archive, bare] = [join(folder, 'archive'), join(folder, 'bare')];
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  for (const [name, text] of files) await write(join(archive, name), text);
  const { packages } = JSON.parse(files.get('package-lock.json') ?? '') as { packages: object };
  for (const path of Object.keys(packages).filter((path) => path !== '')) {
    // What is installed inside another package is in that list itself.
    const own = join(root, path);
    await cp(own, join(archive, path), {
      recursive: true,
      filter: (file) => !file.slice(own.length).includes('node_modules'),
    });
  }
  await write(join(bare, 'package.json'), JSON.stringify({ type: 'module', main: 'index.mjs' }));
  await write(
    join(bare, 'index.mjs'),
    "export const hello = (request, response) => response.end('hello');\n",
  );
  await symlink(join(archive, 'node_modules'), join(bare, 'node_modules'));
  const zipBytes = (await zipOf(files)).length;
  return { archive, bare, zipBytes, remove: () => rm(folder, { recursive: true }) };
}
