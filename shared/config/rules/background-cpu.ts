import { judged, type Rule } from './rule.ts';

export const backgroundCpu: Rule = {
  id: 'background-cpu',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'Work outside of requests has CPU',
  why: 'With cpuIdle an instance has almost no CPU while it serves no request: timers fire late, queues stand still, connections are lost.',
  keys: ['app.background', 'runtime.cpuIdle'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/billing-settings', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    if (app?.background !== true) return undefined;
    return judged(!runtime.cpuIdle, {
      observed: `cpuIdle: ${runtime.cpuIdle}, and it works in the background`,
      expected: 'cpuIdle: false',
      change: 'Set runtime.cpuIdle to false, or move the work into a job or a request',
    });
  },
  examples: {
    firing: `
app: { background: true }`,
    silent: `
runtime: { cpuIdle: false }
app: { background: true }`,
  },
};
