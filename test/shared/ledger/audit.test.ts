import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginAttempt, closeAttempt, endAttempt, recordAttempt, yieldAttempt } from '#shared/ledger/audit.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { openSqliteLedger } from '#shared/ledger/sqlite.ts';
import { strict } from './strict-ledger.ts';

const start = Date.UTC(2026, 0, 1);
const attempt = {
  id: 'slack/abc',
  at: new Date(start).toISOString(),
  person: 'slack:U0ANA',
  via: 'slack' as const,
  action: 'lock',
};
const answer = { message: { text: 'done', blocks: [] } };

describe('an attempt', () => {
  let database: Ledger;
  let ledger: Ledger;
  beforeEach(() => {
    database = openSqliteLedger(':memory:');
    ledger = strict(database);
  });
  afterEach(() => database.close());
  const begin = (nowMs = start, change = {}) =>
    beginAttempt(ledger, { ...attempt, ...change }, nowMs, 90_000);
  const end = () =>
    endAttempt(
      ledger,
      attempt.id,
      { person: 'ana@example.com', decision: 'done', reason: 'ok', service: 'hello' },
      answer,
    );

  it('is acted on by one at a time, until it is answered', async () => {
    expect(await begin()).toEqual({ status: 'act' });
    expect(await begin(start + 89_999)).toEqual({ status: 'busy' });
    expect(await begin(start + 90_000)).toEqual({ status: 'act' });
    await end();
    await closeAttempt(ledger, attempt.id);
    expect(await begin(start + 999_999)).toEqual({ status: 'nothing' });
    expect(await ledger.list('audit')).toEqual([
      {
        ...attempt,
        person: 'ana@example.com',
        decision: 'done',
        reason: 'ok',
        service: 'hello',
        answered: true,
      },
    ]);
  });

  it('that was done but not answered is only answered, once its turn is given back', async () => {
    await begin();
    await end();
    expect(await begin(start + 1)).toEqual({ status: 'busy' });
    await yieldAttempt(ledger, attempt.id);
    expect(await begin(start + 2)).toMatchObject({ status: 'answer', answer });
  });

  it('is the same when it comes at another moment', async () => {
    await begin();
    expect(await begin(start + 1000, { at: new Date(start + 1000).toISOString() })).toEqual({
      status: 'busy',
    });
    expect(await ledger.list('audit')).toHaveLength(1);
  });

  it('is on record even if nobody ever says how it ended; the newest is first', async () => {
    await begin();
    const later = { ...attempt, id: 'api/1', via: 'api' as const, at: new Date(start + 1000).toISOString() };
    await recordAttempt(ledger, { ...later, decision: 'refused', reason: 'no' });
    expect(await ledger.list('audit')).toMatchObject([
      { id: 'api/1', decision: 'refused', answered: true },
      { id: 'slack/abc', decision: 'begun', answered: false },
    ]);
  });
});
