import { expect, test } from 'vitest';
import { undeclaredFields } from '#shared/config/template.ts';

const declared = [{ containers: [{ image: 'i', ports: [{ containerPort: 8080 }] }] }];
const live = (container: object, more: object = {}) => ({
  containers: [{ image: 'i', ports: [{ containerPort: 8080 }], ...container }],
  ...more,
});

test.each([
  ['nothing, where Google only filled in', live({ ports: [{ containerPort: 8080, name: 'http1' }] }), []],
  [
    'that it speaks HTTP/2 alone, as for gRPC',
    live({ ports: [{ containerPort: 8080, name: 'h2c' }] }),
    ['containers[0].ports[0].name'],
  ],
  ['a variable', live({ env: [{ name: 'DEBUG', value: '1' }] }), ['containers[0].env[DEBUG]']],
  [
    'a volume',
    live({}, { volumes: [{ name: 'data', nfs: { server: 's' } }] }),
    ['volumes[data].name', 'volumes[data].nfs.server'],
  ],
])('a deployment would erase %s', (_, template, paths) => {
  expect(undeclaredFields(template, declared)).toEqual(paths);
});
