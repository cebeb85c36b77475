import { cpusOf } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const fractionalCpu: Rule = {
  id: 'fractional-cpu',
  suite: 'Configuration validation',
  severity: 'required',
  title: 'Less than one CPU is there only while a request is served',
  why: 'Below one CPU Cloud Run refuses CPU that is always allocated. (Concurrency above 1 is a problem of the file already.)',
  keys: ['runtime.cpu', 'runtime.cpuIdle'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/services/cpu', trust: 'documented' },
  judge({ config: { runtime } }) {
    if (cpusOf(runtime.cpu) >= 1) return undefined;
    return judged(runtime.cpuIdle, {
      observed: `cpuIdle: ${runtime.cpuIdle} with ${runtime.cpu} CPU`,
      expected: 'cpuIdle: true below one CPU',
      change: "Set runtime.cpu to '1', or runtime.cpuIdle to true",
    });
  },
  examples: {
    firing: `
runtime: { cpu: 500m, concurrency: 1, cpuIdle: false }`,
    silent: `
runtime: { cpu: 500m, concurrency: 1 }`,
  },
};
