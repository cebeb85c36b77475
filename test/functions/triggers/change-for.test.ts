import { describe, expect, it } from 'vitest';
import { changeFor } from '#functions/triggers/change-for.ts';
import { configHash } from '#shared/config/config-hash.ts';
import { configDiff } from '#shared/config/config-diff.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { connect, runDeployment } from '#test/support/engine.ts';
import { createWorld, digestOf, serviceFile } from '#test/support/world.ts';

const first = { id: '#1', title: 'First', claims: ['isolated'] };
const second = { id: '#2', title: 'Second', claims: [] };
const withChange = (change?: object, policy = "policy: { autoDeploy: ['*'] }\n"): string =>
  `${serviceFile().replace(/^policy:.*\n/m, policy)}${change ? `\nchange: ${JSON.stringify(change)}\n` : ''}`;
const configOf = (text: string) => {
  const read = parseServiceFile(text, 'hello.yaml');
  if (read.status === 'invalid') throw new Error(JSON.stringify(read.problems));
  return read.configs[0]!;
};

describe('the change that a service file names', () => {
  it('is that of the first release that goes live with it, and of no later one', async () => {
    const world = createWorld();
    const engine = connect(world);
    const deploy = async (tag: string, file: string) => {
      world.configure(file);
      world.release(tag);
      return runDeployment(world, tag, engine);
    };
    const named = async (...args: Parameters<typeof deploy>) => {
      const { result, request } = await deploy(...args);
      return [result?.outcome, request.change?.id];
    };
    expect(await named('v1', withChange(first))).toEqual(['live', '#1']);
    expect(await named('v2', withChange(first))).toEqual(['live', undefined]);
    expect(await named('v3', withChange(second))).toEqual(['live', '#2']);
    expect(await named('v4', withChange())).toEqual(['live', undefined]);
  });

  it('is no setting: neither the hash nor the difference of two configurations knows it', () => {
    const [before, after] = [configOf(withChange(first)), configOf(withChange(second))];
    expect(configHash(before)).toBe(configHash(after));
    expect(configDiff(before, after)).toEqual([]);
  });

  it('gives way to the one that was asked for', async () => {
    const { deps } = createWorld();
    const wish = { config: configOf(withChange(first)), digest: undefined, change: second };
    expect(await changeFor(deps, wish)).toEqual(second);
  });
});

describe('the change that an image names in its labels', () => {
  const label = {
    'dev.slipway.change.id': '#3',
    'dev.slipway.change.title': 'Third',
  };
  it.each([
    [
      'is told to those who have to approve it',
      'policy: { autoDeploy: ["*"], approvals: { from: [bob@example.com] } }\n',
      '#3',
    ],
    ['is left to the push step where nobody has to', undefined, undefined],
  ])('%s', async (_name, policy, id) => {
    const world = createWorld();
    const digest = world.release('v1');
    world.registry.images.set(digest, { ...world.registry.images.get(digest)!, labels: label });
    const config = configOf(withChange(undefined, policy));
    expect((await changeFor(world.deps, { config, digest: digestOf('v1'), change: undefined }))?.id).toBe(id);
  });

  it('says nothing when it cannot be read', async () => {
    const world = createWorld();
    const digest = world.release('v1');
    const labels = { 'dev.slipway.change.id': '#3' };
    world.registry.images.set(digest, { ...world.registry.images.get(digest)!, labels });
    const config = configOf(
      withChange(undefined, 'policy: { autoDeploy: ["*"], approvals: { from: [bob@example.com] } }\n'),
    );
    expect(await changeFor(world.deps, { config, digest, change: undefined })).toBeUndefined();
  });
});
