import { z } from 'zod';
import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { verdict } from '#shared/domain/verdict.ts';
import type { Deps } from '#functions/deps.ts';
import { preflightChecks } from '#functions/preflight/preflight.ts';
import { problem, type ApiAnswer, type ApiRequest } from '#functions/triggers/answers.ts';
import { findConfig, readServiceFiles, type ServiceFile } from '#functions/triggers/service-files.ts';

const Body = z.strictObject({
  /** The text of a service file, as it may not be in the bucket yet. */
  file: z.string().max(256 * 1024),
  /** Only this one of its environments. */
  environment: z.string().min(1).max(100).optional(),
});

/**
 * `POST /preflight`: what stands between a service file and its deployment, without any. Only looks.
 * @returns undefined when the path is another's
 */
export async function preflightApi(
  deps: Deps,
  { method, path, body }: Pick<ApiRequest, 'method' | 'path' | 'body'>,
): Promise<ApiAnswer | undefined> {
  if (`${method} ${path}` !== 'POST /preflight') return undefined;
  const parsed = Body.safeParse(body);
  if (!parsed.success) return problem(400, z.prettifyError(parsed.error));
  const { file, environment } = parsed.data;
  const read = parseServiceFile(file, 'file');
  if (read.status === 'invalid') return problem(400, formatProblems(read.problems));
  const configs = read.configs.filter(
    (config) => environment === undefined || config.environment === environment,
  );
  if (configs.length === 0) {
    const known = read.configs.map((config) => config.environment).join(', ');
    return problem(404, `the file has no environment "${environment}"; it has ${known}`);
  }
  const stored = await readServiceFiles(deps);
  const environments = await Promise.all(
    configs.map(async (config) => {
      const { checks } = await preflightChecks(deps, { config, mayJudgeValues: isStored(stored, config) });
      return { service: config.service, environment: config.environment, verdict: verdict(checks), checks };
    }),
  );
  return { status: 200, body: { environments } };
}

/**
 * Whether the bucket has the same rules on the same secrets. With rules of one's own on any secret one could find out,
 * question by question, what its value is like.
 */
function isStored(
  files: readonly ServiceFile[],
  { service, environment, ...wanted }: ServiceConfig,
): boolean {
  const found = findConfig(files, service, environment);
  if ('problem' in found) return false;
  const asked = ({ project, runtime }: Pick<ServiceConfig, 'project' | 'runtime'>): string =>
    JSON.stringify([project, runtime.secrets, runtime.secretRules]);
  return asked(found.config) === asked(wanted);
}
