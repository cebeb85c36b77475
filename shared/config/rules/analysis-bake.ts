import { judged, type Rule } from './rule.ts';

/** Figures are sampled every 60 s: below this a bake has a handful of them at most. Seen they are up to 180 s later. */
const shortest = 300;

export const analysisBake: Rule = {
  id: 'analysis-bake',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'A bake is long enough for the figures that decide',
  why: 'Cloud Monitoring samples requests every minute. A shorter bake is judged by hardly any figures; what is wrong shows after the traffic has moved on.',
  keys: ['analysis', 'suites[].checks[].kind', 'traffic.bake'],
  docs: { url: 'https://cloud.google.com/monitoring/api/metrics_gcp', trust: 'documented' },
  judge({ config: { analysis, suites, traffic } }) {
    const isAnalysed = analysis?.errorRatio !== undefined || analysis?.latencyP95 !== undefined;
    const isAsked = suites.some(({ checks }) =>
      checks.some(({ kind, severity }) => kind === 'metrics' && severity === 'required'),
    );
    if (!isAnalysed && !isAsked) return undefined;
    return judged(traffic.bake >= shortest, {
      observed: `a bake of ${traffic.bake} s`,
      expected: `at least ${shortest} s where ratios or latencies decide`,
      change: `Raise traffic.bake to ${shortest}s, or decide by analysis.serverErrorLogs`,
    });
  },
  examples: {
    firing: `
analysis: { errorRatio: { maximum: 1% } }`,
    silent: `
analysis: { errorRatio: { maximum: 1% } }
traffic: { bake: 5m }`,
  },
};
