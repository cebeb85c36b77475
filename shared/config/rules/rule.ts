import type { Severity } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** What the rules look at. */
export interface Facts {
  config: ServiceConfig;
  /** Every other service: those at the same database take part of its connections. `unknown`: why they are not known. */
  others: readonly ServiceConfig[] | { unknown: string };
  /** What was looked up; without it only files are known. */
  seen?: Seen;
}

/** What Google answered; `undefined` inside where it does not say. */
export interface Seen {
  /** By `PROJECT:REGION:INSTANCE`. */
  sqlInstances: Readonly<Record<string, { maxConnections: number | undefined }>>;
  /** Throughput in Mbit/s. */
  connector: { maxThroughput: number | undefined } | undefined;
}

export type Judgement =
  | { outcome: 'pass'; observed: string; expected: string; lookedUp?: string }
  | { outcome: 'fail'; observed: string; expected: string; change: string; lookedUp?: string }
  /** @property reason what has to be declared */
  | { outcome: 'not-run'; reason: string };

/** How sure it is that a limit is what a rule says it is. */
export type Trust =
  /** Read in Google's documentation. */
  | 'documented'
  /** Found in people's reports. */
  | 'reported'
  /** Known from experience, not read again. */
  | 'unverified';

export interface Rule {
  /** Never changed once released: recommendations and claims name it. */
  id: string;
  suite: 'Configuration validation' | 'Scaling' | 'Network' | 'Infrastructure timeouts';
  /** `required`: Cloud Run refuses such a revision. */
  severity: Severity;
  /** What is so when it passes. */
  title: string;
  /** What happens otherwise. */
  why: string;
  /** Keys of the service file that it compares. */
  keys: readonly string[];
  /** Where its limit is from; none when both sides are the file's own. */
  docs?: { url: string; trust: Trust };
  /** @returns undefined when the rule has no meaning for this service */
  judge(facts: Facts): Judgement | undefined;
  /** Sections of a service file that it fails and passes. */
  examples: { firing: string; silent: string };
}

/** @param words `change` says what to do when it does not pass */
export function judged(
  pass: boolean,
  words: { observed: string; expected: string; change: string; lookedUp?: string | undefined },
): Judgement {
  const { observed, expected, change, lookedUp } = words;
  const base = { observed, expected, ...(lookedUp === undefined ? {} : { lookedUp }) };
  return pass ? { outcome: 'pass', ...base } : { outcome: 'fail', ...base, change };
}

/** A fact is missing: that is said, and is no pass. @param what the key that would give it; @param although what shows that there is one */
export const undeclared = (what: string, although?: string): Judgement & { outcome: 'not-run' } => ({
  outcome: 'not-run',
  reason: `${what} is not declared${although === undefined ? '' : `, although ${although}`}`,
});
