import { databaseOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { adviceToRaise } from './share.ts';
import { withoutSection } from './without-section.ts';

export const databasePoolUsualLoad: Rule = {
  id: 'database-pool-usual-load',
  suite: 'Configuration validation',
  severity: 'advisory',
  title: 'The connection pool is as large as the usual load',
  why: 'What a pool does not keep is opened anew and closed again each time, and every opening costs a handshake and a process of the database.',
  keys: ['app.database.pool', 'app.database.usualConnections'],
  judge(facts) {
    const database = databaseOf(facts.config);
    if (database === undefined) return withoutSection(facts.config, 'database');
    const { pool, usualConnections } = database;
    if (usualConnections === undefined) return undeclared('app.database.usualConnections');
    return judged(pool >= usualConnections, {
      observed: `a pool of ${pool}`,
      expected: `at least the ${usualConnections} that are in use under usual load`,
      change: adviceToRaise(facts, database, 'pool', usualConnections),
    });
  },
  examples: {
    firing: `
app: { database: { pool: 12, usualConnections: 15 } }`,
    silent: `
app: { database: { pool: 15, usualConnections: 15 } }`,
  },
};
