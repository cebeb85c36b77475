import { heldRequest } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const trafficColdStart: Rule = {
  id: 'traffic-cold-start',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'Traffic moves no faster than instances start',
  why: 'A candidate runs its minimum of instances. When all users come to it at once, the rest of them start while requests wait, and what waits too long gets 429.',
  keys: ['traffic.steps', 'app.startTime', 'runtime.minInstances', 'runtime.maxInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/about-instance-autoscaling', trust: 'unverified' },
  judge({ config: { app, runtime, traffic } }) {
    if (app?.startTime === undefined || runtime.minInstances >= runtime.maxInstances) return undefined;
    const [first = 100] = traffic.steps;
    return judged(app.startTime <= heldRequest || first < 100, {
      observed: `${first} % at once, a start of ${app.startTime} s, and ${runtime.minInstances} of ${runtime.maxInstances} instances before`,
      expected: `a first step below 100 %, or a start of at most ${heldRequest} s`,
      change: 'Move traffic in steps, such as traffic.steps: [10, 50, 100], with a bake longer than a start',
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1 }
app: { startTime: 40s }`,
    silent: `
runtime: { minInstances: 1 }
app: { startTime: 40s }
traffic: { steps: [10, 50, 100], bake: 2m }`,
  },
};
