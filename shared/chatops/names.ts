import { nearest } from '#shared/config/nearest.ts';
import { printCommand, type ChatCommand } from './command.ts';
import type { Problem } from './words.ts';

const aliases = [
  ['prod', 'production'],
  ['stg', 'stage', 'staging'],
  ['dev', 'development'],
] as const;

/** The environment that is called so, or by another usual short or long form of its name. */
export function environmentNamed(word: string, environments: readonly string[]): string | undefined {
  if (environments.includes(word)) return word;
  const group: readonly string[] | undefined = aliases.find((names) => names.some((name) => name === word));
  return environments.find((environment) => group?.includes(environment));
}

/**
 * The command with the names of a service and an environment that exist, or what is wrong with them and the whole command
 * with the nearest ones.
 * @param services every service's environments
 */
export function withKnownNames<Command extends ChatCommand>(
  command: Command,
  services: ReadonlyMap<string, readonly string[]>,
): Command | Problem {
  if (!('service' in command)) return command;
  const { service, environment } = command;
  if (service === undefined) return command;
  const environments = services.get(service);
  const name = environments ? service : nearest(service, [...services.keys()]);
  const known = services.get(name ?? '') ?? [];
  const place =
    environment === undefined
      ? {}
      : { environment: environmentNamed(environment, known) ?? nearest(environment, known) };
  const isSure = environment === undefined || environmentNamed(environment, known) !== undefined;
  const meant = { ...command, service: name, ...place };
  if (environments && isSure) return meant;
  const problem = environments
    ? `${service} has no environment "${environment}". It has: ${listed(known)}.`
    : `There is no service "${service}". There are: ${listed([...services.keys()])}.`;
  const isWhole = name !== undefined && (environment === undefined || place.environment !== undefined);
  return { problem, ...(isWhole ? { didYouMean: printCommand(meant) } : {}) };
}

const mostListed = 20;

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length - mostListed;
  return [...names.slice(0, mostListed), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
