import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#shared/errors.ts';
import { Fault } from '#shared/domain/fault.ts';
import { documentText } from './document.ts';
import type { Collection, Collections, Ledger, Reader, Transaction, Where } from './ledger.ts';

/** How long a transaction waits for its turn at the file. */
const longestWaitMs = 5000;
const pauseMs = 4;
/** SQLITE_BUSY, whatever the extended code says about the reason. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;

/** The ledger on a laptop. Several processes may share the file. @param file a path, or ':memory:' for one process */
export function openSqliteLedger(file: string): Ledger {
  const writer = open(file);
  // From here on it is waited by `begin`: SQLite's own wait would stop this process, and with it whoever has the lock here.
  writer.exec('PRAGMA busy_timeout = 0');
  // A connection of its own for reads outside transactions: on the writer's they would see what is not committed yet.
  const reader = file === ':memory:' ? writer : open(file);
  const read = readerOf(reader);
  const tx: Transaction = {
    ...readerOf(writer),
    async put(collection, id, document) {
      const json = documentText(collection, id, document);
      guard(() =>
        writer
          .prepare('INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json')
          .run(collection, id, json),
      );
    },
  };
  let last: Promise<unknown> = Promise.resolve();

  async function run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    await begin(writer);
    try {
      const result = await work(tx);
      guard(() => writer.exec('COMMIT'));
      return result;
    } catch (error) {
      // A full disk and the like have ended it already.
      if (writer.isTransaction) writer.exec('ROLLBACK');
      throw error;
    }
  }

  return {
    get: (collection, id) =>
      file === ':memory:' ? after(() => read.get(collection, id)) : read.get(collection, id),
    list: (collection, where, limit) =>
      file === ':memory:'
        ? after(() => read.list(collection, where, limit))
        : read.list(collection, where, limit),
    transaction: (work) => after(() => run(work)),
    close() {
      writer.close();
      if (reader !== writer) reader.close();
    },
  };

  /** One after another on one connection: an awaiting transaction must not be joined by another. */
  function after<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  }
}

/** @throws Fault `unavailable` when others keep the file to themselves for too long */
async function begin(database: DatabaseSync): Promise<void> {
  const end = performance.now() + longestWaitMs;
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= end) throw unavailable(error);
    }
    await sleep(pauseMs);
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: longestWaitMs });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS documents (
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      json TEXT NOT NULL,
      PRIMARY KEY (collection, id)
    ) WITHOUT ROWID;
  `);
  return database;
}

function readerOf(database: DatabaseSync): Reader {
  return {
    async get<C extends Collection>(collection: C, id: string) {
      const row = guard(() =>
        database.prepare('SELECT json FROM documents WHERE collection = ? AND id = ?').get(collection, id),
      );
      return row === undefined ? undefined : parse<Collections[C]>(row);
    },
    async list<C extends Collection>(collection: C, where: Where = {}, limit = 1000) {
      const fields = Object.entries(where);
      // As JSON, so that true is not 1.
      const conditions = fields.map(() => ' AND json -> ? = ?').join('');
      const values = fields.flatMap(([field, value]) => [`$.${field}`, JSON.stringify(value)]);
      return guard(() =>
        database
          .prepare(`SELECT json FROM documents WHERE collection = ?${conditions} ORDER BY id DESC LIMIT ?`)
          .all(collection, ...values, limit),
      ).map((row) => parse<Collections[C]>(row));
    },
  };
}

const parse = <T>(row: unknown): T => JSON.parse((row as { json: string }).json) as T;

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (error: unknown): Fault =>
  new Fault('unavailable', `ledger: ${messageOf(error)}`, { cause: error });
