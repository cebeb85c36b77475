import { judged, type Rule } from './rule.ts';

export const cloudSqlRegion: Rule = {
  id: 'cloud-sql-region',
  suite: 'Network',
  severity: 'advisory',
  title: 'The database is in the region of the service',
  why: 'Every query crosses from one region to the other and is billed for it, and a fault of either region stops the service.',
  keys: ['runtime.cloudSql', 'environments.*.region'],
  docs: { url: 'https://cloud.google.com/sql/docs/postgres/connect-run', trust: 'documented' },
  judge({ config: { region, runtime } }) {
    if (runtime.cloudSql.length === 0) return undefined;
    const far = runtime.cloudSql.filter((connection) => connection.split(':')[1] !== region);
    return judged(far.length === 0, {
      observed: `${(far.length === 0 ? runtime.cloudSql : far).join(', ')}, and the service in ${region}`,
      expected: `Cloud SQL in ${region}`,
      change: `Use an instance, or a read replica, in ${region}`,
    });
  },
  examples: {
    firing: `
runtime: { cloudSql: ['my-project:europe-west1:main'] }`,
    silent: `
runtime: { cloudSql: ['my-project:us-central1:main'] }`,
  },
};
