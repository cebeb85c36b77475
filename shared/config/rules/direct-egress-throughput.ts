import { judged, undeclared, type Rule } from './rule.ts';

/** Mbit/s of one instance. */
const most = 1000;

export const directEgressThroughput: Rule = {
  id: 'direct-egress-throughput',
  suite: 'Network',
  severity: 'advisory',
  title: 'An instance sends no more than direct egress carries',
  why: `Direct egress gives each instance ${most} Mbit/s. Beyond that it is slowed down, and it looks like a slow database.`,
  keys: ['app.egress.megabitsPerInstance', 'runtime.vpc'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/vpc-direct-vpc', trust: 'documented' },
  judge({ config: { app, runtime } }) {
    if (runtime.vpc === undefined || 'connector' in runtime.vpc) return undefined;
    if (app?.egress === undefined) return undeclared('app.egress.megabitsPerInstance');
    const { megabitsPerInstance: each } = app.egress;
    return judged(each <= most, {
      observed: `${each} Mbit/s of one instance`,
      expected: `at most ${most} Mbit/s`,
      change: 'Lower runtime.concurrency, so that more instances share the load',
    });
  },
  examples: {
    firing: `
runtime: { vpc: { network: default, subnetwork: default } }
app: { egress: { megabitsPerInstance: 1500 } }`,
    silent: `
runtime: { vpc: { network: default, subnetwork: default } }
app: { egress: { megabitsPerInstance: 500 } }`,
  },
};
