import { judged, type Rule } from './rule.ts';

/** Between SIGTERM and SIGKILL. */
const grace = 10;

export const shutdownTime: Rule = {
  id: 'shutdown-time',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'An instance stops within the time it is given',
  why: `Cloud Run kills an instance ${grace} s after SIGTERM: what is not finished or handed on by then is lost.`,
  keys: ['app.shutdownTime'],
  docs: { url: 'https://cloud.google.com/run/docs/container-contract', trust: 'documented' },
  judge({ config: { app } }) {
    if (app?.shutdownTime === undefined) return undefined;
    return judged(app.shutdownTime <= grace, {
      observed: `it stops in ${app.shutdownTime} s`,
      expected: `at most ${grace} s`,
      change: `Finish or hand on within ${grace} s of SIGTERM`,
    });
  },
  examples: {
    firing: `
app: { shutdownTime: 30s }`,
    silent: `
app: { shutdownTime: 8s }`,
  },
};
