import type { Clock } from '#shared/clock.ts';
import type { Random } from '#shared/domain/ids.ts';
import type { Config } from '#shared/env.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import type { CloudRun, Jobs } from '#shared/ports/cloud-run.ts';
import type { CloudBuild, Registry } from '#shared/ports/images.ts';
import type { LookUps } from '#shared/ports/look-ups.ts';
import type { Pager, Responder, Slack, SlackDirectory } from '#shared/ports/people.ts';
import type { Callback, Log, ObjectStore, PubSub, Secrets, Workflows } from '#shared/ports/platform.ts';
import type { Prober } from '#shared/ports/prober.ts';
import type { Logging, Monitoring } from '#shared/ports/signals.ts';

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
