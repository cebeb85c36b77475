import { budgetOf } from './budget.ts';
import { databaseOf } from './facts.ts';
import { judged, type Rule } from './rule.ts';
import { adviceToLower, shareOf } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databaseConnectionBudget: Rule = {
  id: 'database-connection-budget',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'The database has connections for every instance',
  why: 'Each instance keeps a pool of its own. When all of them are busy, a database that is out of connections refuses every service that uses it.',
  keys: [
    'app.database.pool',
    'app.database.overflow',
    'app.database.instance',
    'app.database.connectionLimit',
    'app.database.reserved',
    'app.database.sharedWith',
    'runtime.minInstances',
    'runtime.maxInstances',
    'runtime.cloudSql',
  ],
  docs: { url: 'https://cloud.google.com/sql/docs/postgres/quotas', trust: 'documented' },
  judge(facts) {
    const { config } = facts;
    const database = databaseOf(config);
    const budget = budgetOf(facts);
    if (database === undefined || budget === undefined) return withoutSection(config, 'database');
    if ('missing' in budget) return { outcome: 'not-run', reason: budget.missing };
    const { maxInstances } = config.runtime;
    const { pool, overflow, perInstance } = database;
    const { available, inWords, lookedUp } = budget;
    const most = perInstance * maxInstances;
    return judged(most <= available, {
      observed: `(${pool} + ${overflow}) × ${maxInstances} instances = ${most} connections; the largest safe pool + overflow: ${shareOf(facts).inWords}`,
      expected: inWords,
      change: adviceToLower(facts, available, database),
      lookedUp,
    });
  },
  examples: {
    firing: `
runtime: { maxInstances: 10 }
app: { database: { pool: 10, overflow: 5, connectionLimit: 100 } }`,
    silent: `
runtime: { maxInstances: 6 }
app: { database: { pool: 10, overflow: 5, connectionLimit: 100 } }`,
  },
};
