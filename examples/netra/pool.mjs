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
  /** How many connections each owner holds; who says nothing is one owner. */
  const held = new Map();

  const hold = (owner, by) => {
    const count = (held.get(owner) ?? 0) + by;
    if (count === 0) held.delete(owner);
    else held.set(owner, count);
  };
  const taken = (owner) => {
    open += 1;
    hold(owner, 1);
  };
  /** What others hold left aside: how many would be open if this owner were alone. */
  const openFor = (owner) => {
    let others = 0;
    for (const [who, count] of held) if (who !== owner) others += count;
    return open - others;
  };
  /** A connection is gone: its place is the next one's who waits. */
  const gone = (owner) => {
    open -= 1;
    hold(owner, -1);
    const waiter = waiting.shift();
    if (!waiter) return;
    taken(waiter.owner);
    waiter.give(undefined);
  };

  /** In a place that is taken already. Tries again when it is refused, after twice as long each time. */
  async function opened(owner, drill, waits) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await connect(drill);
      } catch (error) {
        if (!(error instanceof Refused) || attempt === attempts) {
          gone(owner);
          throw error;
        }
        const backoff = firstBackoffMilliseconds * 2 ** (attempt - 1);
        waits.push(backoff);
        await sleep(backoff);
      }
    }
  }

  async function acquire(owner, drill, waits) {
    const free = idle.pop();
    if (free) {
      hold(owner, 1);
      return free;
    }
    if (open < size + overflow) {
      taken(owner);
      return opened(owner, drill, waits);
    }
    const { promise: turn, resolve: give } = Promise.withResolvers();
    const waiter = { owner, give };
    waiting.push(waiter);
    const timer = setTimeout(() => {
      const place = waiting.indexOf(waiter);
      // Not there any more: it was given something at the same time.
      if (place < 0) return;
      waiting.splice(place, 1);
      give('late');
    }, timeoutSeconds * 1000);
    const got = await turn;
    clearTimeout(timer);
    if (got === 'late') throw new Refused(`no connection became free within ${timeoutSeconds} s`);
    return got ?? opened(owner, drill, waits);
  }

  function release(connection, owner) {
    hold(owner, -1);
    const waiter = waiting.shift();
    if (waiter) {
      hold(waiter.owner, 1);
      waiter.give(connection);
    } else if (open > size) open -= 1;
    else idle.push(connection);
  }

  return {
    size,
    overflow,
    timeoutSeconds,
    get open() {
      return open;
    },
    /**
     * A query whose connection is lost is asked once more over a new one.
     * @param options.owner whose connections are counted together
     * @returns what `work` says of the rows, how many connections were open for the owner meanwhile, and the waits between
     * attempts to open one
     */
    async query(work, { milliseconds = 1, drill = {}, owner = '' } = {}) {
      const waits = [];
      let connection = await acquire(owner, drill, waits);
      const openNow = openFor(owner);
      for (let again = true; ; again = false) {
        try {
          const result = await connection.query(work, milliseconds, drill);
          release(connection, owner);
          return { result, open: openNow, waits };
        } catch (error) {
          if (!again || !(error instanceof Lost)) {
            gone(owner);
            throw error;
          }
          connection = await opened(owner, drill, waits);
        }
      }
    },
    /** A connection of its own, closed at once: whether the database can be reached now. */
    async probe(drill) {
      await connect(drill);
    },
  };
}
