import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '#test/support/virtual-clock.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { library } from '#local/workflows/library.ts';
import { raisedBy, result, start, value } from './harness.ts';

describe('the standard library', () => {
  it.each([
    ['base64.encode(text.encode("hé"))', 'aMOp'],
    ['base64.encode(text.encode("a"), false)', 'YQ'],
    ['text.decode(base64.decode("aMOp"))', 'hé'],
    ['json.decode("{\\"a\\": [1, 2.5, null]}")', { a: [1, 2.5, null] }],
    ['json.encode_to_string(m)', '{"k":1,"inner":{"a":1}}'],
    ['json.encode_to_string([1], true)', '[\n    1\n]'],
    ['json.encode_to_string([1], false)', '[1]'],
    ['json.encode_to_string([1], style)', '[\n> 1\n>]'],
    [
      'json.encode_to_string([[1], "\\t\\n"], odd)',
      '[\n$& 12 chars .[\n$& 12 chars . 12 chars .1\n$& 12 chars .],\n$& 12 chars ."\\t\\n"\n$&]',
    ],
    ['json.encode_to_string([1], flat)', '[\n1\n]'],
    ['string(json.decode("9007199254740993"))', '9007199254740993'],
    [
      'get_type(json.decode("1.0")) + get_type(json.decode("1e2")) + get_type(json.decode("1"))',
      'doubledoubleinteger',
    ],
    ['base64.decode("YQ", false) == text.encode("a")', true],
    [
      'base64.encode(hash.compute_hmac(text.encode("k"), text.encode("x"), "SHA1"))',
      createHmac('sha1', 'k').update('x').digest('base64'),
    ],
    ['text.find_all("aaa", "aa")', [0]],
    ['text.replace_all_regex("a1", "[0-9]", "$0\\\\1")', 'a$0\\1'],
    ['text.replace_all_regex("ab", "", "-")', '-a-b-'],
    ['text.split("añb", "")', ['a', 'ñ', 'b']],
    ['text.match_regex("héllo", "^h.l+o$")', true],
    ['time.format(-1)', '1969-12-31T23:59:59.000000Z'],
    // As Google's page has them
    ['time.format(1720788633, "GMT")', '2024-07-12T12:50:33.000000Z'],
    ['time.format(1720788633, "Europe/Paris")', '2024-07-12T14:50:33.000000+02:00'],
    ['time.format(1704903354.615087)', '2024-01-10T16:15:54.615087Z'],
    ['time.format(0, "")', '1970-01-01T00:00:00.000000Z'],
    ['time.format(0.9999999)', '1970-01-01T00:00:01.000000Z'],
    ['time.format(253402300799)', '9999-12-31T23:59:59.000000Z'],
    ['time.parse("2024-01-10T16:15:54.615087Z")', 1704903354.615087],
    ['time.parse("1970-01-01T00:00:00.1234569Z")', 0.123456],
    ['time.parse("1969-12-31T23:59:59.25Z")', -0.75],
    ['time.parse("2024-02-29t23:59:59z")', 1709251199],
    ['time.parse("2024-01-01T00:00:00-23:59")', 1704153540],
    ['time.parse("2024-02-29T00:00:00Z") - time.parse("2024-02-28T00:00:00Z")', 86400],
    ['string(math.max(9007199254740993, 9007199254740992))', '9007199254740993'],
    ['map.get(m, [])', { k: 1, inner: { a: 1 } }],
    ['retry.never(null)', false],
    ['double(3) / 2', 1.5],
    ['int("-7") + int(-2.9)', -9],
    ['default(0, 1)', 0],
    ['len("")', 0],
    ['json.decode(json.encode(m))', { k: 1, inner: { a: 1 } }],
    ['base64.encode(json.encode(m.inner))', 'eyJhIjoxfQ=='],
    ['list.concat([1], [2])', [1, [2]]],
    ['list.prepend([1], 0)', [0, 1]],
    ['map.get(m, "k")', 1],
    ['map.get(m, "absent")', null],
    ['map.get(m, ["inner", "a"])', 1],
    ['map.get(m, ["k", "a"])', null],
    ['map.get(null, "k")', null],
    ['map.delete(m, "k")', { inner: { a: 1 } }],
    ['map.merge(m, n)', { k: 2, inner: { b: 2 } }],
    ['map.merge_nested(m, n)', { k: 2, inner: { a: 1, b: 2 } }],
    ['math.abs(-3)', 3],
    ['math.max(1, 2.5)', 2.5],
    ['math.min(1, 2.5)', 1],
    ['text.to_upper("é") + text.to_lower("A")', 'Éa'],
    ['text.split("a,b,", ",")', ['a', 'b', '']],
    ['text.substring("a😀bc", 1, 3)', '😀b'],
    ['text.find_all("😀aba", "a")', [1, 3]],
    ['text.replace_all("a.b.c", ".", "$&")', 'a$&b$&c'],
    ['text.match_regex("abc", "b+")', true],
    // leftmost-longest, where JavaScript would answer the first alternative
    ['text.find_all_regex("xaab", "a|aab")', [{ index: 1, match: 'aab' }]],
    ['text.replace_all_regex("a1b22", "[0-9]+", "#")', 'a#b#'],
    ['text.url_encode("a b/é")', 'a%20b%2F%C3%A9'],
    ['text.url_encode_plus("a b")', 'a+b'],
    ['text.url_decode("a%20b")', 'a b'],
    ...['MD5', 'SHA1', 'SHA224', 'SHA256', 'SHA384', 'SHA512'].map((algorithm): [string, string] => [
      `base64.encode(hash.compute_checksum(text.encode("x"), "${algorithm}"))`,
      createHash(algorithm).update('x').digest('base64'),
    ]),
    ['time.format(0)', '1970-01-01T00:00:00.000000Z'],
    ['time.format(1.5, "Europe/Berlin")', '1970-01-01T01:00:01.500000+01:00'],
    ['time.parse("1970-01-01T01:00:01.5+01:00")', 1.5],
    ['sys.get_env("GOOGLE_CLOUD_PROJECT_ID")', 'p'],
    ['sys.get_env("UNSET")', null],
    ['sys.get_env("UNSET", "else")', 'else'],
    ['uuid.generate()', 'id-1'],
    ['get_type(1) + get_type(1.0) + get_type(null) + get_type([]) + get_type(m)', 'integerdoublenulllistmap'],
    ['get_type(json.encode(1)) + get_type("") + get_type(true)', 'bytesstringboolean'],
    ['int("42") + int(2.9)', 44],
    ['double("2.5")', 2.5],
    ['string(2.5) + string(true)', '2.5true'],
    ['keys(m)', ['k', 'inner']],
    ['len("é😀") + len([1]) + len(m)', 5],
    ['http.default_retry_predicate(e500)', false],
    ['http.default_retry_predicate(e502)', true],
    ['http.default_retry_predicate_non_idempotent(e502)', false],
    ['retry.always(null)', true],
  ])('%s is %j', async (expression, expected) => {
    const variables = {
      m: { k: 1, inner: { a: 1 } },
      n: { k: 2, inner: { b: 2 } },
      style: { prefix: '>', indent: ' ' },
      odd: { prefix: '$&', indent: ' 12 chars .' },
      flat: { indent: '' },
      e500: { tags: ['HttpError'], code: 500 },
      e502: { tags: ['HttpError'], code: 502 },
    };
    expect(await value(expression, variables)).toEqual(expected);
  });

  it.each([
    ['base64.encode("text")', 'TypeError', "argument 'data' of base64.encode must be bytes, got string"],
    ['base64.decode("%")', 'ValueError', "argument 'data' of base64.decode is not valid base64"],
    ['json.decode("{")', 'ValueError', 'invalid JSON'],
    ['list.concat(1, 2)', 'TypeError', "argument 'objs' of list.concat must be a list, got integer"],
    ['map.delete(m, "absent")', 'KeyError', 'key not found: absent'],
    ['text.substring("abc", 2, 9)', 'ValueError', "argument 'end' of text.substring is out of range: 9"],
    ['text.match_regex("a", "(")', 'ValueError', 'is not a regular expression'],
    ['text.match_regex("aa", "(a)\\\\1")', 'ValueError', 'is not a regular expression'],
    ['time.parse("yesterday")', 'ValueError', 'is not an RFC 3339 time: "yesterday"'],
    ...[
      '2024-02-30T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2024-13-01T00:00:00Z',
      '2024-02-28T24:00:00Z',
      '2024-02-28T23:60:00Z',
      '2024-02-28T23:59:60Z',
      '2024-02-28T00:00:00+24:00',
      '2024-02-28T00:00:00',
      '2024-02-28 00:00:00Z',
    ].map((time): [string, string, string] => [
      `time.parse("${time}")`,
      'ValueError',
      `is not an RFC 3339 time: "${time}"`,
    ]),
    ['time.format(253402300800)', 'ValueError', "'seconds' of time.format is out of range: 253402300800"],
    ['time.format(253402300799, "Asia/Tokyo")', 'ValueError', 'is out of range'],
    ['time.format(-62135596801)', 'ValueError', 'is out of range'],
    ['time.format(9223372036854775807)', 'ValueError', 'is out of range'],
    ['time.format(0, "Nowhere/City")', 'ValueError', '"Nowhere/City" is unknown'],
    ['text.url_encode("\\ud800")', 'ValueError', '"\\ud800" has half of a surrogate pair'],
    ['text.url_encode_plus("a\\udc00")', 'ValueError', 'has half of a surrogate pair'],
    ['hash.compute_checksum(text.encode("x"), "CRC7")', 'ValueError', '"CRC7" is not supported'],
    ['math.abs("x")', 'TypeError', 'math.abs needs numbers, got string'],
    ['math.abs(-9223372036854775807 - 1)', 'ValueError', 'integer overflow'],
    ['json.encode(text.encode("x"))', 'ValueError', 'bytes cannot be encoded as JSON'],
    ['json.encode(1, 2)', 'ValueError', "'indent' of json.encode must be a boolean or a map"],
    ['json.decode(text.encode("{"))', 'ValueError', 'invalid JSON'],
    ['text.decode(base64.decode("/w=="))', 'ValueError', 'not valid UTF-8'],
    ['text.find_all("a", "")', 'ValueError', "argument 'substr' of text.find_all is empty"],
    ['text.url_decode("%")', 'ValueError', 'is not a valid URL encoding'],
    ['text.encode("x", "latin1")', 'ValueError', '"latin1" is not supported: expected UTF-8'],
    ['text.substring("abc", 2, 1)', 'ValueError', "argument 'start' of text.substring is out of range: 2"],
    [
      'text.substring("abc", "0", 1)',
      'TypeError',
      "argument 'start' of text.substring must be an integer, got string",
    ],
    ['map.get(1, 2)', 'TypeError', "argument 'keys' of map.get must be a list, got integer"],
    ['map.merge(m, 1)', 'TypeError', "argument 'second' of map.merge must be a map, got integer"],
    ['keys([])', 'TypeError', "argument 'map' of keys must be a map, got list"],
    ['if("yes", 1, 2)', 'TypeError', "argument 'condition' of if must be a boolean, got string"],
    ['string([])', 'TypeError', 'a value of type list cannot be converted to string'],
    ['double(true)', 'TypeError', 'a value of type boolean cannot be converted to double'],
    ['double("1.2.3")', 'ValueError', 'is not a number: "1.2.3"'],
    ['int("9223372036854775808")', 'ValueError', 'integer overflow'],
    ['sys.get_env(1)', 'TypeError', "argument 'name' of sys.get_env must be a string, got integer"],
    ['sys.get_env("X", 1)', 'TypeError', "argument 'default' of sys.get_env must be a string, got integer"],
  ])('%s raises %s', async (expression, tag, message) => {
    expect(await raisedBy(expression, { m: {} })).toEqual({
      tags: [tag],
      message: expect.stringContaining(message),
    });
  });

  // https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview and the page of each function.
  const overview = {
    '': 'default double get_type if int keys len string',
    base64: 'decode encode',
    events: 'await_callback create_callback_endpoint',
    'experimental.executions': 'map run',
    gke: 'await_job create_job delete_job request',
    hash: 'compute_checksum compute_hmac',
    http: 'default_retry_predicate default_retry_predicate_non_idempotent delete get patch post put request',
    json: 'decode encode encode_to_string',
    list: 'concat prepend',
    map: 'delete get merge merge_nested',
    math: 'abs max min',
    retry: 'always never',
    sys: 'get_env log now sleep sleep_until',
    text: 'decode encode find_all find_all_regex match_regex replace_all replace_all_regex split substring to_lower to_upper url_decode url_encode url_encode_plus',
    time: 'format parse',
    uuid: 'generate',
  };

  it('has every function of Google’s overview, and no other', () => {
    const names = Object.entries(overview).flatMap(([module, functions]) =>
      functions.split(' ').map((name) => (module === '' ? name : `${module}.${name}`)),
    );
    const known = [...library.keys()].filter((name) => !name.startsWith('googleapis.'));
    expect(known.toSorted()).toEqual(names.toSorted());
  });

  it.each(
    [...library.values()].filter(({ name, params }) => !name.startsWith('googleapis.') && params.length > 0),
  )('$name names an argument that is missing, and one too many', ({ name, params }) => {
    const required = params.filter((param) => param.required);
    const given = (names: string[]): string =>
      JSON.stringify([{ a: { call: name, args: Object.fromEntries(names.map((one) => [one, 'x'])) } }]);
    const all = required.map((param) => param.name);
    for (const missing of all) {
      expect(() => parseWorkflow(given(all.filter((one) => one !== missing)))).toThrow(
        `argument '${missing}' of ${name} is missing`,
      );
    }
    expect(() => parseWorkflow(given([...all, 'surplus']))).toThrow(`argument 'surplus' of ${name}`);
  });

  it('says why an argument that Google takes is not taken here', () => {
    const args = '{url: "http://h", private_service_name: projects/p/locations/l/namespaces/n/services/s}';
    expect(() => parseWorkflow(`- a: {call: http.get, args: ${args}}`)).toThrow(
      "argument 'private_service_name' of http.get is not supported here: the local cloud has no Service Directory",
    );
  });

  it('logs text and maps with a severity', async () => {
    const run = start(
      '- a: {call: sys.log, args: {severity: WARNING, json: {k: 1}}}\n- b: {call: sys.log, args: {text: hello}}',
    );
    await run.outcome;
    expect(run.logs).toEqual([
      { severity: 'WARNING', data: new Map([['k', 1n]]) },
      { severity: 'DEFAULT', data: 'hello' },
    ]);
  });

  // https://docs.cloud.google.com/workflows/docs/reference/stdlib/sys/log
  it.each([
    ['nothing', {}, 'needs one of the arguments data, text and json, got none'],
    ['null', { data: null }, 'got none'],
    ['two things', { data: 'a', json: {} }, 'got data and json'],
    ['bytes', { data: '${text.encode("a")}' }, "argument 'data' of sys.log must not be bytes"],
    ['bytes as text', { text: '${text.encode("a")}' }, "argument 'text' of sys.log must not be bytes"],
    ['a text as JSON', { json: 'a' }, "argument 'json' of sys.log must be a map, got string"],
    ['a list as JSON', { json: [] }, "argument 'json' of sys.log must be a map, got list"],
    ['with a number as severity', { data: 1, severity: 1 }, "'severity' of sys.log must be a string"],
    [
      'with a text as timeout',
      { data: 1, timeout: 'x' },
      "'timeout' of sys.log must be a number, got string",
    ],
  ])('does not log %s', async (_name, args, message) => {
    const steps = { try: { call: 'sys.log', args }, except: { as: 'e', steps: [{ r: { return: '${e}' } }] } };
    const run = start(JSON.stringify([{ t: steps }]));
    const ended = await run.outcome;
    expect(ended.state === 'SUCCEEDED' && JSON.parse(ended.result)).toEqual({
      tags: ['TypeError'],
      message: expect.stringContaining(message),
    });
    expect(run.logs).toEqual([]);
  });

  it.each([[0], [false], [1.5], [[null]], ['']])('logs %j', async (data) => {
    const run = start(JSON.stringify([{ l: { call: 'sys.log', args: { data, text: null } } }]));
    await run.outcome;
    expect(run.logs).toHaveLength(1);
  });

  it('sleeps and reads the time of the clock it is given', async () => {
    const clock = createVirtualClock(0);
    const run = start(
      '- a: {call: sys.sleep, args: {seconds: 1.5}}\n- b: {call: sys.sleep_until, args: {time: "1970-01-01T00:01:00Z"}}\n- r: {return: "${sys.now()}"}',
      { clock },
    );
    while (await clock.next());
    expect(await run.outcome).toEqual({ state: 'SUCCEEDED', result: '60' });
  });

  it('refuses to sleep backwards', async () => {
    await expect(result('- a: {call: sys.sleep, args: {seconds: -1}}')).rejects.toThrow(
      'must not be negative: -1',
    );
  });
});
