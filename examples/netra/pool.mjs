// Connections to the database: `size` of them are kept, `overflow` more are opened when all are in use.
import { setTimeout as sleep } from 'node:timers/promises';
import { Lost, Refused } from './database.mjs';

const attempts = 4;
const firstBackoffMilliseconds = 40;

/** @param timeoutSeconds how long a query waits for a connection before it fails */
export function createPool({ connect, size, overflow, timeoutSeconds }) {
  const idle = [];
  const waiting = [];
  let open = 0;
  let mostOpen = 0;

  const taken = () => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
  };
  /** A connection is gone: its place is the next one's who waits. */
  const gone = () => {
    open -= 1;
    const waiter = waiting.shift();
    if (!waiter) return;
    taken();
    waiter(undefined);
  };

  /** In a place that is taken already. Tries again when it is refused, after twice as long each time. */
  async function opened(drill, waits) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connect(drill);
      } catch (error) {
        if (!(error instanceof Refused) || attempt === attempts) {
          gone();
          throw error;
        }
        const backoff = firstBackoffMilliseconds * 2 ** (attempt - 1);
        waits.push(backoff);
        await sleep(backoff);
      }
    }
  }

  async function acquire(drill, waits) {
    const free = idle.pop();
    if (free) return free;
    if (open < size + overflow) {
      taken();
      return opened(drill, waits);
    }
    const { promise: turn, resolve: give } = Promise.withResolvers();
    waiting.push(give);
    const timer = setTimeout(() => {
      const place = waiting.indexOf(give);
      // Not there any more: it was given something at the same time.
      if (place < 0) return;
      waiting.splice(place, 1);
      give('late');
    }, timeoutSeconds * 1000);
    const got = await turn;
    clearTimeout(timer);
    if (got === 'late') throw new Refused(`no connection became free within ${timeoutSeconds} s`);
    return got ?? opened(drill, waits);
  }

  function release(connection) {
    const waiter = waiting.shift();
    if (waiter) waiter(connection);
    else if (open > size) open -= 1;
    else idle.push(connection);
  }

  return {
    size,
    overflow,
    timeoutSeconds,
    get open() {
      return open;
    },
    /** The most that were open since this was asked last. */
    takeMostOpen() {
      const most = mostOpen;
      mostOpen = open;
      return most;
    },
    /**
     * A query whose connection is lost is asked once more over a new one.
     * @returns what `work` says of the rows, over which connection, and the waits between attempts to open it
     */
    async query(work, { milliseconds = 1, drill = {} } = {}) {
      const waits = [];
      let connection = await acquire(drill, waits);
      for (let again = true; ; again = false) {
        try {
          const result = await connection.query(work, milliseconds, drill);
          release(connection);
          return { result, connection: connection.number, waits };
        } catch (error) {
          if (!again || !(error instanceof Lost)) {
            gone();
            throw error;
          }
          connection = await opened(drill, waits);
        }
      }
    },
    /** A connection of its own, closed at once: whether the database can be reached now. */
    async probe(drill) {
      await connect(drill);
    },
  };
}
