import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configHash } from '#shared/config/config-hash.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { configsOf } from './hello-file.ts';

const lines = [
  'service: hello',
  'image: us-central1-docker.pkg.dev/slipway-local/apps/hello',
  'environments: { staging: { project: slipway-local, region: us-central1 } }',
  'runtime: { memory: 1Gi, env: { A: one, B: two }, cpu: "2" }',
  'traffic: { bake: 5m, steps: [10, 100] }',
];

const configOf = (text: string): ServiceConfig => configsOf(text)[0]!;

/** The same value with the keys of every map in another order. */
function reordered(value: unknown, order: (a: string, b: string) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, order));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => order(a, b))
      .map(([key, member]) => [key, reordered(member, order)]),
  );
}

describe('the hash of a configuration', () => {
  const hash = configHash(configOf(lines.join('\n')));

  it('is a SHA-256', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not depend on the order of lines in the file', () => {
    const orders = fc.shuffledSubarray(lines, { minLength: lines.length });
    fc.assert(fc.property(orders, (order) => configHash(configOf(order.join('\n'))) === hash));
  });

  it('does not depend on the order of keys at any depth', () => {
    const config = configOf(lines.join('\n'));
    const salted = (salt: number) => (a: string, b: string) =>
      ((a.charCodeAt(0) * salt) % 31) - ((b.charCodeAt(0) * salt) % 31) || (a < b ? 1 : -1);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        (salt) => configHash(reordered(config, salted(salt)) as ServiceConfig) === hash,
      ),
    );
  });

  it.each([
    ['a value', (text: string) => text.replace('1Gi', '2Gi')],
    ['an entry of a list', (text: string) => text.replace('[10, 100]', '[20, 100]')],
    ['a variable', (text: string) => text.replace('B: two', 'C: two')],
    ['the environment', (text: string) => text.replace('staging:', 'production:')],
  ])('changes with %s', (_, change) => {
    expect(configHash(configOf(change(lines.join('\n'))))).not.toBe(hash);
  });

  it.each([
    ['a freeze window', 'policy: { freeze: [{ name: x, days: [sun], timeZone: UTC }] }'],
    ['who approves', 'policy: { approvals: { from: [ana@example.com] } }'],
    ['who may deploy', 'policy: { allow: { deploy: [S0DEPLOYERS] }, protected: true }'],
    ['a channel', 'slack: { channel: "#deploys" }'],
  ])('does not change with %s: that is not what is deployed', (_, line) => {
    expect(configHash(configOf([...lines, line].join('\n')))).toBe(hash);
  });

  it('changes with whether one can go back', () => {
    expect(configHash(configOf([...lines, 'policy: { rollBack: never }'].join('\n')))).not.toBe(hash);
  });

  it('does not change when a default is written out', () => {
    expect(configHash(configOf([...lines, 'healthProbe: { interval: 1000ms }'].join('\n')))).toBe(hash);
  });
});
