import { describe, expect, it } from 'vitest';
import { configsOf, file, place, problemsOf } from './hello-file.ts';

const suite = (keys: string, ...checks: string[]): string =>
  file(`suites:\n  - { title: T, ${keys === '' ? '' : `${keys}, `}checks: [${checks.join(', ')}] }\n`);
/** Path and what is expected, without positions and values. */
const problems = (text: string): string[] =>
  problemsOf(text).map((line) => line.replace(/^\d+:\d+ ([^:]+): .* — /, '$1 — '));
const a = '{ name: a, path: /a }';

describe('what a suite wants', () => {
  it('is HTTP unless told', () => {
    const { suites } = configsOf(suite('', a))[0]!;
    expect(suites[0]).toMatchObject({
      ordered: false,
      through: 'service',
      checks: [{ kind: 'http', method: 'GET', retries: 0, followRedirects: false, capture: {} }],
    });
  });

  it('is of a kind that there is', () => {
    expect(problems(suite('', '{ name: a, kind: htpp, path: / }'))).toEqual([
      'suites[0].checks[0].kind — expected one of websocket, tls, job, metrics, http',
    ]);
  });

  it('has the keys of its kind only', () => {
    expect(problems(suite('', '{ name: a, kind: tls, path: / }'))[0]).toMatch(
      /^suites\[0\].checks\[0\].path — expected one of /,
    );
  });

  it.each<[string, string, string[]]>([
    [
      'two statuses of one answer',
      suite('', a, '{ name: b, path: /a, expect: { status: 404 } }'),
      ['suites[0].checks[1].expect.status — expected 200, which another check wants of the same request'],
    ],
    [
      'two values of one field',
      suite(
        '',
        '{ name: a, path: /a, expect: { json: { v: 1 } } }',
        '{ name: b, path: /a, expect: { json: { v: 2 } } }',
      ),
      ['suites[0].checks[1].expect.json.v — expected 1, which another check wants of the same request'],
    ],
    [
      'what is only advice',
      suite('', a, '{ name: b, path: /a, severity: advisory, expect: { status: 404 } }'),
      [],
    ],
    [
      'what is asked differently',
      suite('', a, '{ name: b, path: /a, headers: { x: y }, expect: { status: 404 } }'),
      [],
    ],
    [
      'what changes on the way',
      suite('ordered: true', a, '{ name: b, path: /a, expect: { status: 404 } }'),
      [],
    ],
    [
      'a value and what is inside of it',
      suite('', '{ name: a, path: /, expect: { json: { v: 1, v.x: 2 } } }'),
      ['suites[0].checks[0].expect.json["v.x"] — expected no value within v, which has a value itself'],
    ],
    [
      'a body of an answer without one',
      suite('', '{ name: a, path: /, expect: { status: 204, contains: x } }'),
      ['suites[0].checks[0].expect.status — expected a status whose answers have a body'],
    ],
    [
      'a body of HEAD',
      suite('', '{ name: a, path: /, method: HEAD, expect: { contains: x } }'),
      ['suites[0].checks[0].method — expected a method whose answers have a body'],
    ],
    [
      'to send a body with GET',
      suite('', '{ name: a, path: /, body: x }'),
      ['suites[0].checks[0].method — expected a method that sends a body'],
    ],
    [
      'to wait longer than it waits',
      suite('', '{ name: a, path: /, timeout: 2s, expect: { maximumLatency: 3s } }'),
      ["suites[0].checks[0].expect.maximumLatency — expected at most the check's timeout, which is 2 s"],
    ],
    [
      'more time than a dispatch has',
      suite('', '{ name: a, path: /, timeout: 30s, retries: 1 }'),
      ['suites[0].checks[0].retries — expected at most 45 s for all attempts of a check; it is 61 s'],
    ],
    [
      'a timeout of more than 30 s',
      suite('', '{ name: a, path: /, timeout: 31s }'),
      ['suites[0].checks[0].timeout — expected between 0.1 and 30 seconds'],
    ],
    [
      'values for nobody',
      suite('', '{ name: a, path: /, capture: { x: { json: x } } }'),
      ['suites[0].checks[0].capture — expected ordered: true: in no other suite a check comes after it'],
    ],
    [
      'a value before it is there',
      suite('ordered: true', '{ name: a, path: "/${x}", capture: { x: { json: x } } }'),
      ['suites[0].checks[0] — expected a check before it that captures x'],
    ],
    [
      'a value that is there',
      suite(
        'ordered: true',
        '{ name: a, path: /, capture: { x: { json: x } } }',
        '{ name: b, kind: websocket, path: "/${x}" }',
      ),
      [],
    ],
    [
      'a job in a path',
      suite('ordered: true', '{ name: a, kind: job, job: j }'),
      ['suites[0].checks[0].kind — expected http, websocket or tls in an ordered suite'],
    ],
    [
      'no figure',
      suite('', '{ name: a, kind: metrics }'),
      ['suites[0].checks[0] — expected errorRatio or latencyP95, or both'],
    ],
    [
      'figures before there are any',
      suite('when: [candidate]', '{ name: a, kind: metrics, errorRatio: 1% }'),
      ['suites[0].checks[0] — expected a suite that is asked under traffic: before it there are no requests'],
    ],
    [
      'asked under traffic that there is not',
      suite('when: [traffic]', a, '{ name: b, path: /b, severity: advisory }', '{ name: c, path: /c }'),
      [
        'suites[0].when — expected after too, or a share below 100 in traffic.steps: a, c would never be asked',
      ],
    ],
    [
      'asked at a share of the traffic that there is',
      suite('when: [traffic]', a) + 'traffic: { steps: [50, 100] }\n',
      [],
    ],
    ['asked at another time too', suite('when: [traffic, after]', a), []],
    ['asked before traffic too', suite('when: [candidate, traffic]', a), []],
    [
      'without need asked under traffic that there is not',
      suite('when: [traffic]', '{ name: a, path: /, severity: advisory }'),
      [],
    ],
    [
      'figures of a share that there is not',
      suite('when: [candidate, traffic]', '{ name: m, kind: metrics, errorRatio: 1% }', a),
      ['suites[0].when — expected after too, or a share below 100 in traffic.steps: m would never be asked'],
    ],
    [
      'a public name that is not told',
      suite('through: load-balancer', a),
      ['suites[0].through — expected an address beside it: no load balancer is declared'],
    ],
    [
      'the public name of the app',
      suite('through: load-balancer', a) + 'app: { loadBalancer: { host: api.example.com } }\n',
      [],
    ],
    [
      'the public name too early',
      suite('through: load-balancer, address: "https://api.example.com", when: [candidate, after]', a),
      ['suites[0].when — expected [after]: the public name leads to the candidate when it has all traffic'],
    ],
    [
      'an address of its own',
      suite('address: "https://api.example.com"', a),
      ['suites[0].address — expected through: load-balancer beside it: the service has its own address'],
    ],
    ...[
      'https://169.254.169.254',
      'https://metadata.google.internal',
      'http://api.example.com',
      'https://localhost',
      'https://a@b.example.com',
      'https://b.example.com/x',
      'https://[fd20:ce::254]',
    ].map((address): [string, string, string[]] => [
      `the address ${address}`,
      suite(`through: load-balancer, address: "${address}"`, a),
      ['suites[0].address — expected https:// and a public host name, without a path'],
    ]),
  ])('cannot be %s, or can', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });
});

it('holds a suite against the traffic of each environment', () => {
  const text = `${suite('when: [traffic]', a)}traffic: { steps: [50, 100] }\n`;
  expect(problems(text)).toEqual([]);
  const own = `${place.slice(0, -1)}, traffic: { steps: [100] } }`;
  expect(problems(text.replace(place, own))).toEqual([
    'suites[0].when — expected after too, or a share below 100 in traffic.steps: a would never be asked',
  ]);
});

describe('what a health probe wants', () => {
  it.each([
    ['{ timeout: 31s }', ['healthProbe.timeout — expected between 0.1 and 30 seconds']],
    ['{ status: [200, 204], expect: { contains: ok } }', []],
    [
      '{ status: 204, expect: { contains: ok } }',
      ['healthProbe.status — expected a status whose answers have a body'],
    ],
    [
      '{ status: 204, dependencies: { db: { field: db, equals: ok } } }',
      ['healthProbe.status — expected a status whose answers have a body'],
    ],
    [
      '{ expect: { json: { db: ok } }, dependencies: { db: { field: db, equals: up } } }',
      ['healthProbe.dependencies.db.equals — expected "ok", as in healthProbe.expect.json'],
    ],
    [
      '{ expect: { json: { a: 1, a.b: 1 } } }',
      ['healthProbe.expect.json["a.b"] — expected no value within a, which has a value itself'],
    ],
  ])('%s', (probe, expected) => {
    expect(problems(file(`healthProbe: ${probe}\n`))).toEqual(expected);
  });
});
