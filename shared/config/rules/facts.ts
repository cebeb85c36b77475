import { countOf, secondsOf, type App } from '#shared/domain/service/app.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** Readings of a configuration that several rules share. Times are in seconds, sizes in MiB. */

/** Until a container is given up (https://cloud.google.com/run/quotas). */
export const longestStartup = 240;
/** The longest request (https://cloud.google.com/run/docs/configuring/request-timeout). */
export const longestRequest = 3600;
/** What a load balancer of Google's waits for Cloud Run: it cannot be set (https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts). */
export const longestBalanced = 3600;
/**
 * How long a request is held for an instance at least; longer, 3.5 times the usual start, where starts take longer
 * (https://cloud.google.com/run/docs/about-instance-autoscaling).
 */
export const heldRequest = 10;

export type Database = Omit<NonNullable<App['database']>, 'pool' | 'overflow' | 'timeout'> & {
  pool: number;
  overflow: number;
  /** What one instance can hold. */
  perInstance: number;
  timeout: number | undefined;
};

export function databaseOf({ app, runtime }: ServiceConfig): Database | undefined {
  if (app?.database === undefined) return undefined;
  const { database } = app;
  const pool = known(countOf(database.pool, runtime.env), 'app.database.pool');
  const overflow = known(countOf(database.overflow, runtime.env), 'app.database.overflow');
  const timeout = timeOf(database.timeout, runtime.env, 'app.database.timeout');
  return { ...database, pool, overflow, perInstance: pool + overflow, timeout };
}

export function webSocketOf({ app, runtime }: ServiceConfig) {
  if (app?.webSocket === undefined) return undefined;
  const { webSocket } = app;
  const { env } = runtime;
  return {
    ...webSocket,
    idleTimeout: timeOf(webSocket.idleTimeout, env, 'app.webSocket.idleTimeout'),
    pingInterval: timeOf(webSocket.pingInterval, env, 'app.webSocket.pingInterval'),
  };
}

/** How long the application waits for what it needs, by name; the database among them. */
export function componentTimeouts(config: ServiceConfig): [string, number][] {
  const { app, runtime } = config;
  const database = databaseOf(config)?.timeout;
  return [
    ...(database === undefined ? [] : [['database', database] satisfies [string, number]]),
    ...Object.entries(app?.timeouts ?? {}).map(([name, value]): [string, number] => [
      name,
      known(secondsOf(value, runtime.env), `app.timeouts.${name}`),
    ]),
  ];
}

/** How long Cloud Run waits for an instance to start; without a probe of the file's own, its TCP probe waits 240 s. */
export function startupBudget({ runtime }: ServiceConfig): number {
  if (runtime.startupProbe === undefined) return longestStartup;
  const { initialDelay = 0, period = 10, failureThreshold = 3 } = runtime.startupProbe;
  return initialDelay + period * failureThreshold;
}

/** CPUs of `"2"` or `500m`. */
export const cpusOf = (amount: string): number =>
  amount.endsWith('m') ? Number(amount.slice(0, -1)) / 1000 : Number(amount);

export const mebibytes = (amount: string): number =>
  Number(amount.slice(0, -2)) * (amount.endsWith('Gi') ? 1024 : 1);

type Time = Parameters<typeof secondsOf>[0];

const timeOf = (value: Time | undefined, env: Record<string, string>, key: string): number | undefined =>
  value === undefined ? undefined : known(secondsOf(value, env), key);

/** Parsing has made sure of it. */
function known(value: number | undefined, key: string): number {
  if (value === undefined) throw new Error(`${key}: its variable in runtime.env holds no such value`);
  return value;
}
