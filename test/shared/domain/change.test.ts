import { describe, expect, it } from 'vitest';
import { bindingOf, changeOfLabels } from '#shared/domain/change.ts';

describe('a claim', () => {
  it.each([
    ['quick => check:answers-quickly', { claim: 'quick', by: { kind: 'check', id: 'answers-quickly' } }],
    [
      'pool => check:dependency:database',
      { claim: 'pool', by: { kind: 'check', id: 'dependency:database' } },
    ],
    [
      'timeout 30 s → 90 s => config:app.database.timeout=90s',
      {
        claim: 'timeout 30 s → 90 s',
        by: { kind: 'config', path: 'app.database.timeout', to: '90s' },
      },
    ],
    ['more CPU => config:runtime.cpu', { claim: 'more CPU', by: { kind: 'config', path: 'runtime.cpu' } }],
    ['answers-quickly', { claim: 'answers-quickly', by: { kind: 'check', id: 'answers-quickly' } }],
    ['30 s => 90 s', { claim: '30 s => 90 s', by: { kind: 'check', id: '30 s => 90 s' } }],
    ['a => b => check:c', { claim: 'a => b', by: { kind: 'check', id: 'c' } }],
  ])('"%s" is bound to what stands at its end', (text, binding) => {
    expect(bindingOf(text)).toEqual(binding);
  });
});

describe('the labels of an image', () => {
  const label = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`dev.slipway.change.${name}`, value]));

  it('name what it is for', () => {
    const labels = label({
      id: '1278',
      title: 'Longer timeout',
      url: 'https://example.com/1278',
      claims: '["quick => check:q"]',
    });
    expect(changeOfLabels({ ...labels, other: 'x' })).toEqual({
      change: {
        id: '1278',
        title: 'Longer timeout',
        url: 'https://example.com/1278',
        claims: ['quick => check:q'],
      },
    });
  });

  it('need name nothing', () =>
    expect(changeOfLabels({ 'org.opencontainers.image.version': '1' })).toBeUndefined());

  it.each([
    ['no title', { id: '1' }, /change\.title/],
    ['an address that is none', { id: '1', title: 't', url: 'javascript:alert(1)' }, /change\.url/],
    ['claims that are no JSON', { id: '1', title: 't', claims: 'quick' }, /claims is no JSON/],
    ['claims that are no list', { id: '1', title: 't', claims: '{}' }, /change\.claims/],
    ['a word nobody knows', { id: '1', title: 't', titel: 'x' }, /titel/],
  ])('with %s are a problem that is named', (_, values, words) => {
    expect(changeOfLabels(label(values))).toEqual({ problem: expect.stringMatching(words) });
  });
});
