import { judged, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const livenessMissing: Rule = {
  id: 'liveness-missing',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'An instance that hangs is replaced',
  why: 'An instance that works in the background or holds WebSockets lives long and may hang unseen. Cloud Run restarts it only when a liveness probe says so.',
  keys: ['runtime.livenessProbe', 'app.background', 'app.webSocket'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/healthchecks', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (app?.background !== true && app?.webSocket === undefined) return withoutSection(config, 'webSocket');
    const { livenessProbe: probe } = runtime;
    return judged(probe !== undefined, {
      observed: probe === undefined ? 'no liveness probe' : `a liveness probe of ${probe.path ?? '/'}`,
      expected: 'a liveness probe',
      change: 'Declare runtime.livenessProbe with a path that answers without other services',
    });
  },
  examples: {
    firing: `
runtime: { cpuIdle: false, minInstances: 1 }
app: { background: true }`,
    silent: `
runtime: { cpuIdle: false, minInstances: 1, livenessProbe: { path: /live } }
app: { background: true }`,
  },
};
