import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareReleases, orderOf, type ReleaseOrder } from '#shared/domain/release-order.ts';

const noon = '2026-01-01T12:00:00Z';
const later = '2026-01-01T12:00:01Z';

describe('the newer of two releases', () => {
  it.each<{ name: string; a: ReleaseOrder; b: ReleaseOrder; order: string; by: string }>([
    {
      name: 'has the higher version, whatever the times say',
      a: { version: '1.10.0', sourceTime: noon, uploadedAt: noon },
      b: { version: '1.9.0', sourceTime: later, uploadedAt: later },
      order: 'newer',
      by: 'semantic version',
    },
    {
      name: 'has the later source, when an old build ends after a newer one',
      a: { sourceTime: noon, uploadedAt: later },
      b: { sourceTime: later, uploadedAt: noon },
      order: 'older',
      by: 'source time',
    },
    {
      name: 'was uploaded later, when only one says its source time',
      a: { sourceTime: noon, uploadedAt: later },
      b: { uploadedAt: noon },
      order: 'newer',
      by: 'upload time',
    },
    {
      name: 'is told by the next criterion when one is equal, as of an inherited label',
      a: { version: '1.0.0', sourceTime: noon },
      b: { version: '1.0.0', sourceTime: later },
      order: 'older',
      by: 'source time',
    },
    {
      name: 'is none of two that are equal in all they have',
      a: { version: '1.0.0', uploadedAt: noon },
      b: { version: '1.0.0' },
      order: 'same',
      by: 'semantic version',
    },
    {
      name: 'is who comes last, when they have nothing in common',
      a: { version: '1.0.0' },
      b: { sourceTime: noon },
      order: 'unknown',
      by: 'arrival',
    },
    { name: 'is not known when nothing is', a: {}, b: {}, order: 'unknown', by: 'arrival' },
    {
      name: 'is compared by the moment, not by the text',
      a: { sourceTime: '2026-01-01T13:00:00+02:00' },
      b: { sourceTime: noon },
      order: 'older',
      by: 'source time',
    },
  ])('$name', ({ a, b, order, by }) => expect(compareReleases(a, b)).toEqual({ order, by }));

  it('has the higher semantic version by its specification', () => {
    // https://semver.org/#spec-item-11, and numbers where text would be wrong.
    const ascending = [
      '0.9.10',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.9',
      '1.0.10',
      '1.2.0',
      '1.10.0',
      '2.0.0',
    ];
    for (const [i, version] of ascending.entries())
      for (const [j, other] of ascending.entries())
        expect([version, other, compareReleases({ version }, { version: other }).order]).toEqual([
          version,
          other,
          i > j ? 'newer' : i < j ? 'older' : 'same',
        ]);
    expect(compareReleases({ version: '1.0.0+a' }, { version: '1.0.0+b' }).order).toBe('same');
  });

  it('is never both of two', () => {
    const time = fc.option(fc.constantFrom(noon, later, '2026-01-02T00:00:00Z'), { nil: undefined });
    const version = fc.option(fc.constantFrom('1.0.0', '1.0.1', '1.0.1-rc.1', '2.0.0'), { nil: undefined });
    const release = fc
      .record({ version, sourceTime: time, uploadedAt: time })
      .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as ReleaseOrder);
    const opposite = { newer: 'older', older: 'newer', same: 'same', unknown: 'unknown' };
    fc.assert(
      fc.property(release, release, (a, b) => {
        const [there, back] = [compareReleases(a, b), compareReleases(b, a)];
        expect(back).toEqual({ order: opposite[there.order], by: there.by });
      }),
    );
  });
});

describe('what an image says of its order', () => {
  const created = 'org.opencontainers.image.created';
  const version = 'org.opencontainers.image.version';
  it.each<{ name: string; image: Parameters<typeof orderOf>[0]; order: ReleaseOrder }>([
    { name: 'nothing', image: { tag: 'latest', labels: {} }, order: {} },
    { name: 'its tag is a version', image: { tag: 'v1.2.3', labels: {} }, order: { version: '1.2.3' } },
    {
      name: 'its tag is a version, and the label of its base image is another',
      image: { tag: '1.2.3-rc.1', labels: { [version]: '24.4.0' } },
      order: { version: '1.2.3-rc.1' },
    },
    {
      name: 'its label is a version',
      image: { tag: 'main', labels: { [version]: 'v2.0.0' } },
      order: { version: '2.0.0' },
    },
    { name: 'its tag is half a version', image: { tag: 'v1.2', labels: {} }, order: {} },
    { name: 'its tag has leading zeros', image: { tag: '2026.01.02', labels: {} }, order: {} },
    {
      name: 'its label says when it was made',
      image: { labels: { [created]: noon }, createdAt: later, uploadedAt: later },
      order: { sourceTime: noon, uploadedAt: later },
    },
    {
      name: 'only its config says when it was made',
      image: { labels: { [created]: '' }, createdAt: later },
      order: { sourceTime: later },
    },
    ...['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '1980-01-01T00:00:01Z', 'soon'].map((createdAt) => ({
      name: `it was made at ${createdAt}, as reproducible builds say`,
      image: { labels: {}, createdAt },
      order: {},
    })),
  ])('when $name', ({ image, order }) => expect(orderOf(image)).toEqual(order));
});
