import { databaseOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { adviceToRaise } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databaseOverflowStartup: Rule = {
  id: 'database-overflow-startup',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'The overflow holds the load of a start',
  why: 'While an instance starts it warms up and takes waiting requests at once. Without connections for that they wait until they time out.',
  keys: ['app.database.overflow', 'app.database.startupConnections'],
  judge(facts) {
    const database = databaseOf(facts.config);
    if (database === undefined) return withoutSection(facts.config, 'database');
    const { overflow, startupConnections } = database;
    if (startupConnections === undefined) return undeclared('app.database.startupConnections');
    return judged(overflow >= startupConnections, {
      observed: `an overflow of ${overflow}`,
      expected: `at least the ${startupConnections} that a start needs beyond the pool`,
      change: adviceToRaise(facts, database, 'overflow', startupConnections),
    });
  },
  examples: {
    firing: `
app: { database: { pool: 12, overflow: 18, startupConnections: 20 } }`,
    silent: `
app: { database: { pool: 12, overflow: 20, startupConnections: 20 } }`,
  },
};
