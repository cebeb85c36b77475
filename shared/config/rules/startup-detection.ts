import { longestStartup } from './facts.ts';
import { judged, type Rule } from './rule.ts';

/** Part of a start that may pass until it is noticed that it is over. */
const part = 4;

export const startupDetection: Rule = {
  id: 'startup-detection',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'It is noticed soon that a start is over',
  why: 'An instance gets requests from the first good answer to its startup probe. With a long period those that wait for it wait longer than the start takes.',
  keys: ['app.startTime', 'runtime.startupProbe'],
  judge({ config: { app, runtime } }) {
    const { startupProbe: probe } = runtime;
    // By TCP it is noticed without a further look: Google's own probe of that kind has a period of 240 s.
    if (app?.startTime === undefined || probe?.path === undefined) return undefined;
    const { startTime } = app;
    const { initialDelay = 0, period = 10, failureThreshold = 3 } = probe;
    const noticed = initialDelay + Math.max(0, Math.ceil((startTime - initialDelay) / period)) * period;
    const late = noticed - startTime;
    // Cloud Run counts whole seconds.
    const allowed = Math.max(1, startTime / part);
    const shorter = Math.max(1, Math.floor(allowed));
    const threshold = Math.min(
      Math.ceil((period * failureThreshold) / shorter),
      Math.floor(longestStartup / shorter),
    );
    const soon = initialDelay > startTime ? 'Leave runtime.startupProbe.initialDelay out' : undefined;
    return judged(late <= allowed, {
      observed: `it starts in ${startTime} s and is asked at ${noticed} s`,
      expected: `asked at most ${allowed} s after that`,
      change:
        soon ??
        `Set runtime.startupProbe.period to ${shorter}s, and failureThreshold to ${threshold}, so that it waits as long as before`,
    });
  },
  examples: {
    firing: `
runtime: { startupProbe: { path: /ready, period: 10s, failureThreshold: 6 } }
app: { startTime: 4s }`,
    silent: `
runtime: { startupProbe: { path: /ready, period: 1s, failureThreshold: 60 } }
app: { startTime: 4s }`,
  },
};
