import { describe, expect, test } from 'vitest';
import { loadConfig } from '#shared/env.ts';

const config = (more: Record<string, string>) =>
  loadConfig({
    SLIPWAY_PROJECT: 'p',
    SLIPWAY_PROJECT_NUMBER: '1',
    SLIPWAY_REGION: 'us-central1',
    SLIPWAY_BUCKET: 'b',
    SLIPWAY_LEDGER: 'sqlite::memory:',
    ...more,
  });
const load = (ledger: string) => config({ SLIPWAY_LEDGER: ledger }).ledger;

describe('that there is a Slack, or a pager', () => {
  test.each([
    { told: 'nothing', env: {}, hasSlack: false, hasPager: false },
    { told: 'Terraform', env: { SLIPWAY_HAS_SLACK: 'true' }, hasSlack: true, hasPager: false },
    { told: 'its own token', env: { SLACK_BOT_TOKEN: 'xoxb-1' }, hasSlack: true, hasPager: false },
    { told: 'a pager', env: { SLIPWAY_HAS_PAGER: 'true' }, hasSlack: false, hasPager: true },
    {
      told: 'its own address',
      env: { SLIPWAY_PAGER_URL: 'https://p.example' },
      hasSlack: false,
      hasPager: true,
    },
    { told: 'no', env: { SLIPWAY_HAS_SLACK: 'false' }, hasSlack: false, hasPager: false },
  ])('is known by $told', ({ env, hasSlack, hasPager }) => {
    expect(config(env)).toMatchObject({ hasSlack, hasPager });
  });

  test('is a yes or a no', () => {
    expect(() => config({ SLIPWAY_HAS_SLACK: 'maybe' })).toThrow('SLIPWAY_HAS_SLACK');
  });
});

describe('SLIPWAY_PROBE_VPC_CONNECTOR', () => {
  test('is the full name of a connector, and there need not be one', () => {
    const name = 'projects/p/locations/us-central1/connectors/probes';
    expect(config({ SLIPWAY_PROBE_VPC_CONNECTOR: name }).probeConnector).toBe(name);
    expect(config({}).probeConnector).toBeUndefined();
  });

  test('is no short name: nobody could tell whose network that is', () => {
    expect(() => config({ SLIPWAY_PROBE_VPC_CONNECTOR: 'probes' })).toThrow(
      'SLIPWAY_PROBE_VPC_CONNECTOR: expected projects/PROJECT/locations/REGION/connectors/CONNECTOR',
    );
  });
});

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
