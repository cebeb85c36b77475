import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildImage } from '#local/build/image.ts';
import { pushImage } from '#local/build/push-image.ts';
import { readFolder } from '#local/build/source.ts';
import { host, name, openRegistry, token } from '#test/local/registry/open-registry.ts';
import { parent, startCloud } from './support.ts';

test('the example service, built by our builder and pushed to our registry, runs by its digest', async () => {
  const registry = await openRegistry();
  const folder = join(import.meta.dirname, '..', '..', '..', 'examples', 'hello');
  const { files } = await readFolder(folder);
  const image = await buildImage(files);
  const digest = await pushImage({ endpoint: registry.origin, token, name, tag: 'v1', image });
  const cloud = await startCloud({ images: registry.images });
  const { response } = await cloud.settle('POST', `${parent}/services?serviceId=hello`, {
    invokerIamDisabled: true,
    template: {
      containers: [
        {
          image: `${host}/${name}@${digest}`,
          startupProbe: { periodSeconds: 1, failureThreshold: 10, httpGet: { path: '/healthz' } },
        },
      ],
    },
  });
  expect(response.terminalCondition.state).toBe('CONDITION_SUCCEEDED');
  expect(await (await fetch(response.uri)).text()).toContain('1.0.0');
});
