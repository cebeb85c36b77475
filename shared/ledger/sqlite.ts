import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '#shared/errors.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { Collection, Collections, Ledger, Reader, Transaction, Where } from './ledger.ts';

/** The ledger on a laptop. Several processes may share the file. @param file a path, or ':memory:' for one process */
export function openSqliteLedger(file: string): Ledger {
  const writer = open(file);
  // A connection of its own for reads outside transactions: on the writer's they would see what is not committed yet.
  const reader = file === ':memory:' ? writer : open(file);
  const read = readerOf(reader);
  const tx: Transaction = {
    ...readerOf(writer),
    async put(collection, id, document) {
      writer
        .prepare('INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json')
        .run(collection, id, JSON.stringify(document));
    },
  };
  let last: Promise<unknown> = Promise.resolve();

  async function run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    guard(() => writer.exec('BEGIN IMMEDIATE'));
    try {
      const result = await work(tx);
      guard(() => writer.exec('COMMIT'));
      return result;
    } catch (error) {
      writer.exec('ROLLBACK');
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

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
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
      const conditions = fields.map(() => ' AND json_extract(json, ?) = ?').join('');
      const values = fields.flatMap(([field, value]) => [
        `$.${field}`,
        typeof value === 'boolean' ? Number(value) : value,
      ]);
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
    throw new Fault('unavailable', `ledger: ${messageOf(error)}`, { cause: error });
  }
}
