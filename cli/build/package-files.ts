import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';

const framework = '@google-cloud/functions-framework';

const Locked = z.looseObject({
  version: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
});
type Locked = z.infer<typeof Locked>;
const Lock = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), Locked) });
const Package = z.object({ version: z.string() });

/**
 * What the buildpack wants besides the code: functions-framework alone, at the versions that were tested. The platform says
 * by `FUNCTION_TARGET` which function an instance is; that one is made ready before it listens.
 */
export async function packageFiles(root: string): Promise<Record<string, string>> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(resolve(root, name), 'utf8'));
  const { version } = Package.parse(await read('package.json'));
  const { packages } = Lock.parse(await read('package-lock.json'));
  const found = packages[`node_modules/${framework}`]?.version;
  if (found === undefined)
    throw new Error(`package-lock.json has no ${framework}: expected it as a dependency`);
  const own = { name: 'slipway-functions', version, dependencies: { [framework]: found } };
  const needed = closure(packages, framework);
  const locked = Object.fromEntries(
    Object.entries(packages)
      .filter(([path]) => needed.has(path))
      // Here they are no one's development tools, whatever else the lockfile has them for.
      .map(([path, { dev: _dev, devOptional: _devOptional, ...entry }]) => [path, entry]),
  );
  const lock = { ...own, lockfileVersion: 3, requires: true, packages: { '': own, ...locked } };
  return {
    'package.json': text({ ...own, private: true, type: 'module', main: 'functions/bundle/index.mjs' }),
    'package-lock.json': text(lock),
  };
}

/** The places in `node_modules` of a package and of all it needs, found as Node finds them. */
function closure(packages: Record<string, Locked>, name: string): Set<string> {
  const seen = new Set<string>();
  const visit = (from: string, wanted: string, mayLack: boolean): void => {
    const path = placeOf(packages, from, wanted);
    if (path === undefined) {
      if (mayLack) return;
      throw new Error(`package-lock.json has no ${wanted}, which ${from} needs`);
    }
    if (seen.has(path)) return;
    seen.add(path);
    const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {};
    for (const each of Object.keys(dependencies)) visit(path, each, each in optionalDependencies);
    for (const each of Object.keys(optionalDependencies)) visit(path, each, true);
  };
  visit('', name, false);
  return seen;
}

function placeOf(packages: Record<string, Locked>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === '') return undefined;
  }
}

const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
