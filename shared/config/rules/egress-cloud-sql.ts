import { judged, type Rule } from './rule.ts';

export const egressCloudSql: Rule = {
  id: 'egress-cloud-sql',
  suite: 'Network',
  severity: 'advisory',
  title: 'The way to Cloud SQL does not lead through the VPC by accident',
  why: 'The socket of runtime.cloudSql reaches the instance by its public address. With egress all-traffic the way leads through the VPC, where Google wants the private address to be used: without Cloud NAT connections were seen to time out after 15 s.',
  keys: ['runtime.vpc.egress', 'runtime.cloudSql'],
  docs: { url: 'https://cloud.google.com/sql/docs/postgres/connect-run', trust: 'documented' },
  judge({ config: { runtime } }) {
    if (runtime.vpc === undefined || runtime.cloudSql.length === 0) return undefined;
    return judged(runtime.vpc.egress === 'private-ranges-only', {
      observed: `egress: ${runtime.vpc.egress}, with a socket to ${runtime.cloudSql.join(', ')}`,
      expected: 'egress: private-ranges-only',
      change: 'Set runtime.vpc.egress to private-ranges-only, or reach the database by its private address',
    });
  },
  examples: {
    firing: `
runtime:
  cloudSql: ['my-project:us-central1:main']
  vpc: { network: default, subnetwork: default, egress: all-traffic }`,
    silent: `
runtime:
  cloudSql: ['my-project:us-central1:main']
  vpc: { network: default, subnetwork: default }`,
  },
};
