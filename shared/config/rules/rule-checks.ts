import type { Check } from '#shared/domain/check.ts';
import { rules } from './index.ts';
import type { Facts, Judgement, Rule } from './rule.ts';

/**
 * What the rules say of a configuration; those without a meaning for it are left out. A missing fact is `not-run` and
 * says what has to be declared. @param at ISO 8601
 */
export const ruleChecks = (facts: Facts, at: string): Check[] =>
  rules.flatMap((rule) => {
    const judgement = rule.judge(facts);
    return judgement === undefined ? [] : [checkOf(rule, judgement, at)];
  });

function checkOf(rule: Rule, judgement: Judgement, at: string): Check {
  const { id, title, suite, severity } = rule;
  const base = { id, title, suite, severity, step: 'preflight', phase: 'candidate' };
  if (judgement.outcome === 'not-run') return { ...base, ...judgement };
  const { outcome, lookedUp } = judgement;
  const source = lookedUp === undefined ? 'service file' : `service file and ${lookedUp}`;
  // Nothing was measured here: the file says so, and a limit may have been looked up.
  const observed = `declared: ${judgement.observed}`;
  const expected = `${judgement.expected}${lookedUp === undefined ? '' : `; looked up: ${lookedUp}`}`;
  const evidence = { source, asked: rule.keys.join(', '), observed, expected, at };
  if (outcome === 'pass') return { ...base, outcome, evidence };
  const recommendation = {
    change: judgement.change,
    measured: observed,
    limit: expected,
    rule: id,
    ...(rule.docs === undefined ? {} : { link: rule.docs.url }),
  };
  return { ...base, outcome, evidence, recommendation };
}
