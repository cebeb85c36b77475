import { databaseOf } from './facts.ts';
import { judged, type Rule } from './rule.ts';
import { instanceLimit as limit, shareOf } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databaseInstanceConnections: Rule = {
  id: 'database-instance-connections',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: `An instance holds at most ${limit} connections to Cloud SQL`,
  why: `Cloud Run allows an instance ${limit} connections to a Cloud SQL database; the next one is refused, however many the database has left.`,
  keys: ['app.database.pool', 'app.database.overflow', 'runtime.cloudSql'],
  docs: { url: 'https://cloud.google.com/sql/docs/postgres/connect-run', trust: 'documented' },
  judge(facts) {
    const { config } = facts;
    const database = databaseOf(config);
    if (database === undefined) return withoutSection(config, 'database');
    if (config.runtime.cloudSql.length === 0) return undefined;
    const { pool, overflow, perInstance } = database;
    const { each } = shareOf(facts);
    return judged(perInstance <= limit, {
      observed: `${pool} + ${overflow} = ${perInstance} connections per instance`,
      expected: `at most ${limit}`,
      change: `Lower pool + overflow to at most ${each > 0 ? each : limit} per instance, and runtime.concurrency with it`,
    });
  },
  examples: {
    firing: `
runtime: { cloudSql: ['my-project:us-central1:main'] }
app: { database: { pool: 80, overflow: 40 } }`,
    silent: `
runtime: { cloudSql: ['my-project:us-central1:main'] }
app: { database: { pool: 60, overflow: 40 } }`,
  },
};
