import { startupBudget } from './facts.ts';
import { judged, type Rule } from './rule.ts';

/** "A minute or more" is what Google says that it takes. */
const delay = 60;

export const directEgressStartupProbe: Rule = {
  id: 'direct-egress-startup-probe',
  suite: 'Network',
  severity: 'advisory',
  title: 'A start waits for direct egress',
  why: `With direct egress an instance that starts may find its network only after ${delay} s or more. Google recommends a startup probe by HTTP that tries a connection, so that no request comes before.`,
  keys: ['runtime.vpc', 'runtime.startupProbe'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/vpc-direct-vpc', trust: 'documented' },
  judge({ config }) {
    const { vpc, startupProbe } = config.runtime;
    if (vpc === undefined || 'connector' in vpc) return undefined;
    const budget = startupBudget(config);
    const byHttp = startupProbe?.path !== undefined;
    return judged(byHttp && budget >= delay, {
      observed: byHttp
        ? `a startup probe of ${startupProbe.path} for ${budget} s`
        : 'no startup probe by HTTP',
      expected: `one by HTTP, for ${delay} s or more`,
      change: `Set runtime.startupProbe.path to a page that tries what is behind the VPC, and period × failureThreshold to more than ${delay} s`,
    });
  },
  examples: {
    firing: `
runtime: { vpc: { network: default, subnetwork: default } }`,
    silent: `
runtime:
  vpc: { network: default, subnetwork: default }
  startupProbe: { path: /ready, period: 5s, failureThreshold: 24 }
healthProbe: { startupGrace: 2m }`,
  },
};
