import { countOf, secondsOf, Variable } from '#shared/domain/service/app.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** One setting that is not the same; `undefined` where there is none. */
export interface ConfigChange {
  /** `runtime.memory`, `suites[0].checks[1].path` */
  path: string;
  from: string | undefined;
  to: string | undefined;
}

/** Values that may hold what nobody should read; of them only that they changed is said. Secrets are bindings. */
const unquoted = /^runtime\.env\.|\.headers\.|\.body$|^migration\.args$/;
const hidden = '(not shown)';

/** What differs between two configurations of a place, by path, in the order of the file. */
export function configDiff(before: ServiceConfig, now: ServiceConfig): ConfigChange[] {
  const [old, current] = [settingsOf(before), settingsOf(now)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((path) => old.get(path) !== current.get(path))
    .map((path) => ({ path, from: shown(path, old.get(path)), to: shown(path, current.get(path)) }));
}

/** Every setting by its path, as JSON. Not to be shown: it may hold what nobody should read. What the file is for is none. */
export const settingsOf = ({ change: _said, ...settings }: ServiceConfig): ReadonlyMap<string, string> =>
  leaves({ ...settings, app: withValues(settings.app, settings.runtime.env) });

/** What `app` names by its variable, as the number that stands there: durations in seconds. */
function withValues(value: unknown, env: ServiceConfig['runtime']['env']): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const variable = Variable.safeParse(value);
  if (variable.success) return countOf(variable.data, env) ?? secondsOf(variable.data, env) ?? hidden;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withValues(item, env)]));
}

/** Whether the setting is only said to be so: `app` sets nothing but what it names by its variable. */
export const isOnlyDeclared = ({ app }: ServiceConfig, path: string): boolean =>
  path.startsWith('app.') && leaves(app, 'app').has(path);

const shown = (path: string, value: string | undefined): string | undefined =>
  value !== undefined && unquoted.test(path) ? hidden : value;

/** Every value by its path, as JSON. Lists of single values are one value. */
function leaves(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    for (const [index, item] of value.entries()) leaves(item, `${path}[${index}]`, found);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, item] of Object.entries(value))
      leaves(item, path === '' ? key : `${path}.${key}`, found);
  } else if (value !== undefined) found.set(path, JSON.stringify(value));
  return found;
}
