import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { previousOf } from '#shared/report/changes.ts';
import { buildReport } from '#shared/report/report.ts';
import { at, configOf, deploymentOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const old = finishedAs('live', {
  id: 'd1f3k0000aaa',
  config: configOf({ runtime: { memory: '512Mi', env: { PASSWORD: 'hunter2' }, secrets: { KEY: 'key:1' } } }),
  release: { ...deploymentOf().release!, version: '1.0.0', tag: '1.0', sizeBytes: 70_000_000 },
});

/** The release 1.1, with other settings, after `old`. */
function after(runtime: Record<string, unknown>, more: Record<string, unknown> = {}): Deployment {
  const now = finishedAs('live', { config: configOf({ runtime, ...more }) });
  return { ...now, previous: previousOf(old, at(0), now) };
}

describe('from what was live to what is', () => {
  it('are the release and the settings that differ, secrets by their bindings and values by none', () => {
    const now = after({ memory: '1Gi', env: { PASSWORD: 'hunter3' }, secrets: { KEY: 'key:2' } });
    const { changes } = buildReport(now);
    expect(changes).toEqual({
      since: { deploymentId: 'd1f3k0000aaa', at: at(0) },
      reason: null,
      image: [
        { what: 'version', from: '1.0.0', to: '1.1.0' },
        { what: 'tag', from: '1.0', to: '1.1' },
      ],
      config: [
        { path: 'runtime.memory', from: '"512Mi"', to: '"1Gi"' },
        { path: 'runtime.env.PASSWORD', from: '(not shown)', to: '(not shown)' },
        { path: 'runtime.secrets.KEY', from: '"key:1"', to: '"key:2"' },
      ],
    });
    expect(JSON.stringify([now.previous, changes])).not.toMatch(/hunter/);
  });

  it('is the size in bytes and percent, computed', () => {
    const now = after({}, { imageRules: { baselineSizeMiB: 50 } });
    const { imageSize } = buildReport(now);
    expect(imageSize).toMatchObject({
      bytes: 41_000_000,
      previous: { bytes: 70_000_000, differenceBytes: -29_000_000 },
    });
    expect(imageSize?.previous?.percent).toBeCloseTo(-41.43, 2);
    expect(imageSize?.baseline).toMatchObject({ bytes: 52_428_800, differenceBytes: -11_428_800 });
  });

  it.each<[string, Deployment, string]>([
    [
      'of the first deployment there is none, and it says so',
      finishedAs('live', { previous: { status: 'none', reason: 'this is the first deployment' } }),
      'this is the first deployment',
    ],
    ['of one that still runs it is told later', deploymentOf(), 'when it ends'],
    ['of one that never started it is nothing', finishedAs('superseded'), 'it never started'],
    ['of an older record it is not known', finishedAs('live'), 'not on record'],
  ])('%s', (_, deployment, reason) => {
    const { changes, imageSize } = buildReport(deployment);
    expect(changes).toMatchObject({
      since: null,
      reason: expect.stringContaining(reason),
      image: [],
      config: [],
    });
    expect(imageSize?.previous ?? null).toBeNull();
  });
});
