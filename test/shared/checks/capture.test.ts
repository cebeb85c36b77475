import { describe, expect, it } from 'vitest';
import { capture, hide, inBody, inPath, inText, namesIn } from '#shared/checks/capture.ts';

const answer = {
  status: 201,
  body: '{"order":{"id":42},"token":"se/cr&et","empty":""} <i value="a b">',
  headers: { 'x-id': '7' },
  durationMs: 1,
};
const values = new Map([
  ['id', 'a/../b?c#d'],
  ['said', 'a"b\nc'],
]);

describe('a value of an answer', () => {
  it.each([
    [{ json: 'order.id' }, '42'],
    [{ json: 'token' }, undefined],
    [{ header: 'X-Id' }, '7'],
  ])('is found at %j', (from, value) => {
    // A body with something behind its JSON is no JSON.
    const body = value === '42' ? '{"order":{"id":42}}' : answer.body;
    expect(capture({ v: from }, { ...answer, body }).values.get('v')).toBe(value);
  });

  it('is found between two texts', () => {
    const from = { text: { after: 'value="', before: '"' } };
    expect(capture({ v: from }, answer)).toEqual({ values: new Map([['v', 'a b']]), problems: [] });
  });

  it.each([
    [{ json: 'empty' }, 'v: nothing at field empty'],
    [{ header: 'etag' }, 'v: nothing at header etag'],
    [{ text: { after: 'value=', before: '?' } }, 'v: nothing at the text after "value="'],
  ])('that is not at %j is a problem', (from, problem) => {
    const body = '{"empty":""}';
    expect(capture({ v: from }, { ...answer, body }).problems).toEqual([problem]);
  });

  it('that is a document is a problem', () => {
    const long = { ...answer, headers: { x: 'y'.repeat(5000) } };
    expect(capture({ v: { header: 'x' } }, long).problems).toEqual([
      'v: 5000 characters at header x, at most 4096 wanted',
    ]);
  });
});

describe('a use of a value', () => {
  it('is one piece of a path', () => {
    expect(inPath('/orders/${id}/lines', values)).toBe('/orders/a%2F..%2Fb%3Fc%23d/lines');
  });

  it('does not end the string of JSON it is in', () => {
    expect(inBody('{"text":"${said}"}', values)).toBe('{"text":"a\\"b\\nc"}');
    expect(inBody('text=${said}', values)).toBe('text=a"b\nc');
  });

  it('of a name that is not there stays as it is', () => {
    expect(inText('${nothing} $id', values)).toBe('${nothing} $id');
    expect(namesIn('/${a}/${b1}?${a}')).toEqual(['a', 'b1', 'a']);
  });

  it('is not shown, in no form', () => {
    const said = `${values.get('id')} ${encodeURIComponent(values.get('id')!)} ${JSON.stringify(values.get('said'))}`;
    expect(hide(said, values)).toBe('${id} ${id} "${said}"');
  });
});
