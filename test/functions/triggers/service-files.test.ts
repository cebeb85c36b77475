import { expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';
import { runDeployment } from '#test/support/engine.ts';
import { override } from '#test/support/override.ts';
import { createWorld, serviceFile } from '#test/support/world.ts';

const huge = `# ${'x'.repeat(256 * 1024)}\n${serviceFile().replace('service: hello', 'service: huge')}`;

it('a file too large to be one is its own problem, and no fault of the others', async () => {
  const world = createWorld();
  world.configure(huge, 'huge');
  const files = await readServiceFiles(world.deps);
  expect(files.map(({ name, configs, problems }) => [name, configs.length, problems])).toEqual([
    ['services/hello.yaml', 1, undefined],
    ['services/huge.yaml', 0, 'services/huge.yaml: it is larger than 256 KiB, which no service file may be'],
  ]);
  expect(findConfig(files, 'huge', 'staging')).toEqual({
    problem: 'services/huge.yaml: it is larger than 256 KiB, which no service file may be',
  });
  world.release('v1');
  expect((await runDeployment(world, 'v1')).result?.outcome).toMatch(/^live/);
});

it('such a file is not read again until it is another, and then it is', async () => {
  const world = createWorld();
  world.configure(huge, 'huge');
  let reads = 0;
  override(world.objects, 'read', (read) => (...given) => {
    reads += 1;
    return read(...given);
  });
  await readServiceFiles(world.deps);
  await readServiceFiles(world.deps);
  expect(reads).toBe(2);
  world.configure(serviceFile().replace('service: hello', 'service: huge'), 'huge');
  const files = await readServiceFiles(world.deps);
  expect(findConfig(files, 'huge', 'staging')).toMatchObject({ config: { service: 'huge' } });
});

it('whatever else goes wrong while one is read is a fault', async () => {
  const world = createWorld();
  override(world.objects, 'read', () => async () => {
    throw new Fault('unavailable', 'the bucket does not answer');
  });
  await expect(readServiceFiles(world.deps)).rejects.toMatchObject({ code: 'unavailable' });
});
