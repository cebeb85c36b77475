import { z } from 'zod';
import { duration, envName, memory, name } from './units.ts';

/** What the application does that the platform cannot see. Nothing is set by it: the rules of `slipway check` read it. */

/** In place of a value the variable of `runtime.env` that holds it, so that it is said once. */
export const Variable = z.strictObject({ env: envName });

const wholeNumber = z.int().min(0).max(10_000);
const time = duration(0.001, 86_400);
const Count = z.union([wholeNumber, Variable]);
const Time = z.union([time, Variable]);

const Database = z.strictObject({
  /** The only one of `runtime.cloudSql` unless told; none for a database elsewhere. */
  instance: z
    .string()
    .regex(/^[^:\s]+:[^:\s]+:[^:\s]+$/, 'expected PROJECT:REGION:INSTANCE')
    .optional(),
  /** Connections that each instance of the service keeps. */
  pool: Count,
  /** How many more it opens when all of them are in use. */
  overflow: Count.default(0),
  /** How long it waits for a connection. */
  timeout: Time.optional(),
  /** In use at the same time in one instance under usual load, as measured. */
  usualConnections: wholeNumber.optional(),
  /** Needed beyond the pool while an instance starts, as measured. */
  startupConnections: wholeNumber.optional(),
  /** What a request holds on average while it is served. */
  connectionsPerRequest: z.number().positive().max(100).optional(),
  /** Connections the database takes in all; what Cloud SQL says goes before it. */
  connectionLimit: z.int().min(1).max(262_143).optional(),
  /** Of these the ones that applications do not get. */
  reserved: wholeNumber.default(3),
  /** Others at the same database whose files are not known here; those of a known file go before it. */
  sharedWith: z
    .array(z.strictObject({ service: name, connections: z.int().min(1).max(262_143) }))
    .max(50)
    .default([]),
});

const WebSocket = z.strictObject({
  /** Closed by the application when nothing came for so long. */
  idleTimeout: Time.optional(),
  /** How often the application sends a ping. */
  pingInterval: Time.optional(),
  longestConnection: time.optional(),
  /** Open at the same time over all instances, at most. */
  connections: z.int().min(1).max(10_000_000).optional(),
});

const LoadBalancer = z.strictObject({
  /** The name that users call, without scheme and path. */
  host: z
    .string()
    .regex(
      /^(?!.*\.(internal|local|localhost)$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/,
      'expected a public host name such as api.example.com',
    ),
  /** The shortest of what stands between users and the service. */
  timeout: time.optional(),
});

export const App = z.strictObject({
  database: Database.optional(),
  webSocket: WebSocket.optional(),
  loadBalancer: LoadBalancer.optional(),
  /** Works while no request is served. */
  background: z.boolean().optional(),
  /** How long an instance takes until it serves, and to stop. */
  startTime: time.optional(),
  shutdownTime: time.optional(),
  /** The longest pause the infrastructure has been seen to make: a connector that grows, a database that fails over. */
  infrastructureDelay: time.optional(),
  /** How long it waits for other things than the database. */
  timeouts: z.record(name, Time).optional(),
  memory: z.strictObject({ atRest: memory, perRequest: memory }).optional(),
  /** Mbit/s through the VPC: what an instance sends at its peak, and what a connector carries at most. */
  egress: z
    .strictObject({
      megabitsPerInstance: z.number().positive(),
      connectorMegabits: z.number().positive().optional(),
    })
    .optional(),
});
export type App = z.infer<typeof App>;

type Environment = Readonly<Record<string, string>>;

/** @returns undefined when its variable holds no whole number from 0 to 10,000 */
export function countOf(value: z.infer<typeof Count>, env: Environment): number | undefined {
  if (typeof value === 'number') return value;
  const text = env[value.env]?.trim() ?? '';
  return /^\d+$/.test(text) ? wholeNumber.safeParse(Number(text)).data : undefined;
}

/** @returns undefined when its variable holds no time of up to 24 h: a duration such as `90s`, or a number of seconds */
export function secondsOf(value: z.infer<typeof Time>, env: Environment): number | undefined {
  if (typeof value === 'number') return value;
  const text = env[value.env]?.trim() ?? '';
  return time.safeParse(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text).data;
}
