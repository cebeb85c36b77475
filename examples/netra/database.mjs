// Stands for Cloud SQL, so that the example needs nothing beside it: rows are kept in this process, connections cost time.
import { setTimeout as sleep } from 'node:timers/promises';

export class Refused extends Error {}
export class Lost extends Error {}

/**
 * @param connectMilliseconds what opening a connection costs
 * @returns `connect(drill)`; a drill is what goes wrong on purpose: `refuse` so many times, or `away` for good
 */
export function createDatabase({ connectMilliseconds }) {
  const rows = new Map();

  async function connect(drill) {
    await sleep(connectMilliseconds);
    if (drill.away) throw new Refused('the database does not answer');
    if (drill.refuse > 0) {
      drill.refuse -= 1;
      throw new Refused('the database refused the connection');
    }
    return {
      /** Runs `work` on the rows after that time; the drill `lose` breaks the connection once. */
      async query(work, milliseconds, during) {
        await sleep(milliseconds);
        if (during.lose) {
          during.lose = false;
          throw new Lost('the connection was lost');
        }
        return work(rows);
      },
    };
  }
  return { connect };
}
