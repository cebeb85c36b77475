import { judged, type Rule } from './rule.ts';

export const startupCpuBoost: Rule = {
  id: 'startup-cpu-boost',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'A start has more CPU',
  why: 'Starting is the work that needs most CPU. The boost lasts for the start and ten seconds more.',
  keys: ['app.startTime', 'runtime.startupCpuBoost'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/services/cpu', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    if (app?.startTime === undefined) return undefined;
    return judged(runtime.startupCpuBoost, {
      observed: `startupCpuBoost: ${runtime.startupCpuBoost}, and it starts in ${app.startTime} s`,
      expected: 'startupCpuBoost: true',
      change: 'Set runtime.startupCpuBoost to true',
    });
  },
  examples: {
    firing: `
runtime: { startupCpuBoost: false, minInstances: 1 }
app: { startTime: 40s }`,
    silent: `
runtime: { minInstances: 1 }
app: { startTime: 40s }`,
  },
};
