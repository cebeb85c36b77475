import { z } from 'zod';
import type { Finding } from './findings.ts';

/** Cloud Run sets these itself and refuses them. */
const reservedVariables = ['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'];
/** Of one service, those that hold secrets among them (https://cloud.google.com/run/docs/configuring/services/environment-variables). */
const mostVariables = 1000;
/** Bytes of a value (https://cloud.google.com/run/quotas, EnvVar of the v2 API). */
const longestValue = 32_768;

/** Reads only the names, and of values what they are, whatever else is wrong. */
const Variables = z
  .object({
    env: z.record(z.string(), z.unknown()).catch({}),
    secrets: z.record(z.string(), z.unknown()).catch({}),
    secretRules: z.record(z.string(), z.unknown()).catch({}),
  })
  .catch({ env: {}, secrets: {}, secretRules: {} });

/** What a runtime section says its variables are, right or wrong. */
export const variablesOf = (runtime: unknown): z.infer<typeof Variables> => Variables.parse(runtime);

/** Every variable has one source and a name of its own, and Cloud Run takes all of them. */
export function brokenVariableRules(runtime: unknown): Finding[] {
  const { env, secrets, secretRules } = variablesOf(runtime);
  const named = (section: string, name: string, expected: string): Finding => ({
    path: ['runtime', section, name],
    about: 'key',
    expected,
  });
  const reserved = Object.entries({ env, secrets }).flatMap(([section, variables]) =>
    reservedVariables
      .filter((name) => Object.hasOwn(variables, name))
      .map((name) => named(section, name, 'expected another name: Cloud Run sets this one itself')),
  );
  const twice = Object.keys(secrets)
    .filter((name) => Object.hasOwn(env, name))
    .map((name) => named('secrets', name, 'expected a name that is not in runtime.env too'));
  // A rule about nothing would look like a safeguard and be none.
  const idle = Object.keys(secretRules)
    .filter((name) => !Object.hasOwn(secrets, name))
    .map((name) => named('secretRules', name, 'expected a variable of runtime.secrets'));
  const long = Object.entries(env)
    .map(([name, value]) => ({ name, bytes: typeof value === 'string' ? Buffer.byteLength(value) : 0 }))
    .filter(({ bytes }) => bytes > longestValue)
    .map(({ name, bytes }) =>
      named('env', name, `expected a value of at most ${longestValue} bytes; it has ${bytes}`),
    );
  const count = Object.keys(env).length + Object.keys(secrets).length;
  const expected = `expected at most ${mostVariables} variables, those of secrets among them; there are ${count}`;
  const many: Finding[] = count > mostVariables ? [{ path: ['runtime', 'env'], about: 'key', expected }] : [];
  return [...reserved, ...twice, ...idle, ...long, ...many];
}
