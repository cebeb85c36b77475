import { databaseOf, longestStartup, startupBudget } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const databaseStartupTimeout: Rule = {
  id: 'database-startup-timeout',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'A start outlasts the database timeout',
  why: 'An instance that waits longer for its database than Cloud Run waits for the instance is killed while it waits, and nobody reads why.',
  keys: ['app.database.timeout', 'runtime.startupProbe'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/healthchecks', trust: 'documented' },
  judge({ config }) {
    const database = databaseOf(config);
    if (database === undefined) return withoutSection(config, 'database');
    const { timeout } = database;
    if (timeout === undefined) return undeclared('app.database.timeout');
    const budget = Math.min(startupBudget(config), longestStartup);
    const change =
      timeout <= longestStartup
        ? `Give runtime.startupProbe ${timeout} s (period × failureThreshold), or lower the database timeout to ${budget} s`
        : `Lower the database timeout to ${longestStartup} s or less: Cloud Run waits no longer`;
    return judged(timeout <= budget, {
      observed: `a database timeout of ${timeout} s`,
      expected: `at most the ${budget} s that a start may take`,
      change,
    });
  },
  examples: {
    firing: `
runtime: { startupProbe: { period: 10s, failureThreshold: 3 } }
app: { database: { pool: 5, timeout: 90s } }`,
    silent: `
runtime: { startupProbe: { period: 10s, failureThreshold: 12 } }
app: { database: { pool: 5, timeout: 90s } }`,
  },
};
