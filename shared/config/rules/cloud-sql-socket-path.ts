import { judged, type Rule } from './rule.ts';

/** Characters of a socket's path on Linux. */
const longest = 108;
/** What PostgreSQL's clients add to the directory of an instance. */
const socketName = '/.s.PGSQL.5432';

export const cloudSqlSocketPath: Rule = {
  id: 'cloud-sql-socket-path',
  suite: 'Network',
  severity: 'advisory',
  title: 'The path of a database socket is short enough',
  why: `Linux has sockets with paths of at most ${longest} characters. With a longer one, which long names make, no connection is possible.`,
  keys: ['runtime.cloudSql'],
  docs: { url: 'https://cloud.google.com/sql/docs/postgres/connect-run', trust: 'documented' },
  judge({ config: { runtime } }) {
    const paths = runtime.cloudSql.map((connection) => `/cloudsql/${connection}${socketName}`);
    const [path] = paths.toSorted((one, other) => other.length - one.length);
    if (path === undefined) return undefined;
    return judged(path.length <= longest, {
      observed: `${path}: ${path.length} characters`,
      expected: `at most ${longest} characters`,
      change: `Give the instance a name that is ${path.length - longest} characters shorter, or connect by TCP or with a Cloud SQL connector`,
    });
  },
  examples: {
    firing: `
runtime: { cloudSql: ['my-project:us-central1:the-database-of-the-orders-service-with-a-name-that-says-everything-about-it'] }`,
    silent: `
runtime: { cloudSql: ['my-project:us-central1:orders'] }`,
  },
};
