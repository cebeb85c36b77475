import { mebibytes } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const memoryConcurrency: Rule = {
  id: 'memory-concurrency',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'Memory is enough for all requests that are served at once',
  why: 'An instance that needs more memory than it has is killed, with every request that it serves.',
  keys: ['app.memory.atRest', 'app.memory.perRequest', 'runtime.memory', 'runtime.concurrency'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/services/memory-limits', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    if (app?.memory === undefined) return undefined;
    const atRest = mebibytes(app.memory.atRest);
    const perRequest = mebibytes(app.memory.perRequest);
    const memory = mebibytes(runtime.memory);
    const needed = atRest + perRequest * runtime.concurrency;
    const served = perRequest === 0 ? 0 : Math.floor((memory - atRest) / perRequest);
    const lower = served > 0 ? `, or lower runtime.concurrency to ${served}` : '';
    return judged(needed <= memory, {
      observed: `${atRest} Mi + ${runtime.concurrency} × ${perRequest} Mi = ${needed} Mi`,
      expected: `at most ${memory} Mi`,
      change: `Raise runtime.memory to ${needed}Mi${lower}`,
    });
  },
  examples: {
    firing: `
runtime: { memory: 512Mi, concurrency: 80 }
app: { memory: { atRest: 200Mi, perRequest: 4Mi } }`,
    silent: `
runtime: { memory: 1Gi, concurrency: 80 }
app: { memory: { atRest: 200Mi, perRequest: 4Mi } }`,
  },
};
