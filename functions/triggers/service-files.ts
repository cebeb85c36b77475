import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { Deps } from '#functions/deps.ts';

/** A service file of the bucket, as it is now. */
export interface ServiceFile {
  name: string;
  text: string;
  /** One per environment; none when the file has problems. */
  configs: { config: ServiceConfig; source: string }[];
  problems?: string;
}

/** Every service file of the bucket. */
export async function readServiceFiles(deps: Deps): Promise<ServiceFile[]> {
  const names = (await deps.objects.list('services/')).filter((name) => /\.ya?ml$/.test(name));
  const files = await Promise.all(
    names.map(async (name): Promise<ServiceFile | undefined> => {
      const object = await deps.objects.read(name);
      if (!object) return undefined;
      const parsed = parseServiceFile(object.text, name);
      if (parsed.status === 'invalid')
        return { name, text: object.text, configs: [], problems: formatProblems(parsed.problems) };
      const source = `${name}#${object.generation}`;
      return { name, text: object.text, configs: parsed.configs.map((config) => ({ config, source })) };
    }),
  );
  return files.filter((file) => file !== undefined);
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
