import { judged, type Rule } from './rule.ts';

export const vpcDirectEgress: Rule = {
  id: 'vpc-direct-egress',
  suite: 'Network',
  severity: 'advisory',
  title: 'The VPC is reached directly',
  why: 'A connector is machines of its own, two at least: they are billed all the time, grow slowly, never shrink and limit throughput. Direct egress has none. (Not said of all-traffic: through Cloud NAT Google finds starts faster with a connector.)',
  keys: ['runtime.vpc', 'runtime.vpc.egress'],
  docs: { url: 'https://cloud.google.com/vpc/docs/serverless-vpc-access', trust: 'documented' },
  judge({ config: { runtime } }) {
    if (runtime.vpc === undefined) return undefined;
    const isDirect = !('connector' in runtime.vpc);
    if (!isDirect && runtime.vpc.egress === 'all-traffic') return undefined;
    return judged(isDirect, {
      observed: isDirect ? 'direct egress' : 'a Serverless VPC Access connector',
      expected: 'direct egress',
      change:
        'Name network and subnetwork in runtime.vpc instead of connector, if the subnet has addresses to spare',
    });
  },
  examples: {
    firing: `
runtime: { vpc: { connector: main } }`,
    silent: `
runtime: { vpc: { network: default, subnetwork: default } }`,
  },
};
