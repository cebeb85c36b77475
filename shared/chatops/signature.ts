import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's, for both ways: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const windowSeconds = 300;

/**
 * What Slack writes into `X-Slack-Signature` for a body sent at a moment.
 * @param timestamp seconds since the epoch, as in `X-Slack-Request-Timestamp`
 * @throws Error when the secret is empty: everybody knows the signature of nothing
 */
export function sign(secret: string, timestamp: string, body: Buffer | string): string {
  if (secret === '') throw new Error('the signing secret is empty');
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}

/**
 * Whether Slack sent this body, and did so within five minutes of now: no older, and no newer either.
 * @param nowMs milliseconds since the epoch
 * @returns why not, in words without anything secret; undefined when it is Slack's
 * @throws Error as `sign`
 */
export function signatureProblem(
  secret: string,
  request: { signature: string | undefined; timestamp: string | undefined; body: Buffer | string },
  nowMs: number,
): string | undefined {
  const { signature = '', timestamp = '' } = request;
  const expected = Buffer.from(sign(secret, timestamp, request.body));
  const given = Buffer.from(signature);
  if (signature === '' || timestamp === '') return 'it is not signed';
  if (!/^\d{1,12}$/.test(timestamp)) return 'its timestamp is no number of seconds';
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp);
  if (Math.abs(ageSeconds) > windowSeconds)
    return `its timestamp is ${Math.abs(ageSeconds)} s ${ageSeconds > 0 ? 'old' : 'in the future'}`;
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'its signature is wrong';
  return undefined;
}
