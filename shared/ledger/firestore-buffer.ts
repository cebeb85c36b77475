import type { DocumentReference, Firestore, Query } from '@google-cloud/firestore';
import { isFoundBy, nameOf, newestFirst, pathOf, storedOf, type Stored } from './firestore-document.ts';
import type { Collection, Collections, Transaction, Where } from './ledger.ts';

/** How Firestore is read: in a transaction or outside of one. */
export interface Reads {
  get(document: DocumentReference): Promise<Stored | undefined>;
  find(query: Query): Promise<Stored[]>;
}

/** What was put and not written yet. */
export interface Put {
  collection: Collection;
  document: DocumentReference;
  stored: Stored;
}

/**
 * Firestore wants every read of a transaction before its first write. Here writes wait in `puts` until the end, and reads
 * answer as if they had been made.
 */
export function bufferOver(database: Firestore, reads: Reads, puts: Map<string, Put>): Transaction {
  const documentOf = (collection: Collection, id: string): DocumentReference =>
    database.collection(collection).doc(nameOf(id));

  return {
    async get<C extends Collection>(collection: C, id: string) {
      const document = documentOf(collection, id);
      const stored = puts.get(document.path)?.stored ?? (await reads.get(document));
      return stored && parse<Collections[C]>(stored);
    },
    async list<C extends Collection>(collection: C, where: Where = {}, limit = 1000) {
      const own = [...puts.values()].filter((put) => put.collection === collection);
      const replaced = new Set(own.map(({ stored }) => stored.id));
      // As many more as might be replaced, so that what remains is still enough.
      const query = await queryFor(database, collection, where, limit + own.length);
      const found = (await reads.find(query)).filter(({ id }) => !replaced.has(id));
      const fitting = own.map(({ stored }) => stored).filter((stored) => isFoundBy(where, stored));
      return [...found, ...fitting]
        .sort(newestFirst)
        .slice(0, limit)
        .map(parse<Collections[C]>);
    },
    async put(collection, id, value) {
      const document = documentOf(collection, id);
      puts.set(document.path, { collection, document, stored: storedOf(collection, id, value) });
    },
  };
}

/** By a field of its own: a descending order by the document's name wants an index even without any condition. */
async function queryFor(
  database: Firestore,
  collection: Collection,
  where: Where,
  limit: number,
): Promise<Query> {
  const { FieldPath } = await import('@google-cloud/firestore');
  let query: Query = database.collection(collection);
  for (const [path, value] of Object.entries(where))
    query = query.where(new FieldPath('fields', ...pathOf(path)), '==', value);
  return query.orderBy('id', 'desc').limit(limit);
}

const parse = <T>({ json }: Stored): T => JSON.parse(json) as T;
