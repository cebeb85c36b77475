import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type JWK,
} from 'jose';
import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import type { Store } from '#local/store.ts';

/** Who calls: the tokens of one stack. Another stack's tokens, and Google's, are worth nothing here. */
export interface Identity {
  /** An access token of this stack for that service account e-mail; accepted by `authenticate` for one hour. */
  accessToken(email: string): string;
  /** E-mail of the owner of an access token, or undefined when it is not one of this stack's or is expired. */
  authenticate(token: string): string | undefined;
  /** A signed OIDC identity token (JWT, ES256, one hour) with the claims of Google's. */
  idToken(email: string, audience: string): Promise<string>;
  /** E-mail of the identity token's owner; undefined when signature, issuer, audience or expiry is wrong. */
  verifyIdToken(token: string, audience: string): Promise<string | undefined>;
}

/** How long both kinds of token live. */
export const tokenLifetimeSeconds = 3600;

/** As Google's start, so that a scanner of logs takes ours for the secrets they are. */
const accessTokenPrefix = 'ya29.local.';

interface Keys {
  id: 'keys';
  /** base64url; keys the HMAC of access tokens. */
  secret: string;
  /** Private; signs identity tokens. */
  signing: JWK;
}

const AccessClaims = z.strictObject({ email: z.string(), exp: z.number() });

/**
 * The keys are made once and kept in the store, so that tokens survive a restart of the stack.
 * @param options.issuer the `iss` of identity tokens: the stack's origin
 */
export async function createIdentity(options: {
  store: Store;
  clock: Clock;
  issuer: string;
}): Promise<Identity> {
  const { clock, issuer } = options;
  const keys = await loadKeys(options.store);
  const signing = await importJWK(keys.signing, 'ES256');
  const kid = await calculateJwkThumbprint(keys.signing);
  const nowSeconds = (): number => Math.floor(clock.now() / 1000);
  const mac = (text: string): Buffer => createHmac('sha256', keys.secret).update(text).digest();

  return {
    accessToken(email) {
      checkEmail(email);
      const claims = { email, exp: nowSeconds() + tokenLifetimeSeconds };
      const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
      return `${accessTokenPrefix}${text}.${mac(text).toString('base64url')}`;
    },
    authenticate(token) {
      if (!token.startsWith(accessTokenPrefix)) return undefined;
      const [text = '', signature = ''] = token.slice(accessTokenPrefix.length).split('.');
      const given = Buffer.from(signature, 'base64url');
      const own = mac(text);
      if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
      const claims = AccessClaims.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      return claims.exp > nowSeconds() ? claims.email : undefined;
    },
    async idToken(email, audience) {
      checkEmail(email);
      if (audience === '') throw new Error('audience of an identity token is empty: expected an address');
      const now = nowSeconds();
      return new SignJWT({ email, email_verified: true, azp: subjectOf(email) })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setSubject(subjectOf(email))
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + tokenLifetimeSeconds)
        .sign(signing);
    },
    async verifyIdToken(token, audience) {
      try {
        const { payload } = await jwtVerify(token, publicOf(keys.signing), {
          algorithms: ['ES256'],
          issuer,
          audience,
          currentDate: new Date(clock.now()),
        });
        return z.string().parse(payload['email']);
      } catch {
        // Whatever is wrong with a token, the answer is the same: it proves nobody.
        return undefined;
      }
    },
  };
}

async function loadKeys(store: Store): Promise<Keys> {
  const collection = store.collection<Keys>('identity');
  const kept = collection.get('keys');
  if (kept) return kept;
  const pair = await generateKeyPair('ES256', { extractable: true });
  const keys: Keys = {
    id: 'keys',
    secret: randomBytes(32).toString('base64url'),
    signing: await exportJWK(pair.privateKey),
  };
  collection.put('keys', keys);
  return keys;
}

function publicOf(jwk: JWK): JWK {
  const { d: _, ...rest } = jwk;
  return { ...rest, alg: 'ES256' };
}

function checkEmail(email: string): void {
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new Error(
      `"${email}" is no e-mail of an account: expected for example deploy@slipway-local.iam.gserviceaccount.com`,
    );
  }
}

/** Google's subjects are decimal numbers of 21 digits; ours are made from the e-mail so that they are stable. */
function subjectOf(email: string): string {
  const digest = createHash('sha256').update(email).digest('hex').slice(0, 16);
  return `1${(BigInt(`0x${digest}`) % 10n ** 20n).toString().padStart(20, '0')}`;
}
