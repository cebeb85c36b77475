import { judged, type Rule } from './rule.ts';

export const vpcRegion: Rule = {
  id: 'vpc-region',
  suite: 'Network',
  severity: 'required',
  title: 'The way into the VPC is in the region of the service',
  why: 'Connectors and subnetworks belong to a region. Cloud Run takes only those of its own, also where another one exists and is ready.',
  keys: ['runtime.vpc.connector', 'runtime.vpc.subnetwork', 'environments.*.region'],
  docs: { url: 'https://cloud.google.com/vpc/docs/configure-serverless-vpc-access', trust: 'documented' },
  judge({ config: { region, runtime } }) {
    if (runtime.vpc === undefined) return undefined;
    const name = 'connector' in runtime.vpc ? runtime.vpc.connector : runtime.vpc.subnetwork;
    // A short name is looked up in the service's own region.
    const own = /\/(?:locations|regions)\/([^/]+)\//.exec(name)?.[1];
    if (own === undefined) return undefined;
    return judged(own === region, {
      observed: `${name} in ${own}`,
      expected: `one in ${region}`,
      change: `Name a ${'connector' in runtime.vpc ? 'connector' : 'subnetwork'} in ${region}`,
    });
  },
  examples: {
    firing: `
runtime: { vpc: { connector: projects/my-project/locations/europe-west1/connectors/main } }`,
    silent: `
runtime: { vpc: { connector: projects/my-project/locations/us-central1/connectors/main } }`,
  },
};
