import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { longestDocument } from '#shared/ledger/document.ts';
import type { AuditRecord } from '#shared/ledger/audit-record.ts';
import type { Dispatch, Ledger, Lock, Notification, Reader } from '#shared/ledger/ledger.ts';
import { at, deploymentWith } from '#test/shared/domain/records.ts';

/** One empty database that several ledgers, here and in other processes, can be opened on. */
export interface LedgerPlace {
  open(): Ledger;
  /** How another process opens it: `export` of the module `module` is called with `argument`. */
  elsewhere: { module: string; export: string; argument: string };
  remove(): Promise<void>;
}

const lock = (fence: number, more: Partial<Lock> = {}): Lock => ({
  service: 'hello',
  environment: 'staging',
  fence,
  ...more,
});
const notification = (change: Partial<Notification> = {}): Notification => ({
  subject: 'd00000000001',
  home: '#deploys',
  channel: '#deploys',
  postingUntil: 0,
  turns: 0,
  detailsPosted: 0,
  shownRevision: 1,
  shownAt: 0,
  final: false,
  ...change,
});
const pause = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads the counter, lets others run, and writes one more: loses counts unless transactions are isolated. */
const increment = (ledger: Ledger): Promise<void> =>
  ledger.transaction(async (tx) => {
    const { fence } = (await tx.get('locks', 'counter')) ?? lock(0);
    await pause();
    await tx.put('locks', 'counter', lock(fence + 1));
  });
const counted = async (ledger: Ledger): Promise<number | undefined> =>
  (await ledger.get('locks', 'counter'))?.fence;
const save = (ledger: Ledger, id: string, value: Lock): Promise<void> =>
  ledger.transaction((tx) => tx.put('locks', id, value));

/** What every adapter of the ledger promises, whatever the database. */
export function describeLedger(name: string, create: () => Promise<LedgerPlace>): void {
  describe(`the ledger on ${name}`, () => {
    let place: LedgerPlace;
    let ledger: Ledger;
    let other: Ledger;
    beforeEach(async () => {
      place = await create();
      ledger = place.open();
      other = place.open();
    });
    afterEach(async () => {
      ledger.close();
      other.close();
      await place.remove();
    });

    describe('documents', () => {
      test('gives back an answer that is still to be said, and lists attempts by field, newest first', async () => {
        const record = (id: string, second: number): AuditRecord => ({
          id,
          at: `2026-01-01T00:00:0${second}.000Z`,
          person: 'ana@example.com',
          via: 'slack',
          action: 'status',
          service: 'hello',
          decision: 'done',
          reason: 'shown',
          answered: false,
          answer: { message: { text: 'a', blocks: [{ type: 'table', rows: [[{ text: 'b' }], []] }] } },
        });
        const all = [record('slack/a', 1), record('slack/b', 2)];
        await ledger.transaction(async (tx) => {
          for (const one of all) await tx.put('audit', `${one.at}.${encodeURIComponent(one.id)}`, one);
        });
        expect(await other.list('audit', { service: 'hello' })).toEqual(all.toReversed());
        expect(await other.list('audit', { id: 'slack/a' })).toEqual([all[0]]);
      });

      test('are undefined until they are put, and then the same from every opener', async () => {
        expect(await ledger.get('deployments', 'd00000000001')).toBeUndefined();
        const deployment = deploymentWith({
          steps: [],
          request: { ...deploymentWith().request, tag: 'ü "1"' },
        });
        await ledger.transaction((tx) => tx.put('deployments', deployment.id, deployment));
        expect(await ledger.get('deployments', deployment.id)).toEqual(deployment);
        expect(await other.get('deployments', deployment.id)).toEqual(deployment);
      });

      test('are replaced as a whole: a field that is not put again is gone', async () => {
        await save(ledger, 'a', lock(1, { active: 'd00000000001' }));
        await save(ledger, 'a', lock(2));
        expect(await ledger.get('locks', 'a')).toEqual(lock(2));
      });

      test('keep whatever JSON can say, and only leave out fields that are undefined', async () => {
        const anything = {
          ...lock(1),
          active: undefined,
          grid: [[1, [2]], [], [{ a: [null] }]],
          '': 'no name',
          __name__: { 'a.b': -0.5, __x__: true },
          big: Number.MAX_SAFE_INTEGER + 2,
          none: null,
          lone: '\ud800',
          long: 'ü'.repeat(5000),
        } as unknown as Lock;
        await save(ledger, 'a', anything);
        const stored: unknown = JSON.parse(JSON.stringify(anything));
        expect(await other.get('locks', 'a')).toStrictEqual(stored);
        expect(await other.list('locks', { fence: 1 })).toStrictEqual([stored]);
      });

      test('have any text for an id', async () => {
        const ids = ['..', '/', '%2F', 'a/b', '__a__', 'ada@example.com/1 ü', '.'];
        for (const [index, id] of ids.entries()) await save(ledger, id, lock(index));
        for (const [index, id] of ids.entries()) expect(await other.get('locks', id)).toEqual(lock(index));
        const sorted = ids.toSorted().toReversed();
        expect(await ledger.list('locks')).toEqual(sorted.map((id) => lock(ids.indexOf(id))));
      });

      test('are refused by name when they are too long for any database, and then nothing is stored', async () => {
        const fits = lock(1, { service: 'x'.repeat(longestDocument - 100) });
        await save(ledger, 'a', fits);
        expect(await other.get('locks', 'a')).toEqual(fits);
        const attempt = ledger.transaction(async (tx) => {
          await tx.put('locks', 'b', lock(1));
          await tx.put('locks', 'a', lock(2, { service: 'ü'.repeat(longestDocument / 2) }));
        });
        await expect(attempt).rejects.toMatchObject({
          code: 'unsupported',
          retryable: false,
          message: expect.stringMatching(/locks\/a .*5000\d\d .*500000/) as string,
        });
        expect(await other.get('locks', 'a')).toEqual(fits);
        expect(await other.get('locks', 'b')).toBeUndefined();
      });

      test('of one id in two collections are two', async () => {
        await ledger.transaction(async (tx) => {
          await tx.put('locks', 'a', lock(1));
          await tx.put('notifications', 'a', notification());
        });
        expect(await ledger.get('locks', 'a')).toEqual(lock(1));
        expect(await ledger.get('notifications', 'a')).toEqual(notification());
        expect(await ledger.get('requests', 'a')).toBeUndefined();
      });
    });

    describe('a transaction', () => {
      test('hands on what its work returned', async () => {
        expect(await ledger.transaction(async () => 'done')).toBe('done');
      });

      test('whose work throws stores nothing, throws the same error and disturbs none after it', async () => {
        await save(ledger, 'a', lock(1));
        const broken = new Error('no');
        const attempt = ledger.transaction(async (tx) => {
          await tx.put('locks', 'a', lock(2));
          await tx.put('notifications', 'n', notification());
          await pause();
          throw broken;
        });
        const after = increment(ledger);
        await expect(attempt).rejects.toBe(broken);
        await after;
        expect(await ledger.get('locks', 'a')).toEqual(lock(1));
        expect(await ledger.get('notifications', 'n')).toBeUndefined();
        expect(await counted(ledger)).toBe(1);
      });

      test('reads what it wrote itself, and nobody else does before it ends', async () => {
        await save(ledger, 'a', lock(1));
        await ledger.transaction(async (tx) => {
          await tx.put('locks', 'a', lock(2));
          expect(await tx.get('locks', 'a')).toEqual(lock(2));
          await pause();
          expect(await ledger.get('locks', 'a')).toEqual(lock(1));
          expect(await other.get('locks', 'a')).toEqual(lock(1));
          expect(await other.list('locks')).toEqual([lock(1)]);
        });
        expect(await other.get('locks', 'a')).toEqual(lock(2));
      });

      test('lists what is stored', async () => {
        await save(ledger, 'a', lock(1));
        const listed = await other.transaction((tx) => tx.list('locks', { fence: 1 }));
        expect(listed).toEqual([lock(1)]);
      });
    });

    describe('a list in a transaction that wrote before', () => {
      const newest = 'd00000000004';
      const ids = ['d00000000001', 'd00000000002', 'd00000000003'];
      const statuses = (from: Reader, limit?: number) =>
        from
          .list('deployments', { status: 'active', 'request.source': 'api' }, limit)
          .then((found) => found.map(({ id, fence }) => [id, fence]));

      test('is as if everything had been written', async () => {
        await ledger.transaction(async (tx) => {
          for (const id of ids) await tx.put('deployments', id, deploymentWith({ id, status: 'active' }));
        });
        await ledger.transaction(async (tx) => {
          await tx.put('deployments', ids[2]!, deploymentWith({ id: ids[2]!, status: 'finished' }));
          expect(await statuses(tx, 2)).toEqual([
            [ids[1], 1],
            [ids[0], 1],
          ]);
          await tx.put('deployments', ids[0]!, deploymentWith({ id: ids[0]!, status: 'active', fence: 5 }));
          await tx.put('deployments', newest, deploymentWith({ id: newest, status: 'active' }));
          await tx.put('locks', 'z', lock(1));
          expect(await statuses(tx)).toEqual([
            [newest, 1],
            [ids[1], 1],
            [ids[0], 5],
          ]);
          expect(await statuses(tx, 1)).toEqual([[newest, 1]]);
          expect(await tx.list('deployments', { fence: '5' })).toEqual([]);
          expect(await statuses(other)).toEqual(ids.toReversed().map((id) => [id, 1]));
        });
        expect((await statuses(other)).map(([id]) => id)).toEqual([newest, ids[1], ids[0]]);
      });
    });

    describe('concurrent transactions', () => {
      test('of one opener lose no update', async () => {
        await Promise.all(Array.from({ length: 15 }, () => increment(ledger)));
        expect(await counted(ledger)).toBe(15);
      });

      test('of two openers in one process lose no update and wait for each other', async () => {
        await Promise.all(
          Array.from({ length: 16 }, (_, index) => increment(index % 2 === 0 ? ledger : other)),
        );
        expect(await counted(ledger)).toBe(16);
      });

      test('that both want what is free: one gets it and the other sees that', async () => {
        const take = (from: Ledger, who: string) =>
          from.transaction(async (tx) => {
            const seen = (await tx.get('locks', 'a')) ?? lock(0);
            await pause();
            if (seen.active === undefined) await tx.put('locks', 'a', { ...seen, active: who });
            return seen.active ?? who;
          });
        const winners = await Promise.all([take(ledger, 'd0000000000a'), take(other, 'd0000000000b')]);
        expect(new Set(winners).size).toBe(1);
      });

      test('that each read both documents and write one do not both act on what was before', async () => {
        await save(ledger, 'a', lock(1));
        await save(ledger, 'b', lock(1));
        const giveUp = (from: Ledger, mine: string) =>
          from.transaction(async (tx) => {
            const held = [await tx.get('locks', 'a'), await tx.get('locks', 'b')];
            await pause();
            if (held.every((seen) => seen?.fence === 1)) await tx.put('locks', mine, lock(0));
          });
        await Promise.all([giveUp(ledger, 'a'), giveUp(other, 'b')]);
        const left = [await ledger.get('locks', 'a'), await ledger.get('locks', 'b')];
        expect(new Set(left.map((seen) => seen?.fence))).toEqual(new Set([0, 1]));
      });

      test('of three processes lose no update, also when two open it for the first time together', async () => {
        const { module, export: name, argument } = place.elsewhere;
        const script = fileURLToPath(new URL('./count-in-process.ts', import.meta.url));
        const count = (): Promise<number | null> =>
          new Promise((resolve, reject) => {
            const child = spawn(process.execPath, [script, module, name, argument, '10'], {
              stdio: ['ignore', 'ignore', 'inherit'],
            });
            child.once('error', reject);
            child.once('exit', resolve);
          });
        const children = [count(), count()];
        for (let own = 0; own < 10; own += 1) await increment(ledger);
        expect(await Promise.all(children)).toEqual([0, 0]);
        expect(await counted(ledger)).toBe(30);
      });
    });

    describe('lists', () => {
      const ids = ['d00000000001', 'd00000000003', 'd00000000002'];
      const listed = async (...query: [Parameters<Ledger['list']>[1]?, number?]): Promise<string[]> =>
        (await ledger.list('deployments', ...query)).map(({ id }) => id);
      beforeEach(async () => {
        await ledger.transaction(async (tx) => {
          for (const id of ids) await tx.put('deployments', id, deploymentWith({ id }));
          await tx.put('locks', 'z', lock(1));
        });
      });

      test('have the newest id first, of one collection only', async () => {
        expect(await listed()).toEqual(['d00000000003', 'd00000000002', 'd00000000001']);
        expect(await ledger.list('refusals')).toEqual([]);
      });

      test('have the newest ones when they are limited', async () => {
        expect(await listed({}, 2)).toEqual(['d00000000003', 'd00000000002']);
      });

      test('have the documents whose fields are equal, also nested ones, and all of them', async () => {
        const [first, second, third] = ids as [string, string, string];
        await ledger.transaction(async (tx) => {
          const { request } = deploymentWith();
          await tx.put('deployments', first, deploymentWith({ id: first, status: 'active', fence: 7 }));
          await tx.put(
            'deployments',
            second,
            deploymentWith({ id: second, status: 'active', request: { ...request, tag: 'v1' } }),
          );
          await tx.put(
            'deployments',
            third,
            deploymentWith({ id: third, awaiting: { seq: 3, callbackUrl: 'http://c' }, trafficMoved: true }),
          );
        });
        expect(await listed({ status: 'active' })).toEqual([second, first]);
        expect(await listed({ status: 'active' }, 1)).toEqual([second]);
        expect(await listed({ fence: 7 })).toEqual([first]);
        expect(await listed({ 'request.tag': 'v1' })).toEqual([second]);
        expect(await listed({ 'awaiting.seq': 3 })).toEqual([third]);
        expect(await listed({ status: 'active', 'request.tag': 'v1' })).toEqual([second]);
        expect(await listed({ status: 'active', 'awaiting.seq': 3 })).toEqual([]);
        expect(await listed({ trafficMoved: true })).toEqual([third]);
        expect(await listed({ trafficMoved: false })).toEqual([second, first]);
      });

      test('do not take one type for another, nor a missing field for any value', async () => {
        expect(await listed({ fence: '1' })).toEqual([]);
        expect(await listed({ fence: true })).toEqual([]);
        expect(await listed({ trafficMoved: 0 })).toEqual([]);
        expect(await listed({ trafficMoved: 'false' })).toEqual([]);
        expect(await listed({ 'request.tag': '' })).toEqual([]);
        expect(await listed({ 'nothing.here': false })).toEqual([]);
      });

      test('take a quote for a quote, and find any text again', async () => {
        expect(await listed({ service: `hello' OR '1'='1` })).toEqual([]);
        const service = `"ü" \\ \n\u2028 \u0001 '`;
        await ledger.transaction((tx) =>
          tx.put('deployments', ids[0]!, deploymentWith({ id: ids[0]!, service })),
        );
        expect(await listed({ service })).toEqual([ids[0]]);
      });

      test('of dispatches go by number, because numbers are padded', async () => {
        const dispatch = (seq: number): Dispatch => ({
          deploymentId: 'd00000000001',
          seq,
          step: 'preflight',
          phase: 'candidate',
          executionId: 'e',
          claim: at,
          leaseUntil: 0,
        });
        await ledger.transaction(async (tx) => {
          for (const seq of [9, 10, 100])
            await tx.put('dispatches', `d00000000001.${String(seq).padStart(6, '0')}`, dispatch(seq));
        });
        expect((await ledger.list('dispatches')).map(({ seq }) => seq)).toEqual([100, 10, 9]);
      });
    });
  });
}
