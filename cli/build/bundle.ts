import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/**
 * The functions as files without dependencies, by name. Where the sources load something when it is first used there is a
 * file of its own: a function reads what it needs and no more, as from the sources, and Google's clients are read when
 * they are first called. (With everything in one file each function would have 17 MB to read and half as much memory again.)
 *
 * functions-framework stays outside: the buildpack starts its own copy of it, and a second one in here would have a
 * registry of its own, in which the platform finds no function.
 * @throws Error with esbuild's own words
 */
export async function bundleFunctions(root: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/index.ts'],
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['@google-cloud/functions-framework'],
    plugins: [namedExports, onlyUsedOfZod],
    // Names stay, for the sake of stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: commonJs },
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}

/** What Google's clients, which are CommonJS, expect to be there. */
const commonJs = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/**
 * With splitting, what is loaded later of a CommonJS package has only `default`
 * (https://github.com/evanw/esbuild/issues/3245). What Node gives by name is therefore exported one by one.
 */
const namedExports: Plugin = {
  name: 'named-exports',
  setup(builder) {
    const resolveDir = builder.initialOptions.absWorkingDir ?? '.';
    builder.onResolve({ filter: /^(@[\w-]+\/)?[\w-]+$/ }, ({ path, kind, importer }) =>
      kind === 'dynamic-import' && !importer.includes('/node_modules/')
        ? { path, namespace: 'named-exports' }
        : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'named-exports' }, async ({ path }) => {
      const part = partUsed[path];
      if (part !== undefined)
        return { contents: part, resolveDir: dirname(fileURLToPath(import.meta.resolve(path))) };
      const library = (await import(path)) as Record<string, unknown>;
      const names = Object.keys(library).filter((name) => name !== 'default' && /^[\w$]+$/.test(name));
      const contents = `import * as library from ${JSON.stringify(path)};
export const { ${names.join(', ')} } = library;
export default library.default;`;
      return { contents, resolveDir };
    });
  },
};

/**
 * What functions use of a package whose rest costs much: nearly every message makes them publish, and to load the subscriber
 * and its tracing with the publisher takes nearly twice the time.
 */
const partUsed: Record<string, string> = {
  '@google-cloud/pubsub': `import { PublisherClient } from '@google-cloud/pubsub-api/build/src/v1/publisher_client.js';
export const v1 = { PublisherClient };`,
};

/**
 * `import { z }` is one object with all of zod in it, forty languages and all; a namespace is as large as what is used of it.
 * That is 157 KB in place of 582, which every function would read before it answers.
 */
const onlyUsedOfZod: Plugin = {
  name: 'only-used-of-zod',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes('/node_modules/')) return undefined;
      const text = await readFile(path, 'utf8');
      return {
        contents: text.replace("import { z } from 'zod';", "import * as z from 'zod';"),
        loader: 'ts',
      };
    });
  },
};
