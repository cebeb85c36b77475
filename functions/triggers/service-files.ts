import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { ObjectStore } from '#shared/ports/platform.ts';
import type { Deps } from '#functions/deps.ts';

/** A service file of the bucket, as it is now. */
export interface ServiceFile {
  name: string;
  /** Empty when it is too large to be read. */
  text: string;
  /** One per environment; none when the file has problems. */
  configs: { config: ServiceConfig; source: string }[];
  problems?: string;
}

/** A larger one is refused as text, too. */
const maximumBytes = 256 * 1024;

/**
 * What was read and parsed before, by this process: a generation never changes. Pushes of many services at once would
 * otherwise read and parse every file for each of them.
 */
const remembered = new WeakMap<ObjectStore, Map<string, { generation: string; file: ServiceFile }>>();

/** Every service file of the bucket. */
export async function readServiceFiles({ objects }: Pick<Deps, 'objects'>): Promise<ServiceFile[]> {
  const known = remembered.get(objects) ?? new Map<string, { generation: string; file: ServiceFile }>();
  remembered.set(objects, known);
  const found = (await objects.list('services/')).filter(({ name }) => /\.ya?ml$/.test(name));
  const files = await Promise.all(
    found.map(async ({ name, generation }): Promise<ServiceFile | undefined> => {
      const before = known.get(name);
      if (before?.generation === generation) return before.file;
      const read = await readFile(objects, name, generation);
      if (read) known.set(name, read);
      return read?.file;
    }),
  );
  return files.filter((file) => file !== undefined);
}

/** @param listed the generation that was seen. @returns undefined when it is gone */
async function readFile(
  objects: ObjectStore,
  name: string,
  listed: string,
): Promise<{ generation: string; file: ServiceFile } | undefined> {
  try {
    const object = await objects.read(name, { maximumBytes });
    if (!object) return undefined;
    const { text, generation } = object;
    return { generation, file: parsed(name, text, generation) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'unsupported') throw error;
    // One service's file, and no reason why the others could not be known.
    const problems = `${name}: it is larger than 256 KiB, which no service file may be`;
    return { generation: listed, file: { name, text: '', configs: [], problems } };
  }
}

function parsed(name: string, text: string, generation: string): ServiceFile {
  const result = parseServiceFile(text, name);
  if (result.status === 'invalid')
    return { name, text, configs: [], problems: formatProblems(result.problems) };
  const source = `${name}#${generation}`;
  return { name, text, configs: result.configs.map((config) => ({ config, source })) };
}

/** The configuration of one service in one environment, or why there is none. */
export function findConfig(
  files: readonly ServiceFile[],
  service: string,
  environment: string,
): ServiceFile['configs'][number] | { problem: string } {
  const found = files
    .flatMap((file) => file.configs)
    .find(({ config }) => config.service === service && config.environment === environment);
  if (found) return found;
  const broken = files.find(
    (file) => file.name === `services/${service}.yaml` && file.problems !== undefined,
  );
  const known = files.flatMap((file) =>
    file.configs.map(({ config }) => `${config.service} ${config.environment}`),
  );
  const why = `there is no service "${service}" with an environment "${environment}"; known: ${known.join(', ') || 'none'}`;
  return { problem: broken?.problems ?? why };
}
