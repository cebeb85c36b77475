import { databaseOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { adviceToRaise, poolAfter, shareOf } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databasePoolConcurrency: Rule = {
  id: 'database-pool-concurrency',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'Every request that is served can have its connections',
  why: 'Cloud Run sends an instance as many requests as its concurrency says. Those that find no connection wait for one until the database timeout, while new instances are not started.',
  keys: [
    'app.database.pool',
    'app.database.overflow',
    'app.database.connectionsPerRequest',
    'runtime.concurrency',
  ],
  docs: { url: 'https://cloud.google.com/run/docs/about-concurrency', trust: 'documented' },
  judge(facts) {
    const { config } = facts;
    const database = databaseOf(config);
    if (database === undefined) return withoutSection(config, 'database');
    const { pool, overflow, perInstance, connectionsPerRequest, usualConnections = 0 } = database;
    if (connectionsPerRequest === undefined) return undeclared('app.database.connectionsPerRequest');
    const { concurrency } = config.runtime;
    // 70 × 0.1 is 7, not 7.000000000000001.
    const needed = Math.ceil(Number((concurrency * connectionsPerRequest).toFixed(6)));
    const wanted = needed - poolAfter(facts, database);
    const raise =
      wanted > overflow
        ? adviceToRaise(facts, database, 'overflow', wanted)
        : adviceToRaise(facts, database, 'pool', usualConnections);
    const served = Math.floor(Math.min(perInstance, shareOf(facts).each) / connectionsPerRequest);
    const lower = served > 0 ? ` Or lower runtime.concurrency to ${served}` : '';
    return judged(perInstance >= needed, {
      observed: `${pool} + ${overflow} = ${perInstance} connections for ${concurrency} requests at once`,
      expected: `at least ${needed}, at ${connectionsPerRequest} per request`,
      change: `${raise}.${lower}`,
    });
  },
  examples: {
    firing: `
runtime: { concurrency: 80 }
app: { database: { pool: 12, overflow: 18, connectionsPerRequest: 0.5 } }`,
    silent: `
runtime: { concurrency: 60 }
app: { database: { pool: 12, overflow: 18, connectionsPerRequest: 0.5 } }`,
  },
};
