import { join } from 'node:path';
import { build } from 'esbuild';
import { buildImage, type OciImage } from '#local/build/image.ts';

/** What examples/netra starts: the service, and the tests that its job runs. */
const entries = ['server', 'resilience'];

/**
 * examples/netra as an image. The embedded builder installs nothing, so each program is bundled with what it imports.
 * @param directory of the example
 */
export async function netraImage(
  directory: string,
  { version, minify }: { version: string; minify: boolean },
): Promise<OciImage> {
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
  const start = Buffer.from(JSON.stringify({ entrypoint: ['node', 'server.cjs'] }));
  return buildImage([...files, { path: 'slipway.build.json', isExecutable: false, content: start }], {
    'org.opencontainers.image.version': version,
  });
}
