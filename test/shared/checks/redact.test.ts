import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '#shared/checks/redact.ts';

/** Put together, so that no scanner takes this file for a leak. */
const of = (...parts: string[]): string => parts.join('');
const from = (characters: string, minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...Array.from(characters)), { minLength, maxLength }).map((all) => all.join(''));
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const word = `${upper}${upper.toLowerCase()}0123456789`;
const random = (minLength: number) =>
  from(`${word}+/`, minLength, 90).filter(
    (text) => /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text) && !text.startsWith('/'),
  );
/** What nobody could take for a secret, and what could surround one. */
const around = fc.constantFrom(
  '',
  'connecting, ',
  'ERROR (db.js:12) ',
  '{"level":"info"} ',
  'a=1 b: 2 ',
  '→ ',
);
const body = fc.array(from(`${word}+/`, 64, 64), { minLength: 1, maxLength: 6 });

/** Each: the secret, and lines that hold it. */
const leaks: Record<string, fc.Arbitrary<{ secret: string; lines: string[] }>> = {
  'a value behind the name of a bound variable': from(`${word}!;&,@#`, 4, 30).map((secret) => ({
    secret,
    lines: [`DATABASE_URL=${secret}`],
  })),
  'a bound variable of several words, as an environment is printed': from(word, 4, 12).map((secret) => ({
    secret,
    lines: [`export DATABASE_URL=correct horse ${secret} staple`],
  })),
  'a quoted value with spaces and quotes': from(word, 4, 20).map((secret) => ({
    secret,
    lines: [`env is {"DATABASE_URL":"it is \\"${secret}\\" now","PORT":"8080"}`],
  })),
  'a quoted value that is cut off': from(word, 4, 20).map((secret) => ({
    secret,
    lines: [`{ DATABASE_URL: 'a ${secret} b`],
  })),
  'a value behind a name that tells': fc
    .tuple(
      fc.constantFrom(
        'password=',
        'dbPassword: ',
        'X-Api-Key: ',
        '"client_secret":"',
        '?access_token=',
        'PWD = ',
      ),
      from(word, 4, 30),
    )
    .map(([name, secret]) => ({ secret, lines: [`${name}${secret}`] })),
  'an Authorization header': from(word, 4, 20).map((secret) => ({
    secret,
    lines: [`authorization: Basic ${secret} more ${secret}`],
  })),
  'a bearer token': from(`${word}-._`, 16, 60).map((secret) => ({
    secret,
    lines: [`sent Bearer ${secret}`],
  })),
  'a password in an address': from(`${word}@/!:`, 4, 20).map((secret) => ({
    secret,
    lines: [`postgres://app:${secret}@10.0.0.3:5432/app`],
  })),
  'a token in an address': from(word, 16, 30).map((secret) => ({
    secret,
    lines: [`https://${secret}@git.example/x`],
  })),
  'a JWT': fc.tuple(from(word, 10, 20), from(word, 10, 20)).map(([head, tail]) => ({
    secret: tail,
    lines: [of('e', `yJ${head}.eyJzdWIi.${tail}`)],
  })),
  'a token of a well-known service': fc
    .tuple(
      fc.constantFrom(
        of('gh', 'p_'),
        of('xo', 'xb-'),
        of('sk', '_live_'),
        of('AI', 'za'),
        of('np', 'm_'),
        of('ya', '29.'),
      ),
      from(word, 32, 40),
    )
    .map(([prefix, secret]) => ({ secret, lines: [prefix + secret] })),
  'an AWS key': from(`${upper}0123456789`, 16, 16).map((secret) => ({
    secret,
    lines: [of('AK', 'IA', secret)],
  })),
  'long hexadecimal': from('0123456789abcdef', 32, 128).map((secret) => ({
    secret,
    lines: [`id ${secret}.`],
  })),
  'long base64': random(32).map((secret) => ({ secret, lines: [`got ${secret}== from it`] })),
  'a PEM block': body.map((lines) => ({
    secret: lines[0] ?? '',
    lines: [of('-----BEGIN', ' PRIVATE KEY-----'), ...lines, 'c2hvcnQ=', of('-----END', ' PRIVATE KEY-----')],
  })),
  'the end of a PEM block': body.map((lines) => ({
    secret: 'c2hvcnQ',
    lines: [...lines, 'c2hvcnQ=', of('-----END', ' EC PRIVATE KEY-----')],
  })),
  'the last line of a PEM block': from(word, 5, 20).map((secret) => ({
    secret,
    lines: [of(secret, '-----END', ' PRIVATE KEY-----')],
  })),
  'a PEM block that does not end': body.map((lines) => ({
    secret: 'dGFpbA',
    lines: [of('key: -----BEGIN', ' RSA PRIVATE KEY-----'), ...lines, 'dGFpbA'],
  })),
  'a PEM block on one line': from(word, 5, 20).map((secret) => ({
    secret,
    lines: [of('x -----BEGIN', ` PRIVATE KEY-----\\n${secret}\\n-----END`, ' PRIVATE KEY----- y')],
  })),
};

describe('redacting', () => {
  it.each(Object.entries(leaks))('leaves nothing of %s', (_, leak) => {
    fc.assert(
      fc.property(leak, around, around, ({ secret, lines }, before, after) => {
        const first = /^(export |-----)/.test(lines[0] ?? '') ? lines[0] : `${before}${lines[0]}`;
        const given = ['starting', first ?? '', ...lines.slice(1), `${after}done`];
        const said = redact(given, ['DATABASE_URL', 'API.KEY']);
        expect(said).toHaveLength(given.length);
        expect(said.join('\n')).not.toContain(secret);
        expect(said.join('\n')).toContain('[redacted]');
      }),
      { numRuns: 200 },
    );
  });

  it('twice changes nothing more', () => {
    const pieces = fc.oneof(
      ...Object.values(leaks).map((leak) => leak.map(({ lines }) => lines.join(' '))),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('password', '=', ':', '"', "'", ' ', '@', '://', 'DATABASE_URL', '[redacted]', '\\'),
    );
    const line = fc.array(pieces, { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        const once = redact(lines, ['DATABASE_URL']);
        expect(redact(once, ['DATABASE_URL'])).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'hello 1.1.0: cannot read its configuration, giving up',
    'Error: connect ECONNREFUSED 10.0.0.3:5432',
    'at Object.<anonymous> (/workspace/node_modules/pg-pool/index.js:45:11)',
    'at /usr/local/lib/python3.12/site-packages/SQLAlchemy2/engine/DefaultDialect/reflect',
    `pulled us-docker.pkg.dev/p/r/hello@sha256:${'0123456789abcdef'.repeat(4)}`,
    'https://d1f3k7q2x9ab---hello-424242424242.us-central1.run.app:443/healthz answered 503',
    'request 550e8400-e29b-41d4-a716-446655440000 took 12 ms',
    'Container called exit(1).',
    'Memory limit of 512 MiB exceeded with 516 MiB used.',
    '=============================================================',
    'DATABASE_URL is not set',
  ])('leaves an ordinary line alone: %s', (line) => {
    expect(redact([line], ['DATABASE_URL'])).toEqual([line]);
  });

  it('keeps what stands around a secret, so that the line still tells what happened', () => {
    expect(
      redact(
        [
          'cannot connect to postgres://app:hunter2@db.internal/app: ECONNREFUSED',
          '{"msg":"login","password":"a b","user":"ana"}',
          'DATABASE_URL=x is refused',
          'with DATABASE_URL=x it is refused',
        ],
        ['DATABASE_URL'],
      ),
    ).toEqual([
      'cannot connect to postgres://app:[redacted]@db.internal/app: ECONNREFUSED',
      '{"msg":"login","password":"[redacted]","user":"ana"}',
      'DATABASE_URL=[redacted]',
      'with DATABASE_URL=[redacted] it is refused',
    ]);
  });

  it('of a very long line takes no time to speak of', () => {
    const started = performance.now();
    const long = [
      '://a:'.repeat(800),
      'password'.repeat(500),
      'a1B'.repeat(1300),
      '"\\'.repeat(2000),
      'f'.repeat(4000),
    ];
    redact(long, ['DATABASE_URL']);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
