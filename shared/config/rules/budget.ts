import type { ServiceConfig } from '#shared/domain/service.ts';
import { databaseOf } from './facts.ts';
import type { Facts } from './rule.ts';

/** What the database can give, and what others take of it. */
export interface Budget {
  limit: number;
  /** Left for this service. */
  available: number;
  /** The most that one instance may hold, when all of them do. */
  largestPerInstance: number;
  /** `100 − 3 reserved − 40 auth` */
  inWords: string;
  /** Who said what the limit is, when it was not the file. */
  lookedUp: string | undefined;
}

/** @returns undefined for a service without a declared database */
export function budgetOf({ config, others, seen }: Facts): Budget | { missing: string } | undefined {
  const database = databaseOf(config);
  if (database === undefined) return undefined;
  const instance = instanceOf(config);
  const told = instance === undefined ? undefined : seen?.sqlInstances[instance]?.maxConnections;
  const limit = told ?? database.connectionLimit;
  if (limit === undefined) return { missing: 'app.database.connectionLimit is not declared' };

  const neighbours = others.filter(
    (other) => instance !== undefined && instanceOf(other) === instance && !isSame(other, config),
  );
  const silent = neighbours.find((other) => databaseOf(other) === undefined);
  if (silent)
    return { missing: `app.database is not declared by ${silent.service}, which uses ${instance} too` };
  const known = new Set(neighbours.map(({ service }) => service));
  const sharers = [
    ...neighbours.map((other) => ({ service: nameOf(other, config), connections: mostOf(other) })),
    ...database.sharedWith.filter(({ service }) => !known.has(service)),
  ];

  const taken = sharers.reduce((sum, { connections }) => sum + connections, 0);
  const available = limit - database.reserved - taken;
  const parts = [
    told === undefined || told === database.connectionLimit || database.connectionLimit === undefined
      ? `${limit}`
      : `${limit} (not ${database.connectionLimit} as declared)`,
    `${database.reserved} reserved`,
    ...sharers.map(({ service, connections }) => `${connections} ${service}`),
  ];
  return {
    limit,
    available,
    largestPerInstance: Math.max(0, Math.floor(available / config.runtime.maxInstances)),
    inWords: parts.join(' − '),
    lookedUp: told === undefined ? undefined : `Cloud SQL ${instance}`,
  };
}

/** While a release is proven: a tagged revision without traffic runs its minimum, and one more when it is asked. */
export const instancesInRollout = ({ runtime }: Pick<ServiceConfig, 'runtime'>): number =>
  runtime.maxInstances + Math.max(1, runtime.minInstances);

/**
 * Advice to raise what an instance holds, unless the database has no room for it: then the advice is not to.
 * @param key what is raised, from `now` to `wanted`; @param rest what the instance holds beside it
 */
export function adviceToRaise(
  facts: Facts,
  raise: { key: string; now: number; wanted: number; rest: number },
): string {
  const { key, now, wanted, rest } = raise;
  const advice = `Raise ${key} from ${now} to ${wanted}`;
  const budget = budgetOf(facts);
  if (budget === undefined || 'missing' in budget)
    return `${advice}, if the database has room for it; that is not known: ${budget?.missing ?? 'no database is declared'}`;
  const { available } = budget;
  const instances = instancesInRollout(facts.config);
  const largest = Math.max(0, Math.floor(available / instances));
  if (wanted + rest <= largest) return `${advice}: the database has room for ${largest - rest}`;
  const room = `${instances} instances, a candidate among them, share ${available} connections`;
  return largest - rest > now
    ? `Do not raise ${key} to ${wanted}: ${room}. The safe maximum is ${largest - rest}; lower runtime.maxInstances first`
    : `Do not raise ${key}: ${room}, which is ${largest} each, and the safe maximum is ${Math.max(0, largest - rest)}. Lower runtime.maxInstances, or let the database take more connections, first`;
}

/** When every instance has all of its connections open. */
const mostOf = (config: ServiceConfig): number =>
  (databaseOf(config)?.perInstance ?? 0) * config.runtime.maxInstances;

const instanceOf = ({ app, runtime }: ServiceConfig): string | undefined =>
  app?.database?.instance ?? (runtime.cloudSql.length === 1 ? runtime.cloudSql[0] : undefined);

const isSame = (one: ServiceConfig, other: ServiceConfig): boolean =>
  one.service === other.service && one.environment === other.environment;

const nameOf = ({ service, environment }: ServiceConfig, than: ServiceConfig): string =>
  environment === than.environment ? service : `${service} in ${environment}`;
