import { budgetOf } from './budget.ts';
import { databaseOf } from './facts.ts';
import { judged, type Rule } from './rule.ts';
import { adviceToLower, instancesOfCandidate } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databaseRolloutBudget: Rule = {
  id: 'database-rollout-budget',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'The database has connections for a candidate beside the instances that serve',
  why: 'While a release is proven, instances of two revisions run, each with its own pool: the limit of instances holds for each revision. For a short time Cloud Run may start even more.',
  keys: [
    'app.database.pool',
    'app.database.overflow',
    'app.database.connectionLimit',
    'runtime.minInstances',
    'runtime.maxInstances',
  ],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/max-instances', trust: 'documented' },
  judge(facts) {
    const { config } = facts;
    const database = databaseOf(config);
    const budget = budgetOf(facts);
    if (database === undefined || budget === undefined) return withoutSection(config, 'database');
    if ('missing' in budget) return { outcome: 'not-run', reason: budget.missing };
    const { maxInstances } = config.runtime;
    const { available, inWords, lookedUp } = budget;
    const beside = instancesOfCandidate(facts);
    const most = database.perInstance * (maxInstances + beside);
    return judged(most <= available, {
      observed: `${database.perInstance} × (${maxInstances} + ${beside} of the candidate) = ${most} connections`,
      expected: inWords,
      change: adviceToLower(facts, available, database),
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
