import { budgetOf } from './budget.ts';
import type { Database } from './facts.ts';
import type { Facts } from './rule.ts';

/** Of one Cloud Run instance to one Cloud SQL database (https://cloud.google.com/sql/docs/postgres/connect-run). */
export const instanceLimit = 100;

const moreForAll = 'Let the database take more connections, or others fewer of them';

/** What one instance may hold, so that all of them can, a candidate's among them; every advice is measured by it. */
interface Share {
  each: number;
  /** `437 ÷ 11 instances (1 of the candidate) = 39 each` */
  inWords: string;
  /** What makes it more. */
  remedy: string;
  /** Why it is not known what the database has. */
  unknown?: string;
}

export function shareOf(facts: Facts): Share {
  const { runtime } = facts.config;
  const ofCloudRun = {
    each: runtime.cloudSql.length > 0 ? instanceLimit : Infinity,
    inWords: `Cloud Run lets an instance have ${instanceLimit}`,
    remedy: 'Lower runtime.concurrency, so that more instances share the load',
  };
  const budget = budgetOf(facts);
  if (budget === undefined) return { ...ofCloudRun, unknown: 'app.database is not declared' };
  if ('missing' in budget) return { ...ofCloudRun, unknown: budget.missing };
  const beside = instancesOfCandidate(facts);
  const instances = runtime.maxInstances + beside;
  const each = Math.floor(budget.available / instances);
  if (ofCloudRun.each < each) return ofCloudRun;
  return {
    each,
    inWords: `${budget.available} ÷ ${instances} instances (${beside} of the candidate) = ${each} each`,
    remedy:
      budget.available > 0
        ? 'Lower runtime.maxInstances, or let the database take more connections'
        : moreForAll,
  };
}

/** Instances while a release is proven: a tagged revision without traffic runs its minimum, and one when it is asked. */
export const instancesOfCandidate = ({ config: { runtime } }: Facts): number =>
  Math.max(1, runtime.minInstances);

/**
 * The pool when the advice on it is followed. What it leaves of the share is what the overflow may take: both pieces of
 * advice can be followed at once.
 */
export function poolAfter(facts: Facts, { pool, overflow, usualConnections = 0 }: Database): number {
  return Math.max(pool, Math.min(usualConnections, shareOf(facts).each - overflow));
}

/** Advice to raise what an instance holds, unless there is no room for it: then the advice is not to. */
export function adviceToRaise(
  facts: Facts,
  database: Database,
  key: 'pool' | 'overflow',
  wanted: number,
): string {
  const { each, inWords, remedy, unknown } = shareOf(facts);
  const [other, rest] =
    key === 'pool' ? ['overflow', database.overflow] : ['pool', poolAfter(facts, database)];
  const room = Math.max(0, each - rest);
  const sum = `${inWords}, less ${other} ${rest} →`;
  const now = database[key];
  if (wanted > room) {
    const to = room > now ? ` to ${wanted}` : '';
    return `Do not raise app.database.${key}${to}: ${sum} the safe maximum is ${room}. ${remedy}, first`;
  }
  const raise = `Raise app.database.${key} from ${now} to ${wanted}`;
  return unknown === undefined
    ? `${raise}: ${sum} ${room}`
    : `${raise}, if the database has room for it; that is not known: ${unknown}`;
}

/** Advice to those who hold more than their share of a known budget. */
export function adviceToLower(facts: Facts, available: number, { perInstance }: Database): string {
  const { each, inWords } = shareOf(facts);
  if (available === 0) return `${moreForAll}: none is left`;
  if (each === 0) return `Let the database take more connections, or lower runtime.maxInstances: ${inWords}`;
  const fewer = Math.floor(available / perInstance) - instancesOfCandidate(facts);
  // The minimum of instances stays what it is.
  const lower = fewer >= instancesOfCandidate(facts) ? `, or runtime.maxInstances to at most ${fewer}` : '';
  return `Lower pool + overflow to at most ${each} per instance, as ${inWords}${lower}`;
}
