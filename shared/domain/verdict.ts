import { countedOf, type Check } from './check.ts';

/** What the checks add up to. */
export interface Verdict {
  /** `pass`: every required check passed, every advisory one too. */
  status: 'pass' | 'pass-with-recommendations' | 'fail' | 'inconclusive';
  /** One sentence that says why, with counts. */
  explanation: string;
}

/**
 * Rule, in order: a failed required check → `fail`; a required one that is inconclusive or was not run → `inconclusive`,
 * which never counts as a pass; an advisory one that did not pass → `pass-with-recommendations`; else `pass`.
 * No checks at all is `inconclusive`: nothing was proven.
 */
export function verdict(all: readonly Check[]): Verdict {
  const checks = countedOf(all);
  const count = (severity: Check['severity'], ...outcomes: Check['outcome'][]): number =>
    checks.filter((check) => check.severity === severity && outcomes.includes(check.outcome)).length;
  const failed = count('required', 'fail');
  const unproven = count('required', 'inconclusive', 'not-run');
  const advised = count('advisory', 'fail');
  const open = count('advisory', 'inconclusive', 'not-run');
  const passed = checks.filter((check) => check.outcome === 'pass').length;
  if (failed > 0) return { status: 'fail', explanation: `${checksOf(failed, 'required')} failed` };
  if (unproven > 0) {
    return { status: 'inconclusive', explanation: `${checksOf(unproven, 'required')} without an answer` };
  }
  if (checks.length === 0) return { status: 'inconclusive', explanation: 'no check was made' };
  if (advised + open > 0) {
    const parts = [
      ...(advised > 0 ? [`${checksOf(advised, 'advisory')} failed`] : []),
      ...(open > 0 ? [`${checksOf(open, 'advisory')} without an answer`] : []),
    ];
    return { status: 'pass-with-recommendations', explanation: parts.join(', ') };
  }
  const words = passed === 1 ? 'the one check passed' : `all ${passed} checks passed`;
  return { status: 'pass', explanation: words };
}

const checksOf = (count: number, severity: string): string =>
  `${count} ${severity} ${count === 1 ? 'check' : 'checks'}`;
