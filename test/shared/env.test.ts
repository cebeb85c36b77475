import { describe, expect, test } from 'vitest';
import { loadConfig } from '#shared/env.ts';

const load = (ledger: string) =>
  loadConfig({
    SLIPWAY_PROJECT: 'p',
    SLIPWAY_PROJECT_NUMBER: '1',
    SLIPWAY_REGION: 'us-central1',
    SLIPWAY_BUCKET: 'b',
    SLIPWAY_LEDGER: ledger,
  }).ledger;

describe('SLIPWAY_LEDGER', () => {
  test.each([
    { text: 'sqlite:/var/a:b.db', ledger: { kind: 'sqlite', file: '/var/a:b.db' } },
    { text: 'sqlite::memory:', ledger: { kind: 'sqlite', file: ':memory:' } },
    { text: 'firestore:(default)', ledger: { kind: 'firestore', database: '(default)' } },
    { text: 'firestore:slipway-2', ledger: { kind: 'firestore', database: 'slipway-2' } },
  ])('"$text" is understood', ({ text, ledger }) => {
    expect(load(text)).toEqual(ledger);
  });

  test.each([
    'sqlite:',
    'firestore:',
    'firestore:default)',
    'firestore:Slipway',
    'firestore:abc',
    'postgres:x',
  ])('"%s" is refused with what is expected', (text) => {
    expect(() => load(text)).toThrow(/SLIPWAY_LEDGER: expected sqlite:PATH or firestore:DATABASE/);
  });
});
