import { expect, it } from 'vitest';
import { onlyCredential } from '#functions/credential.ts';

it.each<[string, string[], string | undefined]>([
  ['the usual header', ['Accept', '*/*', 'Authorization', 'Bearer a'], 'Bearer a'],
  ['the one that goes first', ['x-serverless-authorization', 'Bearer a'], 'Bearer a'],
  [
    'both: one of them nobody checked',
    ['authorization', 'Bearer a', 'X-Serverless-Authorization', 'Bearer b'],
    undefined,
  ],
  ['a header twice', ['authorization', 'Bearer a', 'Authorization', 'Bearer b'], undefined],
  ['a value that looks like a header', ['accept', 'authorization', 'x', 'Bearer a'], undefined],
  ['none', [], undefined],
])('the credential of a request with %s', (_, rawHeaders, expected) => {
  expect(onlyCredential(rawHeaders)).toBe(expected);
});
