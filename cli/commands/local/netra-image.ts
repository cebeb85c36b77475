import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { pack } from 'tar-stream';
import type { SourceFile } from '#local/build/source.ts';

/** What examples/netra starts: the service, and the tests that its job runs. */
const entries = ['server', 'resilience'];

/**
 * examples/netra as the embedded builder takes it: that installs nothing, so each program is bundled with what it imports.
 * @param directory of the example
 * @param options.version is a label of the image
 */
export async function netraSource(
  directory: string,
  { version, minify }: { version: string; minify: boolean },
): Promise<SourceFile[]> {
  const { outputFiles } = await build({
    entryPoints: entries.map((name) => ({ in: join(directory, `${name}.mjs`), out: name })),
    outdir: directory,
    outExtension: { '.js': '.cjs' },
    write: false,
    bundle: true,
    minify,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }) => ({
    path: path.slice(directory.length).replace(/^\//, ''),
    isExecutable: false,
    content: Buffer.from(contents),
  }));
  const labels = { 'org.opencontainers.image.version': version };
  const start = Buffer.from(JSON.stringify({ entrypoint: ['node', 'server.cjs'], labels }));
  return [...files, { path: 'slipway.build.json', isExecutable: false, content: start }];
}

/** The source as Cloud Build fetches it: a `.tar.gz`. */
export async function archiveOf(files: readonly SourceFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content } of files) archive.entry({ name: path }, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}
