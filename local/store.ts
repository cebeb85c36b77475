import { DatabaseSync } from 'node:sqlite';

/** What the local cloud keeps over a restart: JSON documents by collection and id, in insertion order. */
export interface Collection<T> {
  get(id: string): T | undefined;
  put(id: string, document: T): void;
  delete(id: string): void;
  list(): T[];
}

export interface Store {
  collection<T>(name: string): Collection<T>;
  close(): void;
}

/** @param file path of the SQLite file, or ':memory:' */
export function openStore(file: string): Store {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS documents (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      collection TEXT NOT NULL,
      id TEXT NOT NULL,
      json TEXT NOT NULL,
      UNIQUE (collection, id)
    );
  `);
  const get = database.prepare('SELECT json FROM documents WHERE collection = ? AND id = ?');
  const put = database.prepare(
    'INSERT INTO documents (collection, id, json) VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET json = excluded.json',
  );
  const remove = database.prepare('DELETE FROM documents WHERE collection = ? AND id = ?');
  const list = database.prepare('SELECT json FROM documents WHERE collection = ? ORDER BY position');
  const parse = <T>(row: unknown): T => JSON.parse((row as { json: string }).json) as T;
  return {
    collection: <T>(name: string): Collection<T> => ({
      get(id) {
        const row = get.get(name, id);
        return row === undefined ? undefined : parse<T>(row);
      },
      put: (id, document) => void put.run(name, id, JSON.stringify(document)),
      delete: (id) => void remove.run(name, id),
      list: () => list.all(name).map((row) => parse<T>(row)),
    }),
    close: () => database.close(),
  };
}
