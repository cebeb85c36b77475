import { startupBudget } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const healthProbeGrace: Rule = {
  id: 'health-probe-grace',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The health probe waits as long as a start takes',
  why: 'A candidate whose grace ends while it is still starting is given up as unhealthy, although nothing is wrong with it.',
  keys: ['healthProbe.startupGrace', 'app.startTime', 'runtime.startupProbe'],
  judge({ config }) {
    const { app, runtime, healthProbe } = config;
    if (app?.startTime === undefined && runtime.startupProbe === undefined) return undefined;
    const needed = app?.startTime ?? startupBudget(config);
    const what =
      app?.startTime === undefined ? 'that runtime.startupProbe allows a start' : 'that a start takes';
    return judged(healthProbe.startupGrace >= needed, {
      observed: `a grace of ${healthProbe.startupGrace} s`,
      expected: `at least the ${needed} s ${what}`,
      change: `Raise healthProbe.startupGrace to ${needed}s`,
    });
  },
  examples: {
    firing: `
runtime: { startupProbe: { period: 10s, failureThreshold: 12 } }`,
    silent: `
runtime: { startupProbe: { period: 10s, failureThreshold: 12 } }
healthProbe: { startupGrace: 2m }`,
  },
};
