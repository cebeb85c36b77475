import { componentTimeouts, longestStartup, startupBudget } from './facts.ts';
import { judged, type Rule } from './rule.ts';
import { unknownDatabaseTimeout } from './without-section.ts';

export const componentTimeoutsStartup: Rule = {
  id: 'component-timeouts-startup',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'A start outlasts all of its parts, one after another',
  why: 'When several parts are slow at once, as after a failover, the waits add up. A start that is cut by then ends in 503 for everybody who waits.',
  keys: ['app.timeouts', 'app.database.timeout', 'runtime.startupProbe'],
  docs: { url: 'https://cloud.google.com/run/quotas', trust: 'documented' },
  judge({ config }) {
    // The database alone has a rule of its own.
    if (Object.keys(config.app?.timeouts ?? {}).length === 0) return undefined;
    const unknown = unknownDatabaseTimeout(config);
    if (unknown) return unknown;
    const timeouts = componentTimeouts(config);
    const budget = Math.min(startupBudget(config), longestStartup);
    const sum = timeouts.reduce((total, [, seconds]) => total + seconds, 0);
    const raise =
      sum <= longestStartup ? `, or give runtime.startupProbe ${sum} s (period × failureThreshold)` : '';
    return judged(sum <= budget, {
      observed: `${timeouts.map(([name, seconds]) => `${name} ${seconds} s`).join(' + ')} = ${sum} s`,
      expected: `at most the ${budget} s that a start may take`,
      change: `Lower the timeouts by ${sum - budget} s in all, or wait for the parts at the same time${raise}`,
    });
  },
  examples: {
    firing: `
runtime: { startupProbe: { period: 10s, failureThreshold: 10 } }
app: { database: { pool: 5, timeout: 90s }, timeouts: { cache: 15s, auth: 15s } }`,
    silent: `
runtime: { startupProbe: { period: 10s, failureThreshold: 12 } }
app: { database: { pool: 5, timeout: 90s }, timeouts: { cache: 15s, auth: 15s } }`,
  },
};
