import { sumOf } from '#shared/checks/analysis.ts';
import { redact } from '#shared/checks/redact.ts';
import type { Attempt, Check } from '#shared/domain/check.ts';
import type { Analysis } from '#shared/domain/service/traffic.ts';
import { figures, orWhyNot } from '#functions/steps/figures.ts';
import { placeOf } from '#functions/steps/place.ts';
import type { StepContext } from '#functions/steps/step.ts';

/** Logging answers about 60 searches a minute in a project (traps 18). */
const searchSeconds = 15;
/** Between two looks after the bake, while figures are awaited. */
const lookSeconds = 15;
/** The same while a person is waited for, which may take long. */
const holdLookSeconds = 60;
const holdSeconds = 86_400;

/** What users' requests say, as far as it matters for the watch. */
type Said =
  | { status: 'pass' | 'fail'; checks: Check[]; words: string }
  | { status: 'wait'; againSeconds: number; checks: Check[]; words: string };

/** The watch over users' requests beside the probes, when the service file has an `analysis`. */
interface UsersWatch {
  /** When the last word is spoken at the latest; milliseconds since the epoch. */
  endMs: number;
  /** The fast signal: searches the request log if it is time. @returns `fail` at once, or undefined */
  look(): Promise<Extract<Said, { status: 'pass' | 'fail' }> | undefined>;
  /** After the bake: waits until the figures are there, then decides. @param attempts own probes, oldest first */
  judge(attempts: readonly Attempt[]): Promise<Said>;
  /** What is known so far, for the record. */
  checks(): Check[];
}

/**
 * Users' requests since the traffic moved, seen twice: their 5xx in the request log all the time, their figures from
 * Monitoring once those cannot change any more. What is not known by the end of the bake is waited for as the service
 * file says (`inconclusive`). Figures that cannot be read are inconclusive, not a fault: the candidate cannot help it.
 * Nothing is remembered but the checks, so that any process can go on.
 */
export function watchUsers(context: StepContext, limits: Analysis): UsersWatch {
  const { deps, deployment, message, startedMs } = context;
  const { clock } = deps;
  const bakeEndMs = startedMs + deployment.config.traffic.bake * 1000;
  const measured = limits.errorRatio !== undefined || limits.latencyP95 !== undefined;
  const decidedMs = bakeEndMs + (measured ? deps.config.monitoringLagSeconds * 1000 : 0);
  const endMs = {
    hold: decidedMs + holdSeconds * 1000,
    extend: decidedMs + limits.maximumExtensions * limits.extendBy * 1000,
    'go-on': decidedMs,
    'roll-back': decidedMs,
  }[limits.inconclusive];
  const searchMs = Math.max(1, Math.min(searchSeconds, deployment.config.traffic.bake / 2)) * 1000;
  let searched = deployment.checks.find(
    (check) => check.id === logCheckId && check.step === message.step && check.phase === message.phase,
  );
  const searchedMs = (): number =>
    searched && searched.outcome !== 'not-run' ? Date.parse(searched.evidence.at) : -Infinity;

  /** When this process searched itself; what an earlier one put on record was not its last word. */
  let ownSearchMs = -Infinity;
  async function search(): Promise<void> {
    if (!limits.serverErrorLogs) return;
    ownSearchMs = clock.now();
    searched = await serverErrors(context, limits.serverErrorLogs.maximum);
  }

  /** A pass is not the last word yet. */
  const soFar = (): Check[] =>
    searched ? [searched.outcome === 'pass' ? { ...searched, outcome: 'inconclusive' } : searched] : [];

  return {
    endMs,
    async look() {
      if (limits.serverErrorLogs && clock.now() - searchedMs() >= searchMs) await search();
      return searched?.outcome === 'fail'
        ? { status: 'fail', checks: [searched], words: inWords([searched]) }
        : undefined;
    },
    checks: soFar,
    async judge(attempts) {
      const now = clock.now();
      if (now < decidedMs) {
        const againSeconds = Math.min((decidedMs - now) / 1000, lookSeconds);
        return { status: 'wait', againSeconds, checks: soFar(), words: 'figures are not there yet' };
      }
      if (ownSearchMs < bakeEndMs) await search();
      const checks = [
        ...(measured ? await figures(context, limits, attempts) : []),
        ...(searched ? [searched] : []),
      ];
      const outcome = sumOf(checks);
      if (outcome !== 'inconclusive') return { status: outcome, checks, words: inWords(checks) };
      const words = `not enough is known: ${inWords(checks)}`;
      if (now < endMs) {
        const usual = limits.inconclusive === 'hold' ? holdLookSeconds : lookSeconds;
        const againSeconds = Math.min((endMs - now) / 1000, usual, limits.extendBy);
        return { status: 'wait', againSeconds, checks, words: `${waitingFor(limits)}: ${words}` };
      }
      return limits.inconclusive === 'go-on' || limits.inconclusive === 'extend'
        ? { status: 'pass', checks: checks.map(asAdvice), words }
        : { status: 'fail', checks, words };
    },
  };
}

const waitingFor = ({ inconclusive, extendBy, maximumExtensions }: Analysis): string =>
  inconclusive === 'hold'
    ? 'held for a person, at most 24 h'
    : `extended by at most ${maximumExtensions} × ${extendBy} s`;

const logCheckId = 'server-errors-in-log';

/** 5xx that users got from the candidate since the traffic moved. */
async function serverErrors(context: StepContext, maximum: number): Promise<Check> {
  const { deps, deployment, message, startedMs } = context;
  const { ref, revision } = placeOf(deployment);
  const judged = await orWhyNot(async () => {
    const query = { fromMs: startedMs, kind: 'server-errors', limit: maximum + 1 } as const;
    const entries = await deps.logging.entries(ref, revision, query);
    const newest = entries.at(-1);
    // An address may hold a token.
    const [text] = redact(newest ? [newest.text] : [], Object.keys(deployment.config.runtime.secrets));
    const found = entries.length > maximum ? `more than ${maximum}` : String(entries.length);
    const trace = newest?.traceId === undefined ? '' : `, trace ${newest.traceId}`;
    return {
      outcome: entries.length > maximum ? ('fail' as const) : ('pass' as const),
      observed: newest === undefined ? 'none' : `${found}; the newest at ${newest.at}: ${text}${trace}`,
    };
  });
  const { outcome, observed } =
    typeof judged === 'string' ? { outcome: 'inconclusive' as const, observed: judged } : judged;
  return {
    id: logCheckId,
    title: 'Server errors in the request log',
    suite: 'Users’ requests',
    severity: 'required',
    step: message.step,
    phase: message.phase,
    outcome,
    evidence: {
      source: `Cloud Logging, requests of ${revision}`,
      asked: `5xx since ${new Date(startedMs).toISOString()}, own probes left out`,
      observed,
      expected: `at most ${maximum}`,
      at: new Date(deps.clock.now()).toISOString(),
    },
  };
}

const asAdvice = (check: Check): Check =>
  check.outcome === 'inconclusive' ? { ...check, severity: 'advisory' } : check;

/** What stands out; everything when nothing does. */
function inWords(checks: readonly Check[]): string {
  const bad = checks.filter(({ outcome }) => outcome === 'fail');
  const open = checks.filter(({ outcome }) => outcome === 'inconclusive');
  const told = bad.length > 0 ? bad : open.length > 0 ? open : checks;
  const words = told.map((check) =>
    check.outcome === 'not-run' ? check.reason : `${check.title}: ${check.evidence.observed}`,
  );
  return [...new Set(words)].join('; ');
}
