import type { RawJson } from './cloud-run.ts';

export interface Workflows {
  /** The id of an execution that is ACTIVE or QUEUED, or the newest one, with the label `deployment` and `fence`. */
  find(labels: { deployment: string; fence: string }): Promise<string | undefined>;
  create(argument: RawJson, labels: Record<string, string>): Promise<string>;
  /** @returns undefined when it is unknown */
  state(executionId: string): Promise<'active' | 'succeeded' | 'failed' | 'cancelled' | undefined>;
  /** Ends it where it is: no `except` block of it runs. One that has ended already → Fault. */
  cancel(executionId: string): Promise<void>;
}

export interface PubSub {
  /** JSON as the message's data. Not retried: a lost reply may have published. */
  publish(topic: string, message: unknown): Promise<void>;
}

interface StoredObject {
  text: string;
  generation: string;
}

export interface ObjectStore {
  /**
   * @param limits `maximumBytes`: 8 MiB unless told otherwise
   * @returns undefined when there is no such object. Fault `unsupported` when it is larger: no more than that is read
   */
  read(name: string, limits?: { maximumBytes: number }): Promise<StoredObject | undefined>;
  /** What is under a prefix, as it is now. */
  list(prefix: string): Promise<{ name: string; generation: string }[]>;
  /** Creates or replaces. */
  write(name: string, text: string, contentType: string): Promise<void>;
}

export interface Secrets {
  /**
   * State of a version (`latest` allowed) and the number it stands for. Never the payload.
   * `resource`: the secret's name with the project's number, as IAM knows it: `projects/4242/secrets/S`.
   */
  version(
    project: string,
    secret: string,
    version: string,
  ): Promise<{ state: 'enabled' | 'disabled' | 'destroyed'; number: string; resource: string } | undefined>;
  /**
   * What `judge` says of a version's value. The value is given to `judge` alone: a judgement must not contain it, and
   * nothing else here keeps, returns or names it. Asked only where a service file declares a rule on the value.
   * @returns undefined when there is no such version
   */
  judge<T>(
    project: string,
    secret: string,
    version: string,
    judge: (value: string) => T,
  ): Promise<T | undefined>;
}

export interface Callback {
  /** Posts a reply with an access token. The address was checked before. @returns the HTTP status */
  post(url: string, body: unknown): Promise<number>;
}

/** Structured log line; never a secret's value. */
export interface Log {
  (severity: 'INFO' | 'WARNING' | 'ERROR', message: string, fields?: Record<string, unknown>): void;
}
