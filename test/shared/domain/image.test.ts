import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDigest, parseImage, shortDigest } from '#shared/domain/image.ts';
import { digest } from '#test/shared/domain/records.ts';

const host = 'us-central1-docker.pkg.dev';
const name = `${host}/project/apps/hello`;
const path = 'project/apps/hello';

describe('parseImage', () => {
  test.each([
    { reference: name, parts: { name, host, path } },
    { reference: `${name}:v1.2`, parts: { name, host, path, tag: 'v1.2' } },
    { reference: `${name}@${digest('a')}`, parts: { name, host, path, digest: digest('a') } },
    {
      reference: `${name}:v1@${digest('a')}`,
      parts: { name, host, path, tag: 'v1', digest: digest('a') },
    },
    {
      reference: '127.0.0.1:5000/a/b/c:1',
      parts: { name: '127.0.0.1:5000/a/b/c', host: '127.0.0.1:5000', path: 'a/b/c', tag: '1' },
    },
    {
      reference: 'localhost:5000/a/b',
      parts: { name: 'localhost:5000/a/b', host: 'localhost:5000', path: 'a/b' },
    },
    {
      reference: `${host}/a_b/c__d/e-f.g`,
      parts: { name: `${host}/a_b/c__d/e-f.g`, host, path: 'a_b/c__d/e-f.g' },
    },
  ])('takes $reference apart', ({ reference, parts }) => {
    expect(parseImage(reference)).toEqual(parts);
  });

  test.each([
    { reference: '', why: 'nothing' },
    { reference: 'hello', why: 'no host' },
    { reference: `${host}/hello`, why: 'one path segment only' },
    { reference: `${host}/project/Apps/hello`, why: 'upper case in the path' },
    { reference: `https://${name}`, why: 'a scheme' },
    { reference: `${name}:`, why: 'an empty tag' },
    { reference: `${name}:-v1`, why: 'a tag that starts with a hyphen' },
    { reference: `${name}:${'v'.repeat(129)}`, why: 'a tag of 129 characters' },
    { reference: `${name}:a:b`, why: 'two tags' },
    { reference: `${name}@`, why: 'an empty digest' },
    { reference: `${name}@sha256:abc`, why: 'a short digest' },
    { reference: `${name}@${digest('A')}`, why: 'a digest in upper case' },
    { reference: `${name}@${digest('a')}@${digest('b')}`, why: 'two digests' },
    { reference: `${host}/project//hello`, why: 'an empty segment' },
    { reference: `${host}/project/../hello`, why: 'a way up' },
    { reference: ` ${name}`, why: 'a blank' },
    { reference: `${name}\n`, why: 'a line break' },
    { reference: `user@${name}`, why: 'a user' },
  ])('refuses $why', ({ reference }) => {
    expect(parseImage(reference)).toBeUndefined();
  });

  test('what it takes apart is put together again without loss, and any text is survived', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?$/);
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 2, maxLength: 4 }),
        fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
        fc.boolean(),
        (segments, tag, withDigest) => {
          const reference = [
            `${host}/${segments.join('/')}`,
            tag === undefined ? '' : `:${tag}`,
            withDigest ? `@${digest('c')}` : '',
          ].join('');
          const parts = parseImage(reference)!;
          expect(
            `${parts.host}/${parts.path}` +
              (parts.tag === undefined ? '' : `:${parts.tag}`) +
              (parts.digest === undefined ? '' : `@${parts.digest}`),
          ).toBe(reference);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(text.startsWith(parseImage(text)?.name ?? '')).toBe(true);
      }),
    );
  });
});

describe('digests', () => {
  test('are 64 lower-case hexadecimal digits after sha256:', () => {
    expect([digest('0'), digest('f'), digest('g'), `${digest('0')}0`, 'latest', ''].map(isDigest)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test('are shortened for people to twelve digits', () => {
    expect(shortDigest(digest('b'))).toBe('b'.repeat(12));
  });
});
