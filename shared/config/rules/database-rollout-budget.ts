import { budgetOf, instancesInRollout } from './budget.ts';
import { databaseOf } from './facts.ts';
import { judged, type Rule } from './rule.ts';

export const databaseRolloutBudget: Rule = {
  id: 'database-rollout-budget',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'The database has connections for a candidate beside the instances that serve',
  why: 'While a release is proven, instances of two revisions run, each with its own pool: the limit of instances holds for each revision.',
  keys: [
    'app.database.pool',
    'app.database.overflow',
    'app.database.connectionLimit',
    'runtime.minInstances',
    'runtime.maxInstances',
  ],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/min-instances', trust: 'documented' },
  judge(facts) {
    const { config } = facts;
    const database = databaseOf(config);
    const budget = budgetOf(facts);
    if (database === undefined || budget === undefined) return undefined;
    if ('missing' in budget) return { outcome: 'not-run', reason: budget.missing };
    const { maxInstances } = config.runtime;
    const { available, inWords, lookedUp } = budget;
    const instances = instancesInRollout(config);
    const most = database.perInstance * instances;
    const fits = Math.max(0, Math.floor(available / instances));
    return judged(most <= available, {
      observed: `${database.perInstance} × (${maxInstances} + ${instances - maxInstances} of the candidate) = ${most} connections`,
      expected: `at most ${available} (${inWords})`,
      change: `Leave room for a candidate: pool + overflow of at most ${fits} per instance, or fewer instances`,
      lookedUp,
    });
  },
  examples: {
    firing: `
runtime: { maxInstances: 6 }
app: { database: { pool: 10, overflow: 6, connectionLimit: 100 } }`,
    silent: `
runtime: { maxInstances: 5 }
app: { database: { pool: 10, overflow: 6, connectionLimit: 100 } }`,
  },
};
