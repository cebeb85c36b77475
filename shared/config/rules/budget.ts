import type { ServiceConfig } from '#shared/domain/service.ts';
import { databaseOf } from './facts.ts';
import type { Facts } from './rule.ts';

/** What the database can give, and what others take of it. */
export interface Budget {
  /** Left for this service; 0 also where the others take more than there is. */
  available: number;
  /** `at most 57 (100 − 3 reserved − 40 auth)` */
  inWords: string;
  /** Who said what the limit is, when it was not the file. */
  lookedUp: string | undefined;
}

/** @returns undefined for a service without a declared database */
export function budgetOf({ config, others, seen }: Facts): Budget | { missing: string } | undefined {
  const database = databaseOf(config);
  if (database === undefined) return undefined;
  const { cloudSql } = config.runtime;
  if (database.instance === undefined && cloudSql.length > 1)
    return { missing: 'app.database.instance is not declared, although runtime.cloudSql names several' };
  const instance = database.instance ?? cloudSql[0];
  const told = instance === undefined ? undefined : seen?.sqlInstances[instance]?.maxConnections;
  const limit = told ?? database.connectionLimit;
  if (limit === undefined) return { missing: 'app.database.connectionLimit is not declared' };
  const neighbours = instance === undefined ? [] : neighboursAt(instance, config, others);
  if ('missing' in neighbours) return neighbours;

  const known = new Set(neighbours.map(({ service }) => service));
  const sharers = [
    ...neighbours.map((other) => ({ service: nameOf(other, config), connections: mostOf(other) })),
    ...database.sharedWith.filter(({ service }) => !known.has(service)),
  ];
  const taken = sharers.reduce((sum, { connections }) => sum + connections, 0);
  const available = Math.max(0, limit - database.reserved - taken);
  const sum = [
    told === undefined || told === database.connectionLimit || database.connectionLimit === undefined
      ? `${limit}`
      : `${limit} (not ${database.connectionLimit} as declared)`,
    `${database.reserved} reserved`,
    ...sharers.map(({ service, connections }) => `${connections} ${service}`),
  ].join(' − ');
  return {
    available,
    inWords: available > 0 ? `at most ${available} (${sum})` : `none, as the database has none left (${sum})`,
    lookedUp: told === undefined ? undefined : `Cloud SQL ${instance}`,
  };
}

/** Those that take connections of the instance, and say how many. */
function neighboursAt(
  instance: string,
  config: ServiceConfig,
  others: Facts['others'],
): ServiceConfig[] | { missing: string } {
  if ('unknown' in others)
    return { missing: `the other services at ${instance} are not known: ${others.unknown}` };
  const neighbours = others.filter((other) => uses(other, instance) && !isSame(other, config));
  const silent = neighbours.find(
    ({ app, runtime }) =>
      app?.database === undefined || (app.database.instance === undefined && runtime.cloudSql.length > 1),
  );
  if (!silent) return neighbours;
  const key = silent.app?.database === undefined ? 'app.database' : 'app.database.instance';
  return { missing: `${key} is not declared by ${silent.service}, which uses ${instance} too` };
}

const uses = ({ app, runtime }: ServiceConfig, instance: string): boolean =>
  app?.database?.instance === undefined
    ? runtime.cloudSql.includes(instance)
    : app.database.instance === instance;

/** When every instance has all of its connections open. */
const mostOf = (config: ServiceConfig): number =>
  (databaseOf(config)?.perInstance ?? 0) * config.runtime.maxInstances;

const isSame = (one: ServiceConfig, other: ServiceConfig): boolean =>
  one.service === other.service && one.environment === other.environment;

const nameOf = ({ service, environment }: ServiceConfig, than: ServiceConfig): string =>
  environment === than.environment ? service : `${service} in ${environment}`;
