import type { Attempt, Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { SuiteFile } from '#shared/domain/service/checks.ts';
import type { ProbeTarget } from '#shared/ports/prober.ts';
import type { StepContext } from '#functions/steps/step.ts';

type SuiteCheck = SuiteFile['checks'][number];

/** One suite in one phase, and where it is asked. */
export interface Asking {
  context: StepContext;
  suite: SuiteFile;
  /** Origin of the candidate, of the service or of its public name. */
  address: string;
  /** Whom an identity token is for; only the service's own addresses get one. */
  audience?: string;
}

/** What is asked in one go; it has to fit into one dispatch. */
export interface Unit {
  suite: string;
  /** Of its checks in the record. */
  ids: string[];
  /** It may take that long; 0 when it knows itself when to stop. */
  longestSeconds: number;
  /** True when an answer on record need not be the last one. */
  isFollowed?: boolean;
  ask(): Promise<UnitAnswer>;
  /** Ends what goes on outside. */
  stop?(): Promise<void>;
}

export interface UnitAnswer {
  checks: Check[];
  /** It is not over: look again in that many seconds. */
  again?: { seconds: number; words: string };
}

/** What one look at something came to. */
export interface Look {
  outcome: 'pass' | 'fail' | 'inconclusive';
  observed: string;
  expected: string;
  durationMs: number;
}

/** Between two attempts of a check. */
const pauseSeconds = 1;

export const longestOf = (wanted: { timeout: number; retries: number }, moreSeconds = 0): number =>
  (wanted.timeout + moreSeconds) * (wanted.retries + 1) + pauseSeconds * wanted.retries;

/** Looks until it passes, once and as often again as is declared; every attempt is told. */
export async function withRetries(
  { deps: { clock }, signal }: StepContext,
  retries: number,
  look: () => Promise<Look>,
): Promise<{ look: Look; attempts: Attempt[] }> {
  const attempts: Attempt[] = [];
  for (;;) {
    const at = new Date(clock.now()).toISOString();
    const seen = await look();
    const ok = seen.outcome === 'pass';
    attempts.push({ at, ok, seen: seen.observed, durationMs: Math.max(0, seen.durationMs) });
    const count = attempts.length;
    if (ok || count > retries) {
      const words =
        count === 1 ? '' : ok ? `passed at attempt ${count}: ` : `at none of ${count} attempts, the last: `;
      return { look: { ...seen, observed: `${words}${seen.observed}` }, attempts };
    }
    await clock.sleep(pauseSeconds * 1000, signal);
  }
}

/** No answer is an answer about the candidate; any other fault says nothing about it. */
export function lookOfFault(
  context: StepContext,
  error: unknown,
  expected: string,
  durationMs: number,
): Look {
  if (context.signal.aborted || !(error instanceof Fault)) throw error;
  const outcome = error.code === 'unavailable' || error.code === 'timeout' ? 'fail' : 'inconclusive';
  return { outcome, observed: error.message, expected, durationMs };
}

/** Who a check is, wherever it is told. */
export const base = ({ context: { message }, suite }: Asking, wanted: SuiteCheck) => ({
  id: wanted.name,
  title: wanted.title ?? wanted.name,
  suite: suite.title,
  severity: wanted.severity,
  step: message.step,
  phase: message.phase,
});

/** A check as it was looked at. */
export function checkOf(
  asking: Asking,
  wanted: SuiteCheck,
  source: string,
  startedMs: number,
  { look, attempts }: { look: Look; attempts?: Attempt[] },
): Check {
  const { outcome, observed, expected, durationMs } = look;
  return {
    ...base(asking, wanted),
    outcome,
    evidence: {
      source,
      asked: wanted.title ?? wanted.name,
      observed,
      expected,
      at: new Date(startedMs).toISOString(),
      durationMs: Math.max(0, durationMs),
      ...(attempts && attempts.length > 1 ? { attempts } : {}),
    },
  };
}

export const notRun = (asking: Asking, wanted: SuiteCheck, reason: string): Check => ({
  ...base(asking, wanted),
  outcome: 'not-run',
  reason,
});

/** What every call at the suite's address has. */
export function targetOf(
  { context, address, audience }: Asking,
  path: string,
  timeoutSeconds: number,
): ProbeTarget {
  return {
    url: address + path,
    timeoutSeconds,
    ...(audience === undefined ? {} : { audience }),
    allowedOrigins: [new URL(address).origin],
    signal: context.signal,
  };
}
