import { judged, type Rule } from './rule.ts';

export const vpcDirectEgress: Rule = {
  id: 'vpc-direct-egress',
  suite: 'Network',
  severity: 'advisory',
  title: 'The VPC is reached directly',
  why: 'A connector is machines of its own: they are billed all the time, grow slowly, never shrink and limit throughput. Google recommends direct egress.',
  keys: ['runtime.vpc'],
  docs: { url: 'https://cloud.google.com/vpc/docs/serverless-vpc-access', trust: 'documented' },
  judge({ config: { runtime } }) {
    if (runtime.vpc === undefined) return undefined;
    const isDirect = !('connector' in runtime.vpc);
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
