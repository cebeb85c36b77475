import { describe, expect, it } from 'vitest';
import { decodeJwt } from 'jose';
import { createIdentity } from '#local/identity/identity.ts';
import { openStore } from '#local/store.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const email = 'deploy@slipway-local.iam.gserviceaccount.com';
const issuer = 'http://127.0.0.1:4100';
const hour = 3_600_000;

const setUp = async (store = openStore(':memory:'), name = issuer) => {
  const clock = createVirtualClock();
  return { store, clock, identity: await createIdentity({ store, clock, issuer: name }) };
};

describe('access tokens', () => {
  it('name their owner', async () => {
    const { identity } = await setUp();
    expect(identity.authenticate(identity.accessToken(email))).toBe(email);
  });

  it('are refused after an hour', async () => {
    const { identity, clock } = await setUp();
    const token = identity.accessToken(email);
    await clock.advance(hour - 1000);
    expect(identity.authenticate(token)).toBe(email);
    await clock.advance(1000);
    expect(identity.authenticate(token)).toBeUndefined();
  });

  it('are accepted after a restart on the same store, and by no other stack', async () => {
    const first = await setUp();
    const token = first.identity.accessToken(email);
    const again = await setUp(first.store);
    const other = await setUp();
    expect(again.identity.authenticate(token)).toBe(email);
    expect(other.identity.authenticate(token)).toBeUndefined();
  });

  it.each([
    ['nothing', () => ''],
    ["a token of Google's", () => 'ya29.c.abcdef'],
    ['half a token', (token: string) => token.split('.').slice(0, 3).join('.')],
    [
      'another e-mail under the old signature',
      (token: string) => {
        const [, , , signature] = token.split('.');
        const claims = Buffer.from(JSON.stringify({ email: 'admin@x.test', exp: 9e9 })).toString('base64url');
        return `ya29.local.${claims}.${signature}`;
      },
    ],
  ])('%s is nobody', async (_, forge) => {
    const { identity } = await setUp();
    expect(identity.authenticate(forge(identity.accessToken(email)))).toBeUndefined();
  });

  it('are not made for something that is no e-mail', async () => {
    const { identity } = await setUp();
    expect(() => identity.accessToken('default')).toThrow('"default" is no e-mail of an account');
  });
});

describe('identity tokens', () => {
  const audience = 'http://127.0.0.1:4200';

  it("carry the claims of Google's", async () => {
    const { identity, clock } = await setUp();
    const claims = decodeJwt(await identity.idToken(email, audience));
    expect(claims).toMatchObject({ iss: issuer, aud: audience, email, email_verified: true });
    expect(claims.exp).toBe(clock.now() / 1000 + 3600);
    expect(claims.sub).toMatch(/^\d{21}$/);
  });

  it('are verified, also after a restart', async () => {
    const { identity, store } = await setUp();
    const token = await identity.idToken(email, audience);
    expect(await identity.verifyIdToken(token, audience)).toBe(email);
    expect(await (await setUp(store)).identity.verifyIdToken(token, audience)).toBe(email);
  });

  it('prove nobody for another audience, after an hour, from another stack or issuer, or without signature', async () => {
    const { identity, clock, store } = await setUp();
    const token = await identity.idToken(email, audience);
    const unsigned = `${token.split('.').slice(0, 2).join('.')}.`;
    expect(await identity.verifyIdToken(token, 'http://127.0.0.1:4201')).toBeUndefined();
    expect(await identity.verifyIdToken(unsigned, audience)).toBeUndefined();
    expect(await (await setUp()).identity.verifyIdToken(token, audience)).toBeUndefined();
    expect(
      await (await setUp(store, 'http://elsewhere')).identity.verifyIdToken(token, audience),
    ).toBeUndefined();
    await clock.advance(hour);
    expect(await identity.verifyIdToken(token, audience)).toBeUndefined();
  });
});
