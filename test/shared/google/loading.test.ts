import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openServer } from './cloud.ts';

/** A process of its own: what it loads is what a function would. */
async function loadedBy(call: string): Promise<string[]> {
  const server = await openServer(() => ({
    body: '{"etag":"e","generation":"1","name":"projects/p/locations/l/operations/o"}',
  }));
  const script = `
    import { createRequire } from 'node:module';
    import { createRest } from '#shared/google/rest.ts';
    import { createCloudRun } from '#shared/google/cloud-run.ts';
    import { createPubSub } from '#shared/google/pubsub.ts';
    import { createWorkflows } from '#shared/google/workflows.ts';
    import { createObjectStore } from '#shared/google/storage.ts';
    import { createTokens } from '#shared/google/auth.ts';
    createTokens();
    const endpoint = '${server.origin}';
    const tokens = { access: async () => 't', identity: async () => 'i' };
    const rest = createRest({ tokens });
    const run = createCloudRun({ endpoint, rest });
    const pubsub = createPubSub({ endpoint, project: 'p', rest });
    const workflows = createWorkflows({ endpoint, project: 'p', region: 'l', workflow: 'w', rest });
    const objects = createObjectStore({ endpoint, bucket: 'b', tokens });
    const ref = { project: 'p', region: 'l', name: 'hello' };
    await ${call};
    const files = Object.keys(createRequire(import.meta.url).cache);
    const clients = ['run', 'pubsub', 'workflows', 'storage'];
    const isLoaded = (name) => files.some((file) => file.includes('/node_modules/@google-cloud/' + name + '/'));
    console.log(JSON.stringify(clients.filter(isLoaded)));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout) as string[];
}

it.each([
  ['reading a service', 'run.getService(ref)', []],
  ['reading an object', "objects.read('a')", ['storage']],
  ['publishing', "pubsub.publish('t', {})", ['pubsub']],
  ['changing a service', "run.updateService(ref, {}, ['traffic'], 'e')", ['run']],
  ['starting an execution', 'workflows.create({}, {})', ['workflows']],
])('%s loads no client but its own', async (_, call, expected) => {
  expect(await loadedBy(call)).toEqual(expected);
});
