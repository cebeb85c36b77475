import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import type { Lock } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { describeCrowd } from '#test/shared/ledger/crowd-contract.ts';
import { describeLedger, type LedgerPlace } from '#test/shared/ledger/ledger-contract.ts';
import { describeTakeovers } from '#test/shared/ledger/takeover-contract.ts';

const lock: Lock = { service: 'hello', environment: 'staging', fence: 1 };

const sqlitePlace = async (): Promise<LedgerPlace> => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ledger-'));
  const file = join(folder, 'ledger.sqlite');
  return {
    open: () => openSqliteLedger(file),
    elsewhere: {
      module: new URL('../../../shared/ledger/sqlite.ts', import.meta.url).href,
      export: 'openSqliteLedger',
      argument: file,
    },
    remove: () => rm(folder, { recursive: true }),
  };
};
describeLedger('a SQLite file', sqlitePlace);
describeCrowd('a SQLite file', sqlitePlace);
describeTakeovers('a SQLite file', sqlitePlace);

describe('a SQLite ledger', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-ledger-'));
    file = join(folder, 'ledger.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is still there when it is opened again', async () => {
    const first = openSqliteLedger(file);
    await first.transaction((tx) => tx.put('locks', 'a', lock));
    first.close();
    const second = openSqliteLedger(file);
    expect(await second.get('locks', 'a')).toEqual(lock);
    second.close();
  });

  test('waits for a writer in another process without stopping everything else', async () => {
    const ledger = openSqliteLedger(file);
    const stranger = new DatabaseSync(file);
    stranger.exec('BEGIN IMMEDIATE');
    const release = new Promise<void>((resolve) => {
      setTimeout(() => {
        stranger.exec('COMMIT');
        resolve();
      }, 60);
    });
    const started = performance.now();
    await ledger.transaction((tx) => tx.put('locks', 'a', lock));
    expect(performance.now() - started).toBeLessThan(2000);
    await release;
    expect(await ledger.get('locks', 'a')).toEqual(lock);
    stranger.close();
    ledger.close();
  });

  test('in memory keeps transactions apart from each other and from reads', async () => {
    const ledger = openSqliteLedger(':memory:');
    const broken = ledger.transaction(async (tx) => {
      await tx.put('locks', 'a', lock);
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error('no');
    });
    const read = ledger.get('locks', 'a');
    await expect(broken).rejects.toThrow('no');
    expect(await read).toBeUndefined();
    ledger.close();
  });

  test('says "unavailable" for every call when its database is of no use, so that Pub/Sub delivers again', async () => {
    const ledger = openSqliteLedger(file);
    const vandal = new DatabaseSync(file);
    vandal.exec('DROP TABLE documents');
    vandal.close();
    const calls = [
      ledger.get('locks', 'a'),
      ledger.list('locks'),
      ledger.transaction((tx) => tx.get('locks', 'a')),
      ledger.transaction((tx) => tx.put('locks', 'a', lock)),
    ];
    for (const call of calls) {
      const error: unknown = await call.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Fault);
      expect(error).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('documents') as string,
      });
    }
    ledger.close();
  });

  test('refuses a file that is no database', async () => {
    await writeFile(file, 'this is no database, and it is long enough to be read as a header'.repeat(20));
    expect(() => openSqliteLedger(file)).toThrow(/not a database/);
  });
});
