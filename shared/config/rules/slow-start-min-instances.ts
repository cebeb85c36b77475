import { heldRequest } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const slowStartMinInstances: Rule = {
  id: 'slow-start-min-instances',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'Nobody waits for a slow start',
  why: `Without a minimum of instances the first request after a pause waits for a start. Cloud Run holds it for ${heldRequest} s, or 3.5 times as long as starts usually take, and then answers 429.`,
  keys: ['app.startTime', 'runtime.minInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/about-instance-autoscaling', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    const startTime = app?.startTime;
    if (startTime === undefined) return undefined;
    return judged(runtime.minInstances > 0 || startTime <= heldRequest, {
      observed: `it starts in ${startTime} s, with minInstances: ${runtime.minInstances}`,
      expected: `at most ${heldRequest} s, or at least one instance that runs`,
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
