import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Report } from '#shared/report/document.ts';
import { runDeployment } from '#test/support/engine.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';

const stored = (world: World, { id }: Deployment, ending: string): string =>
  world.objects.objects.get(`reports/hello/staging/${id}.${ending}`)?.text ?? '';
const reportOf = (world: World, deployment: Deployment): Report =>
  Report.parse(JSON.parse(stored(world, deployment, 'json')));

describe('the report of a deployment', () => {
  it('is in the bucket as document, Markdown and page, and each knows of the others', async () => {
    const world = createWorld();
    const done = await runDeployment(world, 'v1');
    expect(reportOf(world, done)).toMatchObject({ outcome: 'live', deploymentId: done.id });
    expect(stored(world, done, 'html')).toContain(`href="${done.id}.json"`);
    expect(stored(world, done, 'md')).toContain(
      `As a page: <https://storage.cloud.google.com/slipway/reports/hello/staging/${done.id}.html>`,
    );
  });

  it('compares with what was live before: nothing at first, then release and settings', async () => {
    const world = createWorld();
    const first = await runDeployment(world, 'v1');
    world.configure(serviceFile().replace('access: public', 'access: public, memory: 1Gi'));
    const second = await runDeployment(world, 'v2');
    expect(reportOf(world, first).changes).toMatchObject({
      since: null,
      reason: 'this is the first deployment',
    });
    const { changes } = reportOf(world, second);
    expect(changes?.since?.deploymentId).toBe(first.id);
    expect(changes?.config).toEqual([{ path: 'runtime.memory', from: '"512Mi"', to: '"1Gi"' }]);
    expect(changes?.image).toContainEqual({ what: 'tag', from: 'v1', to: 'v2' });
  });

  it('that failed compares with what still serves, not with another that failed', async () => {
    const world = createWorld();
    const good = await runDeployment(world, 'v1');
    world.release('v2', { answer: () => ({ status: 503 }) });
    const bad = await runDeployment(world, 'v2');
    world.release('v3', { answer: () => ({ status: 500 }) });
    const worse = await runDeployment(world, 'v3');
    for (const failed of [bad, worse]) {
      const report = reportOf(world, failed);
      expect(report).toMatchObject({ outcome: 'failed', changes: { since: { deploymentId: good.id } } });
      expect(report.nextSteps.length).toBeGreaterThan(0);
    }
  });

  it('draws when the release got which share, and how long all took', async () => {
    const world = createWorld();
    await runDeployment(world, 'v1');
    const done = await runDeployment(world, 'v2');
    const { traffic, durations, probes } = reportOf(world, done);
    expect(traffic.map(({ percent }) => percent)).toEqual([50, 100]);
    expect(durations.requestedToLiveMs).toBeGreaterThan(0);
    expect(probes.map(({ phase }) => phase)).toEqual(['candidate', 'traffic-50', 'traffic-100']);
    expect(stored(world, done, 'html')).toContain('Share of the requests that the release had');
  });
});

describe('what an image is for, by its labels', () => {
  const labelled = async (labels: Record<string, string>) => {
    const world = createWorld();
    const digest = world.release('v1');
    for (const name of ['v1', digest]) {
      const image = world.registry.images.get(name)!;
      const all = Object.entries(labels).map(([key, value]) => [`dev.slipway.change.${key}`, value]);
      world.registry.images.set(name, { ...image, labels: { ...image.labels, ...Object.fromEntries(all) } });
    }
    const done = await runDeployment(world, 'v1');
    return { done, report: reportOf(world, done) };
  };

  it('is in the report with its claims judged', async () => {
    const claims = JSON.stringify(['says its name => check:names-itself', 'is faster']);
    const { report } = await labelled({ id: '#1278', title: 'Longer timeout', claims });
    expect(report.change).toMatchObject({
      id: '#1278',
      claims: [
        { claim: 'says its name', status: 'verified' },
        { claim: 'is faster', status: 'not-verified' },
      ],
    });
  });

  it('is advice to mend the labels when they cannot be read, and stops nothing', async () => {
    const { done, report } = await labelled({ id: '#1278' });
    expect(done.result?.outcome).toBe('live-with-recommendations');
    expect(report.change).toBeNull();
    expect(report.recommendations).toMatchObject([
      { suite: 'Image', measured: expect.stringContaining('change.title') },
    ]);
  });
});
