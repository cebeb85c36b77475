import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withTables } from '#cli/build/security-page.ts';
import { manifest } from './manifest.ts';
import { root } from './module.ts';

test('docs/security.md has the tables that the list of targets makes', () => {
  const page = readFileSync(`${root}docs/security.md`, 'utf8');
  const isFresh = page === withTables(page, manifest);
  expect(isFresh ? 'fresh' : 'docs/security.md is stale; renew it: npm run build -- --security').toBe(
    'fresh',
  );
});

test('a page without a place for the tables is refused', () => {
  expect(() => withTables('# Security\n', manifest)).toThrow('has no place for its tables');
});
