import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentSnapshot, Firestore, QuerySnapshot } from '@google-cloud/firestore';
import { messageOf } from '#shared/errors.ts';
import { Fault } from '#shared/domain/fault.ts';
import { bufferOver, type Put, type Reads } from './firestore-buffer.ts';
import type { Stored } from './firestore-document.ts';
import type { Ledger, Reader, Transaction } from './ledger.ts';

/** The client pauses between attempts, from 1 s on and half longer each time; `longestWaitMs` ends that earlier. */
const maxAttempts = 10;
/** Two of these, for the claim and for the reply, fit into the 30 s that a function may run longer than its step works. */
const longestWaitMs = 15_000;

/**
 * The ledger in Google Cloud (docs/ledger.md). The client loads on first use and reads `FIRESTORE_EMULATOR_HOST` itself.
 * @param options.longestWaitMs how long a read or a transaction may take: past it, it is a Fault `unavailable`, where the
 * client alone would try for minutes
 */
export function openFirestoreLedger(options: {
  project: string;
  database: string;
  longestWaitMs?: number;
}): Ledger {
  const limitMs = options.longestWaitMs ?? longestWaitMs;
  let opened: Promise<Firestore> | undefined;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();
  /** What the client still works on, also for callers who were told "unavailable". */
  const pending = new Set<Promise<unknown>>();

  async function open(): Promise<Firestore> {
    if (closed) throw new Error('it is closed');
    opened ??= import('@google-cloud/firestore').then(
      ({ Firestore }) => new Firestore({ projectId: options.project, databaseId: options.database }),
    );
    return opened;
  }

  async function read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const reading = async (): Promise<T> => work(bufferOver(await open(), outside, new Map()));
    return within(reading()).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  async function run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let isOver = false;
    let own: { error: unknown } | undefined;
    /** An attempt whose caller was told "unavailable" meanwhile must not be stored any more. */
    const checkTime = (): void => {
      if (isOver) throw new Error('the transaction took too long');
    };
    const attempts = async (): Promise<T> => {
      const database = await open();
      return database.runTransaction(
        async (client) => {
          checkTime();
          const failures = new Set<unknown>();
          const fetched = <R>(answer: Promise<R>): Promise<R> =>
            answer.catch((error: unknown) => {
              failures.add(error);
              throw error;
            });
          const puts = new Map<string, Put>();
          const reads: Reads = {
            get: async (document) => storedIn(await fetched(client.get(document))),
            find: async (query) => allIn(await fetched(client.get(query))),
          };
          const result = await work(bufferOver(database, reads, puts)).catch((error: unknown) => {
            // The client must see its own errors as they are, to know which attempts to repeat.
            if (!failures.has(error)) own = { error };
            throw error;
          });
          checkTime();
          for (const { document, stored } of puts.values()) client.set(document, stored);
          return result;
        },
        { maxAttempts },
      );
    };
    /** The client repeats what was aborted, but not a transaction that the database gave up while it waited. */
    const untilOver = async (): Promise<T> => {
      for (;;) {
        try {
          return await attempts();
        } catch (error) {
          if (isOver || own?.error === error || !gaveUp.test(messageOf(error))) throw error;
        }
      }
    };
    try {
      return await within(untilOver());
    } catch (error) {
      throw own?.error === error ? error : unavailable(error);
    } finally {
      isOver = true;
    }
  }

  async function within<T>(work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const tooLong = async (): Promise<never> => {
      await sleep(limitMs, undefined, { signal: done.signal });
      throw new Error(`Firestore did not answer within ${limitMs} ms`);
    };
    pending.add(work);
    const settled = (): boolean => pending.delete(work);
    work.then(settled, settled);
    try {
      return await Promise.race([work, tooLong()]);
    } finally {
      done.abort();
    }
  }

  return {
    get: (collection, id) => read((reader) => reader.get(collection, id)),
    list: (collection, where, limit) => read((reader) => reader.list(collection, where, limit)),
    // One after another: transactions of one process would only make each other wait longer in the database.
    transaction(work) {
      const mine = last.then(() => run(work));
      last = mine.catch(() => undefined);
      return mine;
    },
    close() {
      closed = true;
      // A client that is terminated under a call rejects a promise of its own that nobody can handle.
      void Promise.allSettled([last, ...pending]).then(async () => (await opened)?.terminate());
    },
  };
}

/** Its form is trusted: nobody else writes this database. */
const storedIn = (found: DocumentSnapshot): Stored | undefined => found.data() as Stored | undefined;
const allIn = (found: QuerySnapshot): Stored[] => found.docs.map((each) => each.data() as Stored);

const outside: Reads = {
  get: async (document) => storedIn(await document.get()),
  find: async (query) => allIn(await query.get()),
};

/** Nothing of such a transaction was stored. The first is the emulator's wording, the second the database's. */
const gaveUp = /transaction is invalid or closed|transaction has expired or is no longer valid/i;

const unavailable = (error: unknown): Fault =>
  error instanceof Fault ? error : new Fault('unavailable', `ledger: ${messageOf(error)}`, { cause: error });
