import { longestStartup, startupBudget } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const startupProbeBudget: Rule = {
  id: 'startup-probe-budget',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'Cloud Run waits as long as a start takes',
  why: 'An instance that is not ready in time is killed and started again, for ever.',
  keys: ['app.startTime', 'runtime.startupProbe'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/healthchecks', trust: 'documented' },
  judge({ config }) {
    const startTime = config.app?.startTime;
    if (startTime === undefined) return undefined;
    const budget = Math.min(startupBudget(config), longestStartup);
    const change =
      startTime <= longestStartup
        ? `Raise runtime.startupProbe to ${startTime} s or more (period × failureThreshold)`
        : `Make it start within ${longestStartup} s: Cloud Run waits no longer`;
    return judged(startTime <= budget, {
      observed: `it starts in ${startTime} s`,
      expected: `at most the ${budget} s that Cloud Run waits`,
      change,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1, startupProbe: { period: 10s, failureThreshold: 3 } }
app: { startTime: 40s }`,
    silent: `
runtime: { minInstances: 1, startupProbe: { period: 10s, failureThreshold: 5 } }
app: { startTime: 40s }`,
  },
};
