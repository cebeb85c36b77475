import { databaseOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { unknownDatabaseTimeout } from './without-section.ts';

export const livenessTolerance: Rule = {
  id: 'liveness-tolerance',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The liveness probe outlasts a slow start and a slow database',
  why: 'A liveness probe that gives up sooner restarts instances that only wait, all of them at once, and makes an outage of a pause.',
  keys: ['runtime.livenessProbe', 'app.startTime', 'app.database.timeout'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/healthchecks', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (runtime.livenessProbe === undefined) return undefined;
    const times = [app?.startTime, databaseOf(config)?.timeout].filter((time) => time !== undefined);
    const longest = Math.max(0, ...times);
    const { initialDelay = 0, period = 10, failureThreshold = 3 } = runtime.livenessProbe;
    const patience = initialDelay + period * failureThreshold;
    // What is known may be enough to fail, and not to pass.
    const unknown =
      app?.startTime === undefined ? undeclared('app.startTime') : unknownDatabaseTimeout(config);
    if (patience >= longest && unknown) return unknown;
    return judged(patience >= longest, {
      observed: `initialDelay + period × failureThreshold = ${patience} s`,
      expected: `at least ${longest} s`,
      change: `Raise runtime.livenessProbe.failureThreshold to ${Math.ceil((longest - initialDelay) / period)}`,
    });
  },
  examples: {
    firing: `
runtime: { livenessProbe: { path: /live, period: 10s, failureThreshold: 3 } }
app: { database: { pool: 5, timeout: 90s } }`,
    silent: `
runtime: { livenessProbe: { path: /live, period: 10s, failureThreshold: 9 } }
app: { startTime: 8s, database: { pool: 5, timeout: 90s } }`,
  },
};
