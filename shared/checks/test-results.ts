/** One test as its runner tells it. */
export interface TestCase {
  name: string;
  outcome: 'pass' | 'fail' | 'skipped';
  /** Why it failed or was skipped, one line; not redacted. */
  detail?: string;
  seconds?: number;
  /** ISO 8601: when it or its suite began, where the runner names a time with its zone. */
  at?: string;
  /** Expected to fail for now: its failure is no failure of the run. */
  isTodo?: boolean;
}

/** What a runner wrote, or where that is broken: half of a file says nothing about the rest. */
export type TestResults =
  | { status: 'read'; cases: TestCase[] }
  | { status: 'broken'; line: number; column: number; problem: string };

/** In bytes; larger files are no results. */
export const longestResults = 8 * 1024 * 1024;
/** Of one test's words; the rest is dropped. */
export const longestDetail = 2000;
/** More tests than this are no one run. */
export const mostCases = 20_000;
