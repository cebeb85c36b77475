import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { seeTags } from '#shared/ledger/seen-tags.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';

const image = 'us-central1-docker.pkg.dev/slipway-local/apps/hello';
const a = { tag: 'a', digest: 'sha256:1' };
const b = { tag: 'b', digest: 'sha256:1' };
const minute = 60_000;

let ledger: Ledger;
beforeEach(() => {
  ledger = openSqliteLedger(':memory:');
});
afterEach(() => ledger.close());
const look = (tags: { tag: string; digest: string }[], atMinutes: number) =>
  seeTags(ledger, image, tags, atMinutes * minute);

it('a tag that was there at the first look is no news', async () => {
  expect((await look([a], 1))(a)).toBeUndefined();
  expect((await look([a], 2))(a)).toBeUndefined();
});

it('a tag that came between two looks keeps the time of both', async () => {
  await look([a], 1);
  await look([a], 2);
  const put = { afterMs: 2 * minute, byMs: 3 * minute };
  expect((await look([a, b], 3))(b)).toEqual(put);
  expect((await look([a, b], 9))(b)).toEqual(put);
});

it('a tag that is moved to another image came anew, also when it is moved back', async () => {
  const moved = { ...a, digest: 'sha256:2' };
  await look([a], 1);
  expect((await look([moved], 2))(moved)).toEqual({ afterMs: minute, byMs: 2 * minute });
  expect((await look([a], 3))(a)).toEqual({ afterMs: 2 * minute, byMs: 3 * minute });
});

it('a look that took longer than a later one changes nothing', async () => {
  await look([a], 1);
  await look([a, b], 3);
  expect((await look([a], 2))(b)).toEqual({ afterMs: minute, byMs: 3 * minute });
  expect((await look([a, b], 4))(b)).toEqual({ afterMs: minute, byMs: 3 * minute });
});

it('after a week a tag is no news any more', async () => {
  const week = 7 * 24 * 60;
  await look([], 1);
  await look([a], 2);
  expect((await look([a], 1 + week))(a)).toBeDefined();
  expect((await look([a], 2 + week))(a)).toBeUndefined();
});

it('images are kept apart', async () => {
  await look([a], 1);
  expect((await seeTags(ledger, `${image}-2`, [a, b], 2 * minute))(b)).toBeUndefined();
});

it('as many images as a registry is looked through for fit into a document', async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    tag: `v${index}`,
    digest: `sha256:${index}`,
  }));
  await look(many, 1);
  expect((await look([...many, a], 2))(a)).toBeDefined();
});
