import { symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildImage } from '#local/build/image.ts';
import { readArchive, readFolder, type SourceFile } from '#local/build/source.ts';
import { readTar } from '#local/registry/tar.ts';
import { archiveOf, folderOf } from './source-folder.ts';

const files = { 'server.mjs': 'listen();\n', 'lib/greet.mjs': 'export {};\n', 'bin/run*': '#!/bin/sh\n' };
// Another digest here means that images built before are no longer recognised as the same.
const digest = 'sha256:6b90e427de274b94306c2f7f411d13d84816174e024f9a71b65c314a193ddf63';

const sourceFile = (path: string, content = ''): SourceFile => ({
  path,
  isExecutable: false,
  content: Buffer.from(content),
});

test('the same source gives the same image: from folder or archive, whatever the order and the times', async () => {
  const folder = await folderOf(files);
  const later = await folderOf(Object.fromEntries(Object.entries(files).reverse()));
  await utimes(join(later, 'server.mjs'), 1_000_000, 1_000_000);
  for (const source of [
    await readFolder(folder),
    await readFolder(later),
    await readArchive(await archiveOf(folder)),
  ]) {
    expect((await buildImage(source.files)).manifest.digest).toBe(digest);
  }
});

test.each([
  { what: 'a byte', change: { 'server.mjs': 'listen( );\n' } },
  { what: 'a name', change: { 'lib/other.mjs': '' } },
  { what: 'a permission', change: { 'server.mjs*': 'listen();\n' } },
])('$what changed is another image', async ({ change }) => {
  const { files: changed } = await readFolder(await folderOf({ ...files, ...change }));
  expect((await buildImage(changed)).manifest.digest).not.toBe(digest);
});

test('the image runs node in /app, and says who built it and from what', async () => {
  const labels = { 'org.opencontainers.image.revision': 'abc', 'dev.slipway.builder': 'forged' };
  const { config, layers, manifest } = await buildImage([sourceFile('server.mjs')], labels);
  expect(JSON.parse(config.bytes.toString())).toMatchObject({
    architecture: 'amd64',
    os: 'linux',
    config: {
      Entrypoint: ['node', 'server.mjs'],
      WorkingDir: '/app',
      Labels: { 'org.opencontainers.image.revision': 'abc', 'dev.slipway.builder': 'embedded-1' },
    },
    rootfs: { type: 'layers', diff_ids: [layers[0]!.digest] },
  });
  expect(JSON.parse(manifest.bytes.toString())).toMatchObject({
    config: { digest: config.digest },
    layers: [{ digest: layers[0]!.digest, size: layers[0]!.bytes.length }],
  });
});

test('the layer holds the files below /app, with their folders', async () => {
  const { files: sources } = await readFolder(await folderOf(files));
  const { layers } = await buildImage(sources);
  const entries: string[] = [];
  for await (const { path, type, isExecutable } of readTar(layers[0]!.bytes)) {
    entries.push(`${type} ${path}${type === 'file' && isExecutable ? '*' : ''}`);
  }
  expect(entries).toEqual([
    'directory app',
    'directory app/bin',
    'file app/bin/run*',
    'directory app/lib',
    'file app/lib/greet.mjs',
    'file app/server.mjs',
  ]);
});

test('dotfiles and node_modules stay out, links among them too, and are told', async () => {
  const folder = await folderOf({
    ...files,
    '.git/config': '',
    '.env': 'SECRET=1',
    'node_modules/x/index.js': '',
    'lib/.cache': '',
  });
  await symlink('x', join(folder, 'node_modules/link'));
  for (const source of [await readFolder(folder), await readArchive(await archiveOf(folder))]) {
    expect(source.ignored).toEqual(['.env', '.git', 'lib/.cache', 'node_modules']);
    expect((await buildImage(source.files)).manifest.digest).toBe(digest);
  }
});

test('a link in the source is refused by name', async () => {
  const folder = await folderOf(files);
  await symlink('/etc/passwd', join(folder, 'lib/secrets'));
  await expect(readFolder(folder)).rejects.toThrow('"lib/secrets" is a symbolic link');
  await expect(readArchive(await archiveOf(folder))).rejects.toThrow('"lib/secrets" is a symlink');
});

const packageJson = (content: unknown) => ({ 'package.json': JSON.stringify(content) });

test.each<{ what: string; source: Record<string, string>; entrypoint: string[] }>([
  {
    what: 'slipway.build.json before all else',
    source: {
      'slipway.build.json': '{"entrypoint":["node","--enable-source-maps","a.js"]}',
      ...packageJson({ main: 'b.js' }),
    },
    entrypoint: ['node', '--enable-source-maps', 'a.js'],
  },
  {
    what: 'the start script before main',
    source: packageJson({ scripts: { start: 'node ./a.js --port=1' }, main: 'b.js' }),
    entrypoint: ['node', './a.js', '--port=1'],
  },
  { what: 'main before the convention', source: packageJson({ main: 'b.js' }), entrypoint: ['node', 'b.js'] },
  {
    what: 'a conventional name',
    source: packageJson({ devDependencies: { x: '1' } }),
    entrypoint: ['node', 'index.js'],
  },
])('the entrypoint is $what', async ({ source, entrypoint }) => {
  const all = { 'a.js': '', 'b.js': '', 'index.js': '', ...source };
  const { config } = await buildImage(
    Object.entries(all).map(([path, content]) => sourceFile(path, content)),
  );
  expect(JSON.parse(config.bytes.toString())).toMatchObject({ config: { Entrypoint: entrypoint } });
});

test('labels that the source gives its image are there, and those of the build come before them', async () => {
  const start = { entrypoint: ['node', 'a.js'], labels: { version: '1', team: 'a' } };
  const files = { 'a.js': '', 'slipway.build.json': JSON.stringify(start) };
  const { config } = await buildImage(
    Object.entries(files).map(([path, content]) => sourceFile(path, content)),
    { version: '2' },
  );
  expect(JSON.parse(config.bytes.toString())).toMatchObject({
    config: { Labels: { version: '2', team: 'a' } },
  });
});

test.each<{ what: string; source: Record<string, string>; message: string }>([
  { what: 'nothing says how to start', source: { 'app.py': '' }, message: 'Nothing says how to start' },
  { what: 'the file is missing', source: packageJson({ main: 'b.js' }), message: 'no file "b.js"' },
  {
    what: 'a shell is needed',
    source: packageJson({ scripts: { start: 'node a.js && echo' } }),
    message: 'node a.js && echo',
  },
  {
    what: 'packages are needed',
    source: packageJson({ main: 'a.js', dependencies: { express: '5' } }),
    message: '(express)',
  },
  {
    what: 'it is not node',
    source: { 'slipway.build.json': '{"entrypoint":["python","a"]}' },
    message: 'slipway.build.json: ',
  },
  { what: 'a file is not JSON', source: { 'package.json': '{' }, message: 'package.json is not JSON' },
])('a source is refused when $what', async ({ source, message }) => {
  const sources = Object.entries(source).map(([path, content]) => sourceFile(path, content));
  await expect(buildImage(sources)).rejects.toThrow(message);
});
