import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { newDeploymentId } from '#shared/domain/ids.ts';
import { admitRequest, type Wanted } from '#shared/ledger/admission.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import { at, config, digest } from '#test/shared/domain/records.ts';
import type { LedgerPlace } from '#test/shared/ledger/ledger-contract.ts';

const start = Date.UTC(2026, 0, 1);
const place = placeId('hello', 'staging');

/** A request for hello in staging, with overrides. */
export const wantedWith = (change: Partial<Wanted> = {}): Wanted => ({
  requestId: 'request-1',
  source: 'api',
  config,
  configHash: 'hash-1',
  configSource: 'services/hello.yaml#1',
  tag: 'v1',
  digest: digest('1'),
  change: undefined,
  requestedBy: 'ada@example.com',
  requestedAt: at,
  ...change,
});

/** Many requests for one service at the same moment, on every adapter of the ledger. */
export function describeCrowd(name: string, create: () => Promise<LedgerPlace>): void {
  describe(`fifty requests at once, through two openers of ${name}`, () => {
    let database: LedgerPlace;
    let openers: [Ledger, Ledger];
    beforeEach(async () => {
      database = await create();
      openers = [database.open(), database.open()];
    });
    afterEach(async () => {
      for (const opened of openers) opened.close();
      await database.remove();
    });

    const requests = (releases: number) =>
      Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          admitRequest(
            openers[index % 2]!,
            wantedWith({
              requestId: `request-${index}`,
              digest: `sha256:${String(index % releases).padStart(64, '0')}`,
            }),
            newDeploymentId(start + index * 1000, () => 0.5),
            start,
          ),
        ),
      );

    test.each([
      { releases: 50, fewest: 0, most: 0, name: 'of fifty releases' },
      { releases: 7, fewest: 0, most: 48, name: 'of seven releases' },
      { releases: 1, fewest: 49, most: 49, name: 'of one release' },
    ])(
      '$name leave one active and at most one waiting; all others are superseded or duplicates',
      async ({ releases, fewest, most }) => {
        const answers = await requests(releases);
        const all = await openers[0].list('deployments');
        const byStatus = (status: Deployment['status']) => all.filter((seen) => seen.status === status);
        const duplicates = answers.filter(({ record }) => record.decision === 'duplicate');
        const waiting = releases === 1 ? 0 : 1;
        expect(byStatus('starting')).toHaveLength(1);
        expect(byStatus('waiting')).toHaveLength(waiting);
        expect(byStatus('active')).toHaveLength(0);
        expect(byStatus('finished').length + duplicates.length).toBe(49 - waiting);
        expect(byStatus('finished').every(({ result }) => result?.outcome === 'superseded')).toBe(true);
        expect(await openers[1].get('locks', place)).toMatchObject({
          active: byStatus('starting')[0]!.id,
          fence: 1,
          ...(waiting === 1 ? { waiting: byStatus('waiting')[0]!.id } : {}),
        });
        expect(duplicates.length).toBeGreaterThanOrEqual(fewest);
        expect(duplicates.length).toBeLessThanOrEqual(most);
        expect(await openers[0].list('requests')).toHaveLength(50);
      },
    );
  });
}
