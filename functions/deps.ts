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
  Monitoring,
  ObjectStore,
  Prober,
  PubSub,
  Registry,
  Secrets,
  Slack,
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
}
