import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions } from './bundle.ts';
import { packageFiles } from './package-files.ts';
import { withTables } from './security-page.ts';
import { zipOf } from './zip.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @param args `OUTPUT`, where the archive goes (`dist/functions.zip` without it), or `--security`, to renew docs/security.md */
export async function main([first = 'dist/functions.zip']: string[], out: NodeJS.WritableStream) {
  if (first === '--security') return renewSecurityPage();
  const file = resolve(root, first);
  const files = await functionFiles();
  const zip = await zipOf(files);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, zip);
  const sha256 = createHash('sha256').update(zip).digest('hex');
  out.write(`${file}: ${files.size} files, ${Math.ceil(zip.length / 1024)} KiB, sha256 ${sha256}\n`);
}

/**
 * What the archive holds, by path: the functions, and what the buildpack needs to start one of them. The same sources give
 * the same bytes.
 */
export async function functionFiles(): Promise<Map<string, string>> {
  const files = new Map(Object.entries(await packageFiles(root)));
  // Two folders below package.json, as the sources are: the product's version is read from there.
  for (const [name, content] of await bundleFunctions(root)) files.set(`functions/bundle/${name}`, content);
  return files;
}

async function renewSecurityPage(): Promise<void> {
  const page = resolve(root, 'docs/security.md');
  const manifest: unknown = JSON.parse(await readFile(resolve(root, 'functions/targets.json'), 'utf8'));
  await writeFile(page, withTables(await readFile(page, 'utf8'), manifest));
}
