import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { root } from './module.ts';
import indexes from '#shared/ledger/indexes.json' with { type: 'json' };

/** Firestore answers no query without its index, and the emulator does not notice: code, list and page have to agree. */

const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const page = read('docs/ledger.md');
const listed = indexes.indexes.map(({ collection, field }) => `${collection}.${field}`);

test('the page has the same indexes as the list', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| `fields\.([\w.]+)` ASC, `id` DESC \|/gm)];
  expect(rows.map(([, collection, field]) => `${collection}.${field}`)).toEqual(listed);
});

test('every collection is listed: its long text has no index', () => {
  const port = /export interface Collections \{([^}]*)\}/.exec(read('shared/ledger/ledger.ts'))?.[1] ?? '';
  const collections = [...port.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
  expect(indexes.collections.toSorted()).toEqual(collections.toSorted());
  const rows = [...(page.split('## In Firestore')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(
    ([, name = '']) => name,
  );
  expect(rows.toSorted()).toEqual(collections.toSorted());
});

test('what expires is what the ledger gives an end', () => {
  const kept = [...page.matchAll(/^\| `(\w+)` \| .* \| 90 days[^|]*\|$/gm)].map(([, name = '']) => name);
  expect(indexes.expiring.toSorted()).toEqual(kept.toSorted());
});

describe('every query that is written out has its indexes', () => {
  const files = ['functions', 'shared'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const queries = files.flatMap((file) =>
    [...read(file).matchAll(/\.list\(\s*'(\w+)',([^;]*?)\)/gs)].map(([, collection = '', rest = '']) => {
      const asked = [...rest.matchAll(/\{([^{}]*)\}/g)].map(([, fields = '']) => fields).join(',');
      return { file, collection, fields: fieldsOf(asked) };
    }),
  );

  test('and there are some', () => {
    expect(queries.filter(({ fields }) => fields.length > 0).length).toBeGreaterThan(10);
  });

  test.each(queries)('$file: $collection by $fields', ({ collection, fields }) => {
    expect(fields.filter((field) => !listed.includes(`${collection}.${field}`))).toEqual([]);
  });

  // Conditions that have a name of their own: `const where = { service, 'release.digest': digest }`.
  const asking = files.filter((file) => read(file).includes('.list('));
  const named = asking.flatMap((file) =>
    [...read(file).matchAll(/\bwhere(?:: [^=]+)? = ([^;]*);/g)].flatMap(([, text = '']) =>
      [...text.matchAll(/(?<!\$)\{([^{}]*)\}/g)]
        .flatMap(([, fields = '']) => fieldsOf(fields))
        .map((field) => ({ file, field })),
    ),
  );
  test.each(named)('$file: some collection by $field', ({ field }) => {
    expect(indexes.indexes.map((index) => index.field)).toContain(field);
  });
});

/** The names of an object's fields; computed ones are left to the tests of their modules. */
function fieldsOf(inside: string): string[] {
  return inside
    .split(',')
    .map((each) => each.trim().replace(/:.*$/s, '').replaceAll("'", ''))
    .filter((name) => /^[a-z][\w.]*$/i.test(name));
}
