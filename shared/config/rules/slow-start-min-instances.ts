import { judged, type Rule } from './rule.ts';

/** How long a request is held for an instance that starts; longer when starts have been seen to take longer. */
const held = 10;

export const slowStartMinInstances: Rule = {
  id: 'slow-start-min-instances',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'Nobody waits for a slow start',
  why: 'Without a minimum of instances the first request after a pause waits for a start; Cloud Run holds it for a limited time only.',
  keys: ['app.startTime', 'runtime.minInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/about-instance-autoscaling', trust: 'unverified' },
  judge({ config: { app, runtime } }) {
    const startTime = app?.startTime;
    if (startTime === undefined) return undefined;
    return judged(runtime.minInstances > 0 || startTime <= held, {
      observed: `it starts in ${startTime} s, with minInstances: ${runtime.minInstances}`,
      expected: `at most ${held} s, or at least one instance that runs`,
      change: 'Set runtime.minInstances to 1, or make it start faster',
    });
  },
  examples: {
    firing: `
app: { startTime: 40s }`,
    silent: `
runtime: { minInstances: 1 }
app: { startTime: 40s }`,
  },
};
