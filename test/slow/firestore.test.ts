import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { place } from '#local/place.ts';
import { openFirestoreLedger } from '#shared/ledger/firestore.ts';
import { noEmulator, startEmulator, type Emulator } from '#test/support/firestore-emulator.ts';
import { openTestStack } from '#test/support/stack.ts';

describe.skipIf(noEmulator() !== undefined)('with its ledger in Firestore', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator.stop();
  });

  it('a push ends live, and one that comes meanwhile waits for its turn and ends live as well', async () => {
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator.host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    const ledger = openFirestoreLedger({ project: place.project, database: '(default)' });
    const functionsEnv = { SLIPWAY_LEDGER: 'firestore:(default)', FIRESTORE_EMULATOR_HOST: emulator.host };
    const test = await openTestStack({ functionsEnv }, ledger);
    try {
      await test.serviceFile();
      const digest = await test.pushHello({ version: '1' }, 'v1');
      await test.deployment(digest, ({ status }) => status === 'active');
      const next = await test.pushHello({ version: '2' }, 'v2');
      await test.deployment(next, ({ status }) => status === 'waiting');
      expect((await test.deployment(digest)).result?.outcome).toBe('live');
      const live = await test.deployment(next);
      expect(live.result?.outcome).toBe('live');
      expect(live.fence).toBe(2);
      const answer = (await (await fetch(live.serviceUrl!)).json()) as { version: string };
      expect(answer.version).toBe('2');
    } finally {
      await test.close();
    }
  });
});
