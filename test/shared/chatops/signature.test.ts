import { describe, expect, test } from 'vitest';
import { sign, signatureProblem } from '#shared/chatops/signature.ts';

const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const nowSeconds = 1_531_420_618;
const body =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';

/** The example of https://docs.slack.dev/authentication/verifying-requests-from-slack */
const slacks = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';

const problemOf = (change: {
  signature?: string;
  timestamp?: string;
  body?: string | Buffer;
  nowSeconds?: number;
}) =>
  signatureProblem(
    secret,
    { signature: slacks, timestamp: String(nowSeconds), body, ...change },
    (change.nowSeconds ?? nowSeconds) * 1000 + 999,
  );

test("Slack's own example verifies, and is what we sign", () => {
  expect(sign(secret, String(nowSeconds), body)).toBe(slacks);
  expect(problemOf({})).toBeUndefined();
  expect(problemOf({ body: Buffer.from(body) })).toBeUndefined();
});

describe('a request is not from Slack', () => {
  test.each([
    ['when a byte of its body is another', { body: `${body} ` }, /signature is wrong/],
    [
      'when it is signed with another secret',
      { signature: sign('x', String(nowSeconds), body) },
      /signature is wrong/,
    ],
    ['when its signature is cut', { signature: slacks.slice(0, -1) }, /signature is wrong/],
    ['when its signature is longer', { signature: `${slacks}0` }, /signature is wrong/],
    [
      'when its signature is of another version',
      { signature: slacks.replace('v0', 'v1') },
      /signature is wrong/,
    ],
    [
      'when it has a multi-byte signature of that length',
      { signature: 'é'.repeat(slacks.length) },
      /signature is wrong/,
    ],
    ['without signature', { signature: '' }, /not signed/],
    ['without timestamp', { timestamp: '' }, /not signed/],
    ['when its timestamp is no number', { timestamp: '1e9' }, /no number/],
    [
      'when its timestamp is that of another request',
      { timestamp: String(nowSeconds - 1) },
      /signature is wrong/,
    ],
  ])('%s', (_, change, problem) => {
    expect(problemOf(change)).toMatch(problem);
  });

  test.each([
    [-301, /301 s in the future/],
    [-86_400, /86400 s in the future/],
    [301, /301 s old/],
    [86_400, /86400 s old/],
  ])('%i seconds after it was signed', (seconds, problem) => {
    expect(problemOf({ nowSeconds: nowSeconds + seconds })).toMatch(problem);
  });
});

test.each([-300, 300])('a request is from Slack %i seconds after it was signed', (seconds) => {
  expect(problemOf({ nowSeconds: nowSeconds + seconds })).toBeUndefined();
});

test('an empty secret signs and verifies nothing', () => {
  expect(() => sign('', '1', body)).toThrow('the signing secret is empty');
  expect(() => signatureProblem('', { signature: slacks, timestamp: '1', body }, 1000)).toThrow(
    'the signing secret is empty',
  );
});
