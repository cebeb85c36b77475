import * as z from 'zod';
import { messageOf } from '#shared/errors.ts';
import type { SourceFile } from './source.ts';

const BuildFile = z.strictObject({
  entrypoint: z.tuple([z.literal('node'), z.string()], z.string()),
  /** As `LABEL` in a Dockerfile. */
  labels: z.record(z.string(), z.string()).default({}),
});
const buildFileOf = (files: readonly SourceFile[]) => parsed(files, 'slipway.build.json', BuildFile);

const PackageFile = z.object({
  main: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
});

const conventional = ['server.mjs', 'server.js', 'index.mjs', 'index.js', 'main.mjs', 'main.js'];

/**
 * How the service is started, always by `node`. The first that is there decides: `slipway.build.json`
 * (`{"entrypoint": ["node", "server.mjs"]}`), the start script of `package.json` (`node FILE …`), its `main`,
 * a file with a conventional name.
 * @throws Error when nothing decides, when the file is missing, or when packages would have to be installed.
 */
export function findEntrypoint(files: readonly SourceFile[]): string[] {
  const entrypoint = declared(files);
  const file = entrypoint.slice(1).find((word) => !word.startsWith('-')) ?? '';
  if (!files.some(({ path }) => path === file.replace(/^\.\//, ''))) {
    throw new Error(`The source has no file "${file}", which ${JSON.stringify(entrypoint)} starts`);
  }
  return entrypoint;
}

/** Labels that the source gives its image, in `slipway.build.json`. */
export const declaredLabels = (files: readonly SourceFile[]): Record<string, string> =>
  buildFileOf(files)?.labels ?? {};

function declared(files: readonly SourceFile[]): string[] {
  const packageFile = parsed(files, 'package.json', PackageFile);
  const packages = Object.keys(packageFile?.dependencies ?? {});
  if (packages.length > 0) {
    throw new Error(
      `package.json declares dependencies (${packages.join(', ')}); the embedded builder installs none: bundle them into the source`,
    );
  }
  const buildFile = buildFileOf(files);
  if (buildFile !== undefined) return buildFile.entrypoint;
  const start = packageFile?.scripts?.['start'];
  if (start !== undefined) {
    // Words only: quotes, variables and operators would need a shell, and the image has none.
    if (/^node( [\w./:=@-]+)+$/.test(start)) return start.split(' ');
    throw new Error(
      `The start script "${start}" of package.json is not "node FILE …"; name the entrypoint in slipway.build.json`,
    );
  }
  if (packageFile?.main !== undefined) return ['node', packageFile.main];
  const file = conventional.find((name) => files.some(({ path }) => path === name));
  if (file !== undefined) return ['node', file];
  throw new Error(
    `Nothing says how to start the service: expected slipway.build.json, a start script or main in package.json, or one of ${conventional.join(', ')}`,
  );
}

function parsed<T>(files: readonly SourceFile[], name: string, schema: z.ZodType<T>): T | undefined {
  const file = files.find(({ path }) => path === name);
  if (file === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(file.content.toString('utf8'));
  } catch (error) {
    throw new Error(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
  return result.data;
}
