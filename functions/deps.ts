import type { Clock } from '#shared/clock.ts';
import type { Random } from '#shared/domain/ids.ts';
import type { Config } from '#shared/env.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import type {
  Callback,
  CloudBuild,
  CloudRun,
  Jobs,
  Log,
  Logging,
  LookUps,
  Monitoring,
  ObjectStore,
  Pager,
  Prober,
  PubSub,
  Registry,
  Responder,
  Secrets,
  Slack,
  SlackDirectory,
  Workflows,
} from '#shared/ports.ts';

/** Everything a function may touch. Effects are parameters: tests give their own. */
export interface Deps {
  config: Config;
  clock: Clock;
  random: Random;
  /** An id that no other function, process or moment has. */
  newId: () => string;
  log: Log;
  ledger: Ledger;
  run: CloudRun;
  jobs: Jobs;
  registry: Registry;
  lookUps: LookUps;
  build: CloudBuild;
  secrets: Secrets;
  monitoring: Monitoring;
  logging: Logging;
  prober: Prober;
  workflows: Workflows;
  pubsub: PubSub;
  callback: Callback;
  objects: ObjectStore;
  /** Absent while no token is configured. */
  slack: Slack | undefined;
  /** Absent while no token is configured. */
  slackDirectory: SlackDirectory | undefined;
  responder: Responder;
  /** Absent while no pager is configured. */
  pager: Pager | undefined;
}
