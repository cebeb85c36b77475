import { Fault } from '#shared/domain/fault.ts';
import { documentText } from './document.ts';
import type { Collection, Collections, Where } from './ledger.ts';

type Scalar = string | number | boolean;
interface Fields {
  [name: string]: Scalar | Fields;
}

/**
 * A document of the ledger in Firestore. The JSON is what is read back, so that nothing Firestore's own types have no place
 * for (arrays in arrays, reserved names, the order of keys) is lost; the rest is there to be asked for.
 */
export interface Stored {
  id: string;
  json: string;
  /** The document's texts, numbers and booleans by name, without what is inside arrays. */
  fields: Fields;
  /** For Firestore's TTL policy: nobody asks for the document any more. */
  expireAt?: Date;
}

const daysKept = 90;
/** The moment a document was last of use, milliseconds since the epoch. Collections that are not here are kept for ever. */
const lastUse: { [C in Collection]?: (document: Collections[C]) => number } = {
  dispatches: ({ leaseUntil }) => leaseUntil,
  refusals: ({ at }) => Date.parse(at),
  slackDirectory: ({ at }) => Date.parse(at),
};

/** @throws Fault `unsupported` when the document is too long */
export function storedOf<C extends Collection>(collection: C, id: string, document: Collections[C]): Stored {
  const json = documentText(collection, id, document);
  const used = lastUse[collection]?.(document);
  return {
    id,
    json,
    fields: fieldsOf(JSON.parse(json) as object),
    ...(used === undefined ? {} : { expireAt: new Date(used + daysKept * 24 * 3600 * 1000) }),
  };
}

/** The name in the collection. Ids contain what names may not: slashes, and dots or underscores at the start. */
export const nameOf = (id: string): string =>
  encodeURIComponent(id).replace(/^[._]/, (first) => (first === '.' ? '%2E' : '%5F'));

/** Whether a query for `where` finds the document, as Firestore decides it. */
export function isFoundBy(where: Where, { fields }: Stored): boolean {
  return Object.entries(where).every(([path, value]) => {
    let found: Scalar | Fields | undefined = fields;
    for (const name of path.split('.')) found = typeof found === 'object' ? found[name] : undefined;
    return found === value;
  });
}

/** Newest id first, as Firestore compares: by UTF-8 bytes. */
export const newestFirst = (a: Stored, b: Stored): number =>
  Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));

/**
 * A field's path in queries.
 * @throws Fault `invalid-input` when a name in it cannot be stored, so that asking for it would find nothing
 */
export function pathOf(field: string): string[] {
  const names = field.split('.');
  const name = names.find((each) => !isName(each));
  if (name === undefined) return names;
  throw new Fault(
    'invalid-input',
    `ledger: field "${field}": Firestore cannot be asked for the name "${name}"`,
  );
}

/** Firestore keeps names like `__name__` for itself, and its texts are Unicode without halves of characters. */
const isName = (name: string): boolean => name !== '' && !/^__.*__$/s.test(name) && name.isWellFormed();

function fieldsOf(document: object): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(document) as [string, unknown][]) {
    if (!isName(name) || value === null || Array.isArray(value)) continue;
    if (typeof value === 'object') fields[name] = fieldsOf(value);
    else fields[name] = typeof value === 'string' ? value.toWellFormed() : (value as number | boolean);
  }
  return fields;
}
