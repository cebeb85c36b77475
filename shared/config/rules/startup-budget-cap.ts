import { longestStartup, startupBudget } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const startupBudgetCap: Rule = {
  id: 'startup-budget-cap',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The startup probe stays within what Cloud Run waits',
  why: `Cloud Run lets a start take ${longestStartup} s. Delay and probing are capped one by one, and people report that together they may be longer: do not build on it.`,
  keys: [
    'runtime.startupProbe.initialDelay',
    'runtime.startupProbe.period',
    'runtime.startupProbe.failureThreshold',
  ],
  docs: { url: 'https://cloud.google.com/run/quotas', trust: 'documented' },
  judge({ config }) {
    if (config.runtime.startupProbe === undefined) return undefined;
    const budget = startupBudget(config);
    return judged(budget <= longestStartup, {
      observed: `initialDelay + period × failureThreshold = ${budget} s`,
      expected: `at most ${longestStartup} s`,
      change: `Lower runtime.startupProbe.initialDelay by ${budget - longestStartup} s`,
    });
  },
  examples: {
    firing: `
runtime: { startupProbe: { initialDelay: 120s, period: 10s, failureThreshold: 24 } }`,
    silent: `
runtime: { startupProbe: { period: 10s, failureThreshold: 24 } }`,
  },
};
