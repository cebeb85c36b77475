import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** The example's image. */
export const image = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';
export const place = '{ project: slipway-local, region: us-central1 }';

/** A complete file of four lines; what is given comes after them, from line 5. */
export const file = (more = ''): string => `service: hello
image: ${image}
environments:
  staging: ${place}
${more}`;

/** The same with an environment that is open for overrides; what is given comes after line 6. */
export const overridden = (override: string, more = ''): string => `service: hello
image: ${image}
environments:
  staging:
    project: slipway-local
    region: us-central1
${override}
${more}`;

/** @throws Error that lists the problems */
export function configsOf(text: string): ServiceConfig[] {
  const parsed = parseServiceFile(text, 'hello.yaml');
  if (parsed.status === 'invalid') throw new Error(formatProblems(parsed.problems));
  return parsed.configs;
}

/** `line:column message`, without the file's name. */
export function problemsOf(text: string): string[] {
  const parsed = parseServiceFile(text, 'f');
  return parsed.status === 'ok'
    ? []
    : formatProblems(parsed.problems)
        .split('\n')
        .map((line) => line.slice(2));
}
