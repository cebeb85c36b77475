import { cpusOf, mebibytes } from './facts.ts';
import { judged, type Rule } from './rule.ts';

/** Up to which amount of CPU what memory is allowed, in Mi. */
const table = [
  { cpus: 0.5, least: 128, most: 512 },
  { cpus: 1, least: 128, most: 1024 },
  { cpus: 2, least: 128, most: 4096 },
  { cpus: 4, least: 128, most: 8192 },
  { cpus: 6, least: 2048, most: 16_384 },
  { cpus: 8, least: 4096, most: 24_576 },
  { cpus: Infinity, least: 4096, most: 32_768 },
];
const wholeCpus = [1, 2, 4, 6, 8];

export const cpuMemory: Rule = {
  id: 'cpu-memory',
  suite: 'Configuration validation',
  severity: 'required',
  title: 'Cloud Run offers this CPU with this memory',
  why: 'Cloud Run has 0.08 to 1, 2, 4, 6 or 8 CPUs, and for each of them a least and a most memory; it refuses anything else.',
  keys: ['runtime.cpu', 'runtime.memory'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/services/cpu', trust: 'documented' },
  judge({ config: { runtime } }) {
    const cpus = cpusOf(runtime.cpu);
    const memory = mebibytes(runtime.memory);
    const observed = `${runtime.cpu} CPU with ${runtime.memory}`;
    if (!wholeCpus.includes(cpus) && !(cpus >= 0.08 && cpus < 1))
      return judged(false, {
        observed,
        expected: 'from 0.08 to 1 CPU, or 2, 4, 6 or 8',
        change: `Set runtime.cpu to ${wholeCpus.find((whole) => whole >= cpus) ?? 8}`,
      });
    const { least, most } = table.find((row) => cpus < row.cpus) ?? { least: 4096, most: 32_768 };
    const rows = table.map((row, index) => ({ ...row, from: table[index - 1]?.cpus ?? 0.08 }));
    const better = rows.find((row) => row.from >= cpus && memory <= row.most);
    const raise = better === undefined ? '' : `, or raise runtime.cpu to ${better.from}`;
    return judged(least <= memory && memory <= most, {
      observed,
      expected: `from ${least} to ${most} Mi with ${cpus} CPU`,
      change:
        memory < least ? `Raise runtime.memory to ${least}Mi` : `Lower runtime.memory to ${most}Mi${raise}`,
    });
  },
  examples: {
    firing: `
runtime: { cpu: '1', memory: 8Gi }`,
    silent: `
runtime: { cpu: '2', memory: 8Gi }`,
  },
};
