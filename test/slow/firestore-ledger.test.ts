import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Firestore, Timestamp } from '@google-cloud/firestore';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import type { Collection, Collections, Ledger, Lock } from '#shared/ledger/ledger.ts';
import { noEmulator, startEmulator, type Emulator } from '#test/support/firestore-emulator.ts';
import { at, deploymentWith } from '#test/shared/domain/records.ts';
import { describeCrowd } from '#test/shared/ledger/crowd-contract.ts';
import { describeLedger, type LedgerPlace } from '#test/shared/ledger/ledger-contract.ts';
import { describeTakeovers } from '#test/shared/ledger/takeover-contract.ts';
import { openFirestore } from '#test/shared/ledger/open-firestore.ts';

// A project is an empty database here, and nobody looks for credentials.
vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });
let projects = 0;
const newProject = (): string => `slipway-ledger-${(projects += 1)}`;
const lock: Lock = { service: 'hello', environment: 'staging', fence: 1 };

describe.skipIf(noEmulator() !== undefined)('on Google’s emulator:', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
  });
  afterAll(() => emulator.stop());

  const firestorePlace = async (): Promise<LedgerPlace> => {
    const project = newProject();
    return {
      open: () => openFirestore(project),
      elsewhere: {
        module: new URL('../shared/ledger/open-firestore.ts', import.meta.url).href,
        export: 'openFirestore',
        argument: project,
      },
      remove: async () => undefined,
    };
  };
  describeLedger('Firestore', firestorePlace);
  describeCrowd('a Firestore database', firestorePlace);
  describeTakeovers('a Firestore database', firestorePlace);

  describe('a Firestore ledger', () => {
    let ledger: Ledger;
    let database: Firestore;
    let project: string;
    beforeEach(() => {
      project = newProject();
      ledger = openFirestore(project);
      database = new Firestore({ projectId: project });
    });
    afterEach(async () => {
      ledger.close();
      await database.terminate();
    });
    const put = <C extends Collection>(collection: C, id: string, document: Collections[C]): Promise<void> =>
      ledger.transaction((tx) => tx.put(collection, id, document));

    test('keeps the document as JSON and beside it, for queries, what is not inside arrays', async () => {
      const deployment = deploymentWith({
        deadExecutions: ['dead'],
        awaiting: { seq: 3, callbackUrl: 'http://c' },
      });
      await put('deployments', deployment.id, deployment);
      const stored = (await database.doc(`deployments/${deployment.id}`).get()).data();
      expect(stored).toMatchObject({
        id: deployment.id,
        json: JSON.stringify(deployment),
        fields: { status: 'starting', fence: 1, trafficMoved: false, awaiting: { seq: 3 } },
      });
      expect(stored?.['fields']).not.toHaveProperty('deadExecutions');
      expect(stored).not.toHaveProperty('expireAt');
    });

    test('lets what nobody asks for any more expire: dispatches and refusals, 90 days after their use', async () => {
      const used = Date.UTC(2026, 0, 1);
      const expiry = Timestamp.fromMillis(Date.UTC(2026, 3, 1));
      const step = { step: 'preflight', phase: 'candidate', executionId: 'e', claim: 'c' } as const;
      await put('dispatches', 'a', { deploymentId: 'd00000000001', seq: 1, ...step, leaseUntil: used });
      await put('refusals', 'a', { target: 'admit', messageId: '1', reason: 'no', excerpt: '', at });
      await put('requests', 'a', { requestId: 'a', decision: 'ignored', reason: '', requestedBy: 'a', at });
      const expireAt = async (collection: Collection): Promise<unknown> =>
        (await database.doc(`${collection}/a`).get()).get('expireAt');
      expect(await expireAt('dispatches')).toEqual(expiry);
      expect(await expireAt('refusals')).toEqual(expiry);
      expect(await expireAt('requests')).toBeUndefined();
    });

    test('refuses to ask for a name that Firestore keeps for itself instead of finding nothing', async () => {
      await put('locks', 'a', lock);
      await expect(ledger.list('locks', { __name__: 'a' })).rejects.toMatchObject({ code: 'invalid-input' });
      const listing = ledger.transaction((tx) => tx.list('locks', { 'service.': 'a' }));
      await expect(listing).rejects.toMatchObject({ code: 'invalid-input' });
    });

    test('that is closed ends what runs, as it would have, and starts nothing more', async () => {
      await put('locks', 'a', lock);
      const running = ledger.transaction(async (tx) => {
        await tx.get('locks', 'a');
        ledger.close();
        await tx.put('locks', 'a', { ...lock, fence: ((await tx.get('locks', 'b'))?.fence ?? 1) + 1 });
      });
      const queued = put('locks', 'a', { ...lock, fence: 9 });
      await running;
      await expect(queued).rejects.toThrow('closed');
      expect((await database.doc('locks/a').get()).get('fields')).toMatchObject({ fence: 2 });
    });

    test('says "unavailable" when another keeps a document locked for too long, and goes on after that', async () => {
      await put('locks', 'a', lock);
      const impatient = openFirestoreLedger({ project, database: '(default)', longestWaitMs: 400 });
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let hold = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        hold = resolve;
      });
      const stranger = database.runTransaction(async (tx) => {
        await tx.get(database.doc('locks/a'));
        hold();
        await released;
      });
      await held;
      const attempt = impatient.transaction((tx) => tx.put('locks', 'a', { ...lock, fence: 2 }));
      await expect(attempt).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('400 ms') as string,
      });
      release();
      await stranger;
      await impatient.transaction((tx) => tx.put('locks', 'a', { ...lock, fence: 3 }));
      expect(await ledger.get('locks', 'a')).toEqual({ ...lock, fence: 3 });
      impatient.close();
    });

    test('stores nothing of a transaction whose caller was told that it took too long', async () => {
      const impatient = openFirestoreLedger({ project, database: '(default)', longestWaitMs: 300 });
      await impatient.get('locks', 'a').catch(() => undefined);
      let finish = (): void => undefined;
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const attempt = impatient.transaction(async (tx) => {
        await tx.put('locks', 'a', lock);
        await finished;
      });
      await expect(attempt).rejects.toBeInstanceOf(Fault);
      finish();
      await impatient.transaction((tx) => tx.put('locks', 'b', lock));
      expect(await ledger.get('locks', 'a')).toBeUndefined();
      impatient.close();
    });
  });
});

describe('a Firestore ledger without a database', () => {
  test('says "unavailable" for every call, in good time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const before = process.env['FIRESTORE_EMULATOR_HOST'];
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', `127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const ledger = openFirestoreLedger({ project: 'p', database: '(default)', longestWaitMs: 300 });
    const calls = [
      () => ledger.get('locks', 'a'),
      () => ledger.list('locks'),
      () => ledger.transaction((tx) => tx.get('locks', 'a')),
      () => ledger.transaction((tx) => tx.put('locks', 'a', lock)),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Fault);
      expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    }
    ledger.close();
    await expect(ledger.get('locks', 'a')).rejects.toThrow('closed');
    silent.close();
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', before);
  });

  test('loads no client before it is used', () => {
    const script = `
      import { createRequire } from 'node:module';
      import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
      openFirestoreLedger({ project: 'p', database: '(default)' }).close();
      const files = Object.keys(createRequire(import.meta.url).cache);
      console.log(files.filter((file) => file.includes('@google-cloud/firestore')).length);`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('0');
  });
});
