import { judged, undeclared, type Rule } from './rule.ts';

export const connectorThroughput: Rule = {
  id: 'connector-throughput',
  suite: 'Network',
  severity: 'advisory',
  title: 'The VPC connector carries what all instances send',
  why: 'All instances share the connector. Beyond its throughput they wait for their database, and it looks like a slow database.',
  keys: [
    'app.egress.megabitsPerInstance',
    'app.egress.connectorMegabits',
    'runtime.maxInstances',
    'runtime.vpc',
  ],
  docs: { url: 'https://cloud.google.com/vpc/docs/serverless-vpc-access', trust: 'documented' },
  judge({ config: { app, runtime }, seen }) {
    if (runtime.vpc === undefined || !('connector' in runtime.vpc)) return undefined;
    if (app?.egress === undefined) return undeclared('app.egress.megabitsPerInstance');
    const { megabitsPerInstance, connectorMegabits } = app.egress;
    const told = seen?.connector?.maxThroughput;
    const limit = told ?? connectorMegabits;
    if (limit === undefined) return undeclared('app.egress.connectorMegabits');
    const most = megabitsPerInstance * runtime.maxInstances;
    const fewer = Math.floor(limit / megabitsPerInstance);
    const lower = fewer > 0 ? `, or lower runtime.maxInstances to ${fewer}` : '';
    return judged(most <= limit, {
      observed: `${megabitsPerInstance} × ${runtime.maxInstances} instances = ${most} Mbit/s`,
      expected: `at most ${limit} Mbit/s`,
      change: `Let the connector grow further${lower}`,
      lookedUp: told === undefined ? undefined : `VPC connector ${runtime.vpc.connector}`,
    });
  },
  examples: {
    firing: `
runtime: { vpc: { connector: main }, maxInstances: 50 }
app: { egress: { megabitsPerInstance: 25, connectorMegabits: 1000 } }`,
    silent: `
runtime: { vpc: { connector: main }, maxInstances: 40 }
app: { egress: { megabitsPerInstance: 25, connectorMegabits: 1000 } }`,
  },
};
