import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printCommand, type ChatCommand } from '#shared/chatops/command.ts';
import { forms, helpLines, verbs } from '#shared/chatops/help.ts';
import { maxTextLength, parseCommand } from '#shared/chatops/parse-command.ts';
import { escapeText } from '#shared/slack/escape.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const hello = { service: 'hello', environment: 'staging' };

describe('a command as people type it', () => {
  const rows: [string, ChatCommand][] = [
    ['', { verb: 'help' }],
    ['   ', { verb: 'help' }],
    ['help', { verb: 'help' }],
    ['HELP Rollback', { verb: 'help', about: 'rollback' }],
    ['--help', { verb: 'help' }],
    ['deploy hello staging', { verb: 'deploy', ...hello }],
    ['hello staging', { verb: 'deploy', ...hello }],
    ['Hello Staging V1.4', { verb: 'deploy', ...hello, ref: 'V1.4' }],
    ['deploy hello to staging v1.4.2', { verb: 'deploy', ...hello, ref: 'v1.4.2' }],
    ['hello in staging', { verb: 'deploy', ...hello }],
    [`deploy hello staging ${digest}`, { verb: 'deploy', ...hello, ref: digest }],
    ['deploy hello prod v1', { verb: 'deploy', service: 'hello', environment: 'prod', ref: 'v1' }],
    ['deploy hello staging v1 reason="the fix"', { verb: 'deploy', ...hello, ref: 'v1', reason: 'the fix' }],
    ['deploy hello staging reason="the fix" v1', { verb: 'deploy', ...hello, ref: 'v1', reason: 'the fix' }],
    ['deploy hello staging v1 reason=fix', { verb: 'deploy', ...hello, ref: 'v1', reason: 'fix' }],
    ['deploy hello staging v1 REASON=fix', { verb: 'deploy', ...hello, ref: 'v1', reason: 'fix' }],
    [
      "hello staging v1 reason='it is broken'",
      { verb: 'deploy', ...hello, ref: 'v1', reason: 'it is broken' },
    ],
    [
      'hello staging v2 change="#1278 Longer timeout" change-url=<https://example.com/1278> claim="90 s =&gt; config:app.database.timeout=90s" claim=isolated',
      {
        verb: 'deploy',
        ...hello,
        ref: 'v2',
        change: {
          id: '#1278',
          title: 'Longer timeout',
          url: 'https://example.com/1278',
          claims: ['90 s => config:app.database.timeout=90s', 'isolated'],
        },
      },
    ],
    ['hello staging v1 reason= "x y"', { verb: 'deploy', ...hello, ref: 'v1', reason: 'x y' }],
    // A phone's keyboard.
    ['Hello staging v1 reason=“the fix”', { verb: 'deploy', ...hello, ref: 'v1', reason: 'the fix' }],
    [
      'hello staging v1 —reason “it’s broken”',
      { verb: 'deploy', ...hello, ref: 'v1', reason: "it's broken" },
    ],
    ['hello staging\u00a0v1.4.2–rc1', { verb: 'deploy', ...hello, ref: 'v1.4.2-rc1' }],
    ['\u200bhello\u2028staging\nv1', { verb: 'deploy', ...hello, ref: 'v1' }],
    [
      'hello staging v1 override–freeze=“down”',
      { verb: 'deploy', ...hello, ref: 'v1', overrideFreeze: 'down' },
    ],
    [
      'hello staging v1 override-freeze="shop is down" reason="fix"',
      { verb: 'deploy', ...hello, ref: 'v1', overrideFreeze: 'shop is down', reason: 'fix' },
    ],
    ['deploy hello staging v1 dry-run', { verb: 'plan', ...hello, ref: 'v1' }],
    ['deploy hello staging —dry-run', { verb: 'plan', ...hello }],
    ['plan hello staging v1', { verb: 'plan', ...hello, ref: 'v1' }],
    ['diff hello staging', { verb: 'diff', ...hello }],
    ['status', { verb: 'status' }],
    ['Status hello', { verb: 'status', service: 'hello' }],
    ['status hello staging', { verb: 'status', ...hello }],
    ['status D1F3K7Q2X9AB', { verb: 'status', deploymentId: 'd1f3k7q2x9ab' }],
    // Twelve letters that begin with a `d` are a name.
    ['status dispatchings', { verb: 'status', service: 'dispatchings' }],
    ['history hello', { verb: 'history', service: 'hello', count: 5 }],
    ['history hello staging', { verb: 'history', ...hello, count: 5 }],
    ['history hello 20', { verb: 'history', service: 'hello', count: 20 }],
    ['history hello staging 1', { verb: 'history', ...hello, count: 1 }],
    ['rollback hello staging', { verb: 'rollback', ...hello }],
    [
      'rollback hello staging to hello-d1f3k7q2x9ab',
      { verb: 'rollback', ...hello, to: 'hello-d1f3k7q2x9ab' },
    ],
    [
      'rollback hello staging to v1.4 it burns',
      { verb: 'rollback', ...hello, to: 'v1.4', reason: 'it burns' },
    ],
    [
      'rollback hello staging force it burns',
      { verb: 'rollback', ...hello, force: true, reason: 'it burns' },
    ],
    ["rollback hello staging don't ask", { verb: 'rollback', ...hello, reason: "don't ask" }],
    ['rollback hello staging v1.4 is broken', { verb: 'rollback', ...hello, reason: 'v1.4 is broken' }],
    ['rollback hello staging error=500', { verb: 'rollback', ...hello, reason: 'error=500' }],
    ['rollback hello staging reason="back to v1"', { verb: 'rollback', ...hello, reason: 'back to v1' }],
    ['cancel d1f3k7q2x9ab', { verb: 'cancel', deploymentId: 'd1f3k7q2x9ab' }],
    [
      'cancel d1f3k7q2x9ab wrong branch',
      { verb: 'cancel', deploymentId: 'd1f3k7q2x9ab', reason: 'wrong branch' },
    ],
    ['cancel hello staging wrong branch', { verb: 'cancel', ...hello, reason: 'wrong branch' }],
    ['approve A1F3K7Q2X9AB', { verb: 'approve', approvalId: 'a1f3k7q2x9ab' }],
    ['reject a1f3k7q2x9ab', { verb: 'reject', approvalId: 'a1f3k7q2x9ab' }],
    ['reject a1f3k7q2x9ab not now', { verb: 'reject', approvalId: 'a1f3k7q2x9ab', reason: 'not now' }],
    ['lock hello staging release day', { verb: 'lock', ...hello, reason: 'release day' }],
    [
      'lock hello staging for 2h release day',
      { verb: 'lock', ...hello, forSeconds: 7200, reason: 'release day' },
    ],
    [
      'lock hello staging —steal —reason “ana’s away”',
      { verb: 'lock', ...hello, steal: true, reason: "ana's away" },
    ],
    ['unlock hello staging', { verb: 'unlock', ...hello }],
    ['unlock hello staging all is well', { verb: 'unlock', ...hello, reason: 'all is well' }],
    ['unlock hello staging steal reason="away"', { verb: 'unlock', ...hello, steal: true, reason: 'away' }],
    ['quarantine', { verb: 'quarantine' }],
    ['quarantine list', { verb: 'quarantine' }],
    [
      'quarantine release hello.staging.01.89 the database is back',
      { verb: 'quarantine', release: { id: 'hello.staging.01.89', reason: 'the database is back' } },
    ],
    ['doctor', { verb: 'doctor' }],
    // What Slack makes of names, channels, groups, links and signs.
    ['lock hello staging <@U123|ana> deploys', { verb: 'lock', ...hello, reason: '@ana deploys' }],
    ['lock hello staging <@U123> deploys', { verb: 'lock', ...hello, reason: '@U123 deploys' }],
    ['lock hello staging see <#C1|ops>', { verb: 'lock', ...hello, reason: 'see #ops' }],
    [
      'lock hello staging <!subteam^S1|@ops> and <!here>',
      { verb: 'lock', ...hello, reason: '@ops and @here' },
    ],
    ['lock hello staging see <http://a.bc/d|a.bc/d>', { verb: 'lock', ...hello, reason: 'see a.bc/d' }],
    [
      'lock hello staging <https://a.bc/?x=1&amp;y=2>',
      { verb: 'lock', ...hello, reason: 'https://a.bc/?x=1&y=2' },
    ],
    ['deploy hello staging <http://v1.app|v1.app>', { verb: 'deploy', ...hello, ref: 'v1.app' }],
    ['lock hello staging a &lt; b &amp;lt; c', { verb: 'lock', ...hello, reason: 'a < b &lt; c' }],
    // Near a verb, but only a service makes sense of the rest.
    ['helm staging', { verb: 'deploy', service: 'helm', environment: 'staging' }],
    ['clock staging', { verb: 'deploy', service: 'clock', environment: 'staging' }],
  ];

  test.each(rows)('%s', (text, command) => {
    expect(parseCommand(text)).toEqual(command);
  });
});

describe('a command that cannot be understood says what is wrong, and what was probably meant', () => {
  test.each([
    ['deploy', /service is missing.*deploy SERVICE ENVIRONMENT/, undefined],
    ['deploy hello', /environment is missing.*deploy SERVICE ENVIRONMENT/, undefined],
    ['hello', /environment is missing/, undefined],
    ['deploy hello v1.4.2 to staging', /environment comes before/, 'deploy hello staging v1.4.2'],
    ['deploy status hello', /"status" is a command/, 'status hello'],
    ['deploy hello staging v1 please', /"please" is one word too many/, 'deploy hello staging v1'],
    ['stauts hello', /no command "stauts"/, 'status hello'],
    ['roolback hello production', /no command "roolback"/, 'rollback hello production'],
    ['cancle d1f3k7q2x9ab', /no command "cancle"/, 'cancel d1f3k7q2x9ab'],
    ['plane staging v1', /service of that name.*: deploy plane staging v1/, 'plan staging v1'],
    ['help rolback', /no command "rolback"/, 'help rollback'],
    ['help xyzzy', /no command "xyzzy"/, 'help'],
    ['deploy my_app staging', /"my_app" is no name of a service/, undefined],
    ['deploy hello @ana', /"@ana" is no name of an environment/, undefined],
    ['deploy hello staging sha256:abc', /"sha256:abc" is no digest/, undefined],
    [
      'deploy hello staging canary=10',
      /"canary=10".*options reason=, change=, change-url=, claim= and override-freeze=/,
      undefined,
    ],
    ['deploy hello staging v1 change=1278', /"1278": expected its id and its title/, undefined],
    ['deploy hello staging v1 claim=x', /wants the change it belongs to/, undefined],
    [
      'deploy hello staging v1 change="1 x" change-url=x',
      /url: expected an http or https address/,
      undefined,
    ],
    ['deploy hello staging reason=the fix v2', /need quotes/, 'deploy hello staging reason="the fix v2"'],
    ['lock hello staging reason=release day', /need quotes/, 'lock hello staging reason="release day"'],
    [
      'rollback hello staging reason=broken to v1',
      /go back to/,
      'rollback hello staging to v1 reason="broken"',
    ],
    ['deploy hello staging v1 reason=', /reason= is empty/, undefined],
    ['deploy hello staging v1 reason=“”', /reason= is empty/, undefined],
    [
      'deploy hello staging reason=a reason=b',
      /reason= stands there twice/,
      'deploy hello staging reason="b"',
    ],
    ['status hello reason=x', /status takes no reason=/, 'status hello'],
    ['plan hello staging v1 override-freeze="x"', /plan takes no override-freeze=/, 'plan hello staging v1'],
    ['history hello 21', /21 deployments: expected a number from 1 to 20/, 'history hello 20'],
    ['history hello 0', /from 1 to 20/, 'history hello 20'],
    ['history', /service is missing/, undefined],
    // A release that is taken for a reason would roll back to something else.
    ['rollback hello staging v1.4.1', /Is "v1.4.1" what to go back to/, 'rollback hello staging to v1.4.1'],
    ['rollback hello staging d1f3k7q2x9ab', /what to go back to/, 'rollback hello staging to d1f3k7q2x9ab'],
    ['rollback hello staging broken to v1.4', /go back to/, 'rollback hello staging to v1.4 reason="broken"'],
    ['rollback hello staging to', /To what/, undefined],
    ['approve d1f3k7q2x9ab', /"d1f3k7q2x9ab" is no approval/, undefined],
    ['approve', /is no approval/, undefined],
    ['lock hello staging', /reason is missing/, undefined],
    ['lock hello staging for release day', /for "release": expected a duration/, undefined],
    ['lock hello staging for 367d x', /at most 366d/, undefined],
    ['lock hello staging for 0h x', /expected a duration/, undefined],
    ['lock hello staging steal ana is away', /wants reason=/, undefined],
    ['unlock hello staging steal', /wants reason=/, undefined],
    ['quarantine release', /id is missing/, undefined],
    ['quarantine release x', /reason is missing/, undefined],
    ['quarantine lift x', /quarantine \[list/, undefined],
    ['reason="x"', /service is missing/, undefined],
    ['deploy hello staging “unclosed', /neither a tag nor a digest/, undefined],
  ])('%s', (text, problem, didYouMean) => {
    const answer = parseCommand(text) as { problem: string; didYouMean?: string };
    expect(answer.problem).toMatch(problem);
    expect(answer.didYouMean).toBe(didYouMean);
  });

  test('what was probably meant can be understood', () => {
    const answer = parseCommand('rollback hello staging the "new" db broke v1 to v1.4') as {
      didYouMean: string;
    };
    expect(parseCommand(answer.didYouMean)).toMatchObject({ verb: 'rollback', to: 'v1.4' });
  });
});

test('a text that is longer than 900 characters is refused, one of 900 is read', () => {
  const claims = Array.from({ length: 3 }, () => `claim=${'c'.repeat(250)}`).join(' ');
  const text = `hello staging ${claims} change="1 x`.padEnd(maxTextLength - 1, 'x');
  expect(parseCommand(`${text}"`)).toMatchObject({ verb: 'deploy', change: { claims: { length: 3 } } });
  expect(parseCommand(`${text}x"`)).toEqual({
    problem: 'The command has 901 characters, expected at most 900.',
  });
});

test.each([
  ['lock hello staging ', 'The reason has 301 characters, expected at most 300.'],
  ['deploy hello staging reason=', 'reason= has 301 characters, expected at most 300.'],
  ['deploy hello staging change="1 x" claim=', 'claim= has 301 characters, expected at most 300.'],
])('what is kept of a command is at most 300 characters long: %s…', (start, problem) => {
  expect(parseCommand(start + 'x'.repeat(301))).toEqual({ problem });
  expect(parseCommand(start + 'x'.repeat(300))).toMatchObject({ service: 'hello' });
});

test('no text of 900 characters takes long to read', () => {
  const texts = ['"\\', '\\\\"', "'", '"', '<', '&', '— ', 'reason=', '-', 'a=', '" '].map((part) =>
    `lock hello staging ${part.repeat(maxTextLength)}`.slice(0, maxTextLength),
  );
  const startMs = performance.now();
  for (const text of texts) parseCommand(text);
  expect(performance.now() - startMs).toBeLessThan(200);
});

describe('every command', () => {
  const reason = fc
    .string({ minLength: 1, maxLength: 40 })
    .map((text) => text.trim())
    .filter((text) => text !== '' && !/[\s\p{Cc}]/u.test(text.replaceAll(' ', '')));
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((text) => !verbs.includes(text as never));
  const environment = name.filter((text) => !/^(in|on|to)$/.test(text));
  const place = { service: name, environment };
  const ref = fc.oneof(fc.stringMatching(/^v[0-9]{1,3}\.[0-9]{1,3}$/), fc.constant(digest));
  const id = (letter: string) => fc.stringMatching(new RegExp(`^${letter}1[0-9a-hj-km-z]{10}$`));
  const some = { requiredKeys: ['verb', 'service', 'environment'] } as { requiredKeys: never[] };
  const change = fc.record(
    {
      id: fc.stringMatching(/^#?[A-Z0-9-]{1,12}$/),
      title: reason,
      url: fc.constant('https://example.com/issues/1'),
      claims: fc.array(reason, { maxLength: 3 }),
    },
    { requiredKeys: ['id', 'title', 'claims'] },
  );
  const verb = <Name extends string>(name: Name) => fc.constant(name);
  const command = fc.oneof(
    fc.record({ verb: verb('deploy'), ...place, ref, reason, change, overrideFreeze: reason }, some),
    fc.record({ verb: fc.constantFrom('plan', 'diff'), ...place, ref }, some),
    fc.record({ verb: verb('status') }),
    fc.record({ verb: verb('status'), ...place }),
    fc.record({ verb: fc.constantFrom('status', 'cancel'), deploymentId: id('d') }),
    fc.record({ verb: verb('history'), ...place, count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ verb: verb('rollback'), ...place, to: ref, force: fc.constant(true), reason }, some),
    fc.record({ verb: verb('cancel'), ...place, reason }, some),
    fc.record({ verb: verb('approve'), approvalId: id('a') }),
    fc.record({ verb: verb('reject'), approvalId: id('a'), reason }),
    fc.record({
      verb: verb('lock'),
      ...place,
      forSeconds: fc.integer({ min: 1, max: 366 * 86_400 }),
      steal: fc.constant(true),
      reason,
    }),
    fc.record({ verb: verb('unlock'), ...place, reason }, some),
    fc.record({ verb: verb('quarantine'), release: fc.record({ id: name, reason }) }),
    fc.record({ verb: verb('help'), about: fc.constantFrom(...verbs) }),
  ) as fc.Arbitrary<ChatCommand>;

  test('is found again in its text, escaped as Slack does', () => {
    fc.assert(
      fc.property(command, (command) => {
        const text = escapeText(printCommand(command));
        fc.pre(text.length <= maxTextLength);
        expect(parseCommand(text)).toEqual(command);
      }),
    );
  });

  test('has a form, and examples in help that can be understood', () => {
    for (const verb of verbs) {
      for (const example of forms[verb].examples) expect(parseCommand(example)).toMatchObject({ verb });
      expect(helpLines(verb, '/ship')[0]).toBe(`\`/ship ${forms[verb].form}\``);
    }
    expect(helpLines()).toHaveLength(verbs.length);
  });
});
