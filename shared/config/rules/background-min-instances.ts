import { judged, type Rule } from './rule.ts';

export const backgroundMinInstances: Rule = {
  id: 'background-min-instances',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'Work outside of requests has an instance',
  why: 'Without a minimum Cloud Run stops the last instance when no request has come for a while, and the work with it.',
  keys: ['app.background', 'runtime.minInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/about-instance-autoscaling', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    if (app?.background !== true) return undefined;
    return judged(runtime.minInstances > 0, {
      observed: `minInstances: ${runtime.minInstances}, and it works in the background`,
      expected: 'at least 1',
      change: 'Set runtime.minInstances to 1',
    });
  },
  examples: {
    firing: `
runtime: { cpuIdle: false }
app: { background: true }`,
    silent: `
runtime: { cpuIdle: false, minInstances: 1 }
app: { background: true }`,
  },
};
