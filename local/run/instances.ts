import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import type { ImageSource } from '#local/registry/image-source.ts';
import { environmentOf, type SecretValue } from './environment.ts';
import { commandOf, unpackImage } from './image.ts';
import { createLog, type Log, type LogLine } from './logs.ts';
import type { ProcessRecords } from './orphans.ts';
import { freePort, spawnNode, type RunningProcess } from './process.ts';
import { RevisionFailure, type RevisionStatus } from './revision-status.ts';
import { waitUntilStarted } from './startup.ts';
import type { RevisionTemplate } from './template-message.ts';

/** What it takes to run a revision. */
export interface RevisionSpec {
  /** Short names. */
  service: string;
  revision: string;
  template: RevisionTemplate;
}

/** A running instance that does not go away before `release`. */
export interface Lease {
  port: number;
  release(): void;
}

/**
 * At most one process per revision, started when it is wanted, stopped when it is neither addressed (traffic or tag) nor
 * in use. One that crashed is started again by the next request. Scaling out is not simulated.
 */
export interface Instances {
  /** The first start of a revision, which decides whether it is ready. Never rejects. */
  start(spec: RevisionSpec): Promise<RevisionStatus>;
  /** @throws RevisionFailure when the instance cannot be started */
  acquire(spec: RevisionSpec): Promise<Lease>;
  /** Of this service's revisions only those in `addressed` are kept; the others end once their requests are done. */
  retain(service: string, addressed: ReadonlySet<string>): void;
  /** Ends the revision's process and removes its files. */
  remove(spec: RevisionSpec): Promise<void>;
  /** Two services may have a revision of the same name: without `service`, the first one's. */
  logs(revision: string, service?: string): LogLine[];
  stop(): Promise<void>;
}

interface Instance {
  port: number;
  running: RunningProcess;
}

interface Entry {
  service: string;
  revision: string;
  directory: string;
  log: Log;
  launch?: Promise<Instance>;
  running?: RunningProcess;
  inUse: number;
  addressed: boolean;
}

export function createInstances(options: {
  images: ImageSource;
  directory: string;
  clock: Clock;
  records: ProcessRecords;
  secretValue: SecretValue;
  startTimeoutMs: number;
  stopGraceMs: number;
  onError: (error: unknown) => void;
}): Instances {
  const { clock } = options;
  /** By `keyOf`: "a-b-c" may be a revision of service "a" and of "a-b". */
  const entries = new Map<string, Entry>();
  /** Every process that has not ended, also those that are on their way out. */
  const alive = new Map<RunningProcess, Entry>();
  let stopped = false;

  function entryOf(spec: RevisionSpec): Entry {
    const known = entries.get(keyOf(spec));
    if (known) return known;
    const { service, revision } = spec;
    const directory = join(options.directory, service, revision);
    mkdirSync(directory, { recursive: true });
    const log = createLog(join(directory, 'log'), () => clock.now());
    const entry: Entry = { service, revision, directory, log, inUse: 0, addressed: true };
    entries.set(keyOf(spec), entry);
    return entry;
  }

  async function launch(spec: RevisionSpec, entry: Entry): Promise<Instance> {
    const [container, sidecar] = spec.template.containers ?? [];
    if (container === undefined || sidecar !== undefined) {
      throw new RevisionFailure({
        condition: 'ContainerReady',
        reason: 'UNKNOWN',
        message: 'The local cloud runs exactly one container per revision; sidecars are not supported.',
      });
    }
    const image = await unpackImage(options.images, container.image ?? '', entry.directory);
    const { args, cwd } = commandOf(image, container, entry.directory);
    const port = await freePort();
    const env = environmentOf({
      container,
      imageEnv: image.env,
      platform: {
        PORT: String(port),
        K_SERVICE: spec.service,
        K_REVISION: spec.revision,
        K_CONFIGURATION: spec.service,
      },
      secretValue: options.secretValue,
      account: spec.template.serviceAccount,
    });
    if (stopped || entries.get(keyOf(spec)) !== entry) {
      const message = 'The revision was removed while it was starting.';
      throw new RevisionFailure({ condition: 'Ready', reason: 'INTERNAL', message });
    }
    const running = run(entry, { args, cwd, env });
    try {
      await waitUntilStarted({ container, running, port, timeoutMs: options.startTimeoutMs, clock });
    } catch (error) {
      await running.stop(options.stopGraceMs);
      throw error;
    }
    return { port, running };
  }

  function run(
    entry: Entry,
    command: { args: string[]; cwd: string; env: Record<string, string> },
  ): RunningProcess {
    const running = spawnNode({ ...command, log: entry.log, clock });
    const { pid } = running;
    entry.running = running;
    alive.set(running, entry);
    if (pid !== undefined) options.records.add(pid);
    void running.exited.then(() => {
      alive.delete(running);
      if (pid !== undefined) options.records.remove(pid);
      if (entry.running === running) forget(entry);
    });
    return running;
  }

  async function acquire(spec: RevisionSpec): Promise<Lease> {
    if (stopped) throw new Error('the local Cloud Run has been stopped');
    const entry = entryOf(spec);
    entry.inUse += 1;
    if (entry.running?.hasExited()) forget(entry);
    try {
      const starting = (entry.launch ??= launch(spec, entry));
      const { port } = await starting.catch((error: unknown) => {
        if (entry.launch === starting) delete entry.launch;
        throw error;
      });
      return { port, release: once(() => release(entry)) };
    } catch (error) {
      release(entry);
      throw error;
    }
  }

  function release(entry: Entry): void {
    entry.inUse -= 1;
    endIfIdle(entry);
  }

  function endIfIdle(entry: Entry): void {
    if (entry.addressed || entry.inUse > 0 || !entry.running) return;
    const { running } = entry;
    // From now on a request starts a new process; this one finishes on its own.
    forget(entry);
    running.stop(options.stopGraceMs).catch(options.onError);
  }

  async function endAll(which: (entry: Entry) => boolean): Promise<void> {
    const ending = [...alive].filter(([, entry]) => which(entry));
    await Promise.all(ending.map(([running]) => running.stop(options.stopGraceMs)));
  }

  return {
    async start(spec) {
      try {
        const lease = await acquire(spec);
        lease.release();
        return { kind: 'ready' };
      } catch (error) {
        if (error instanceof RevisionFailure) return { kind: 'failed', failure: error.failure };
        options.onError(error);
        const message = `local cloud: ${messageOf(error)}`;
        return { kind: 'failed', failure: { condition: 'Ready', reason: 'INTERNAL', message } };
      }
    },
    acquire,
    retain(service, addressed) {
      for (const entry of entries.values()) {
        if (entry.service !== service) continue;
        entry.addressed = addressed.has(entry.revision);
        endIfIdle(entry);
      }
    },
    async remove(spec) {
      const entry = entries.get(keyOf(spec));
      if (!entry) return;
      entries.delete(keyOf(spec));
      const launching = entry.launch;
      await endAll((owner) => owner === entry);
      // A start that has not come to its process yet sees that the entry is gone, and fails.
      await launching?.catch(() => undefined);
      await rm(entry.directory, { recursive: true, force: true });
    },
    logs: (revision, service) =>
      [...entries.values()]
        .find((one) => one.revision === revision && (service === undefined || one.service === service))
        ?.log.lines() ?? [],
    async stop() {
      stopped = true;
      await endAll(() => true);
    },
  };
}

function keyOf({ service, revision }: RevisionSpec): string {
  return `${service}/${revision}`;
}

function forget(entry: Entry): void {
  delete entry.running;
  delete entry.launch;
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
