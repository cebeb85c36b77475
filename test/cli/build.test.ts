import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { packageFiles } from '#cli/build/package-files.ts';
import { zipOf } from '#cli/build/zip.ts';

test('an archive does not depend on the order of its files, nor on the time of day', async () => {
  const files: [string, string][] = [
    ['b.txt', 'second'],
    ['a/c.txt', 'first'],
  ];
  const one = await zipOf(new Map(files));
  const other = await zipOf(new Map(files.toReversed()));
  expect(one.equals(other)).toBe(true);
  expect(one.indexOf('a/c.txt')).toBeLessThan(one.indexOf('b.txt'));
  const changed = await zipOf(new Map([...files, ['b.txt', 'third']]));
  expect(changed.equals(one)).toBe(false);
});

test('the archive needs functions-framework alone, with all its packages at the versions of the lockfile', async () => {
  const files = await packageFiles(process.cwd());
  const own = JSON.parse(files['package.json'] ?? '') as { main: string; dependencies: object };
  const lock = JSON.parse(files['package-lock.json'] ?? '') as { packages: Record<string, Locked> };
  const full = JSON.parse(await readFile('package-lock.json', 'utf8')) as typeof lock;
  expect(own).toMatchObject({ type: 'module', main: 'functions/bundle/index.mjs' });
  expect(Object.keys(own.dependencies)).toEqual(['@google-cloud/functions-framework']);
  expect(lock.packages['']).toMatchObject({ dependencies: own.dependencies });
  const { '': _own, ...packages } = lock.packages;
  expect(Object.keys(packages).length).toBeGreaterThan(50);
  for (const [path, entry] of Object.entries(packages)) {
    expect(entry).not.toHaveProperty('dev');
    expect(entry).toMatchObject({
      version: full.packages[path]?.version,
      integrity: full.packages[path]?.integrity,
    });
  }
  const present = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
  const missing = Object.values(packages).flatMap(({ dependencies = {} }) =>
    Object.keys(dependencies).filter((name) => !present.has(name)),
  );
  expect(missing).toEqual([]);
  expect([...present]).not.toContain('typescript');
});

interface Locked {
  version?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
}

test('the archive of functions needs a lockfile that knows functions-framework', async () => {
  await expect(packageFiles('examples/hello')).rejects.toThrow('package.json');
});
