import type { Check } from '#shared/domain/check.ts';
import type { Analysis } from '#shared/domain/service/traffic.ts';
import type { LatencyBucket, RequestStats, TimeWindow } from '#shared/ports/signals.ts';

/** What one revision answered, and how much of it we asked for ourselves. */
export interface Side {
  stats: RequestStats;
  /** Our own probes among the requests. */
  own: { requests: number; serverErrors: number };
}

/** The part of an analysis that is about Monitoring's figures. */
export type Limits = Pick<Analysis, 'errorRatio' | 'latencyP95' | 'minimumRequests'>;

export interface AnalysisInput {
  limits: Limits;
  window: TimeWindow;
  /** Text: why there are no figures. */
  candidate: Side | string;
  /** The revisions that serve beside it in the same time; undefined when there are none. */
  stable: Side | string | undefined;
  /** Where the checks belong, and when they were made; ISO 8601. */
  about: { step: string; phase: string; at: string };
}

export interface AnalysisResult {
  outcome: 'pass' | 'fail' | 'inconclusive';
  checks: Check[];
}

type Judgement = { outcome: 'pass' | 'fail' | 'inconclusive'; observed: string; expected: string };

/**
 * Is the candidate good, by its users' requests? One failing rule → `fail`; else one without an answer → `inconclusive`;
 * else `pass`. The rules:
 * - Fewer users' requests than `minimumRequests`, or no data: every rule is inconclusive. Low traffic is no failure, and
 *   no data never a pass. The same holds for a comparison when the stable side has too few.
 * - A limit is kept when it is reached and broken when it is passed.
 * - Errors are compared with the stable's by difference: a stable without any neither lets errors pass, as a ratio of
 *   nothing would, nor makes a single one of the candidate's a failure; that one is left to the limit `maximum`.
 * - Own probes are subtracted from counts. From latencies the fastest as many are: health checks answer quickly.
 * - With nothing to compare with (all traffic is the candidate's) there are no comparisons.
 */
export function analyse(input: AnalysisInput): AnalysisResult {
  const { limits, stable } = input;
  const minimum = limits.minimumRequests;
  const candidate = usersOf(input.candidate);
  const beside = stable === undefined ? undefined : usersOf(stable);
  const checks: Check[] = [];
  const add = (id: string, title: string, judgement: Judgement): void => {
    checks.push(checkOf(input, id, title, judgement));
  };
  const rule = (id: string, title: string, expected: string, judge: (users: Users) => Judged): void => {
    add(id, title, { expected, ...whenEnough([['', candidate]], minimum, () => judge(known(candidate))) });
  };
  const comparison = (
    id: string,
    title: string,
    expected: string,
    judge: (users: Users, stable: Users) => Judged,
  ): void => {
    if (beside === undefined) return;
    const sides: [string, Users | string][] = [
      ['', candidate],
      ['stable: ', beside],
    ];
    add(id, title, {
      expected,
      ...whenEnough(sides, minimum, () => judge(known(candidate), known(beside))),
    });
  };

  const alone = beside === undefined ? '; nothing else has traffic to compare with' : '';
  add('enough-requests', 'Enough requests of users to judge by', {
    expected: `at least ${minimum}`,
    ...whenEnough([['', candidate]], minimum, () => ({
      ok: true,
      observed: `${known(candidate).requests} requests${alone}`,
    })),
  });
  const { errorRatio, latencyP95 } = limits;
  if (errorRatio?.maximum !== undefined) {
    const { maximum } = errorRatio;
    rule('error-ratio', 'Server errors', `at most ${percent(maximum)}`, (users) => ({
      ok: ratioOf(users) <= maximum,
      observed: errorsInWords(users),
    }));
  }
  if (errorRatio?.aboveStable !== undefined) {
    const { aboveStable } = errorRatio;
    const expected = `at most ${percent(aboveStable)} of the requests more than on the stable revision`;
    comparison(
      'error-ratio-above-stable',
      'Server errors against the stable revision',
      expected,
      (users, stable) => ({
        ok:
          ratioOf(users) - ratioOf(stable) <= aboveStable ||
          (users.serverErrors === 1 && stable.serverErrors === 0),
        observed: `${errorsInWords(users)}; stable: ${errorsInWords(stable)}`,
      }),
    );
  }
  if (latencyP95?.maximum !== undefined) {
    const maximumMs = latencyP95.maximum * 1000;
    rule('latency-p95', '95 % of the requests are answered in time', `within ${maximumMs} ms`, ({ p95Ms }) =>
      p95Ms === null ? undefined : { ok: p95Ms <= maximumMs, observed: milliseconds(p95Ms) },
    );
  }
  if (latencyP95?.timesStable !== undefined) {
    const { timesStable } = latencyP95;
    const expected = `at most ${timesStable} times the stable revision's`;
    comparison('latency-p95-times-stable', 'Latency against the stable revision', expected, (users, stable) =>
      users.p95Ms === null || stable.p95Ms === null
        ? undefined
        : {
            ok: users.p95Ms <= stable.p95Ms * timesStable,
            observed: `${milliseconds(users.p95Ms)}; stable: ${milliseconds(stable.p95Ms)}`,
          },
    );
  }
  return { outcome: sumOf(checks), checks };
}

/** One failing → `fail`; one that is neither → `inconclusive`; else `pass`. */
export function sumOf(checks: readonly Check[]): AnalysisResult['outcome'] {
  if (checks.some(({ outcome }) => outcome === 'fail')) return 'fail';
  return checks.every(({ outcome }) => outcome === 'pass') ? 'pass' : 'inconclusive';
}

/** Users' requests alone. */
interface Users {
  requests: number;
  serverErrors: number;
  p95Ms: number | null;
}

type Judged = { ok: boolean; observed: string } | undefined;

function usersOf(side: Side | string): Users | string {
  if (typeof side === 'string') return side;
  const { stats, own } = side;
  const requests = Math.max(0, stats.requests - own.requests);
  return {
    requests,
    serverErrors: Math.min(requests, Math.max(0, stats.serverErrors - own.serverErrors)),
    p95Ms: percentile(stats.latencies, 0.95, own.requests),
  };
}

/** Only called where `whenEnough` saw that there are figures. */
function known(users: Users | string): Users {
  if (typeof users === 'string') throw new Error(`there are no figures: ${users}`);
  return users;
}

function whenEnough(
  sides: readonly [string, Users | string][],
  minimum: number,
  judge: () => Judged,
): Pick<Judgement, 'outcome' | 'observed'> {
  for (const [name, users] of sides) {
    if (typeof users === 'string') return { outcome: 'inconclusive', observed: `${name}${users}` };
    if (users.requests < minimum) {
      const requests = users.requests === 1 ? '1 request' : `${users.requests} requests`;
      return { outcome: 'inconclusive', observed: `${name}${requests}, ${minimum} needed` };
    }
  }
  const judged = judge();
  if (!judged) return { outcome: 'inconclusive', observed: 'no latency was measured' };
  return { outcome: judged.ok ? 'pass' : 'fail', observed: judged.observed };
}

const ratioOf = ({ requests, serverErrors }: Users): number => serverErrors / requests;

/**
 * The latency that this part of the requests does not exceed, when `without` requests, the fastest, are left out;
 * interpolated within its bucket. Null when nothing is left. Where the last bucket has no end, its beginning.
 */
export function percentile(buckets: readonly LatencyBucket[], part: number, without = 0): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const left = total - without;
  if (left <= 0) return null;
  const rank = total - left * (1 - part);
  let below = 0;
  for (const { fromMs, toMs, count } of buckets) {
    if (below + count >= rank) {
      return toMs === Infinity ? fromMs : fromMs + ((rank - below) / count) * (toMs - fromMs);
    }
    below += count;
  }
  return buckets.at(-1)?.fromMs ?? null;
}

function checkOf({ about, window }: AnalysisInput, id: string, title: string, judgement: Judgement): Check {
  const { outcome, observed, expected } = judgement;
  const { step, phase, at } = about;
  return {
    id,
    title,
    suite: 'Users’ requests',
    severity: 'required',
    step,
    phase,
    outcome,
    evidence: {
      source: 'Cloud Monitoring, run.googleapis.com/request_count and request_latencies',
      asked: `users’ requests from ${new Date(window.fromMs).toISOString()} to ${new Date(window.toMs).toISOString()}, own probes subtracted`,
      observed,
      expected,
      at,
    },
  };
}

/** At most four significant digits: `0.25 %`. */
const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(4))} %`;
const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;
const errorsInWords = (users: Users): string =>
  `${users.serverErrors} of ${users.requests} requests (${percent(ratioOf(users))})`;
