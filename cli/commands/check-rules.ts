import type { Check } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { nearest } from '#shared/config/nearest.ts';
import { rules } from '#shared/config/rules/index.ts';
import { rulesPage, ruleSection } from '#shared/config/rules/page.ts';
import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Facts } from '#shared/config/rules/rule.ts';
import { oneLine } from '#shared/report/text.ts';
import { usageError } from '#cli/exit.ts';
import type { PreflightView } from '#cli/preflight-answers.ts';
import type { Paint } from '#cli/terminal.ts';

/** What the rules say of a service in one environment. */
export interface Judged {
  environment: string;
  checks: Check[];
}

/** @param others every configuration that is known: services at one database share its connections. @param at ISO 8601 */
export const judge = (configs: readonly ServiceConfig[], others: Facts['others'], at: string): Judged[] =>
  configs.map((config) => ({
    environment: config.environment,
    checks: ruleChecks({ config, others }, at),
  }));

/** Whether something is said that makes the file no good: what Cloud Run refuses; with `strict` every recommendation. */
export const isRefused = (judged: readonly Judged[], strict: boolean): boolean =>
  judged.some(({ checks }) =>
    checks.some(({ outcome, severity }) => outcome === 'fail' && (strict || severity === 'required')),
  );

/** Without what preflight has judged too, with more knowledge. */
export const withoutLive = (judged: readonly Judged[], live: readonly PreflightView[] = []): Judged[] =>
  judged.map(({ environment, checks }) => {
    const view = live.find((one) => one.environment === environment);
    const isLive = (check: Check): boolean => view?.checks.some(({ id }) => id === check.id) ?? false;
    return { environment, checks: checks.filter((check) => !isLive(check)) };
  });

/** Failing rules first, then those that lack a fact; each once, with the environments it is about. Nothing of what passes. */
export function rulesInWords(judged: readonly Judged[], paint: Paint): string[] {
  const said = judged.flatMap(({ environment, checks }) =>
    checks.flatMap((check) => {
      const words = inWords(check, paint);
      return words === undefined ? [] : [{ environment, check, words }];
    }),
  );
  const rank = ({ severity, outcome }: Check): number =>
    outcome === 'not-run' ? 2 : severity === 'required' ? 0 : 1;
  return [...Map.groupBy(said, ({ words }) => words)]
    .map(([words, findings]) => ({
      words,
      rank: Math.min(...findings.map(({ check }) => rank(check))),
      environments: findings.map(({ environment }) => environment),
    }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ words, environments }) =>
      environments.length === judged.length
        ? words
        : `${words} ${paint('dim', `(${environments.join(', ')})`)}`,
    );
}

/** Undefined for what passes. */
function inWords(check: Check, paint: Paint): string | undefined {
  if (check.outcome === 'pass') return undefined;
  if (check.outcome === 'not-run')
    return `  ${paint('dim', '–')} ${check.id} was not judged: ${oneLine(check.reason)}`;
  const { observed, expected } = check.evidence;
  const change = check.outcome === 'fail' ? check.recommendation?.change : undefined;
  const mark = check.severity === 'required' ? paint('red', '✗') : paint('yellow', '!');
  return `  ${mark} ${oneLine(change ?? check.title)}\n    ${oneLine(observed)}; limit: ${oneLine(expected)}; rule: ${check.id}`;
}

/** Why a rule is there, with its examples; without a name, the page of all rules. @throws CommandError for an unknown one */
export function explain(name: string | true): string {
  if (name === true) return rulesPage();
  const rule = rules.find(({ id }) => id === name);
  if (rule) return ruleSection(rule);
  const ids = rules.map(({ id }) => id);
  const meant = nearest(name, ids);
  throw usageError(
    `There is no rule ${oneLine(name)}. ${meant === undefined ? `Expected one of ${ids.join(', ')}.` : `Did you mean ${meant}?`}`,
  );
}
