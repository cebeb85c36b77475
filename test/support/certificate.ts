import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** X.509 by hand, just enough for a TLS server: RFC 5280, with keys on P-256. */

export interface Pair {
  /** PEM */
  key: string;
  cert: string;
}

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value, 'latin1'));
const oid = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const time = (ms: number): Buffer =>
  text(0x18, `${new Date(ms).toISOString().replace(/[-:T]|\.\d+Z/g, '')}Z`);
const nameOf = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), text(0x0c, commonName))));

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const san = oid(0x55, 0x1d, 0x11);
const basicConstraints = oid(0x55, 0x1d, 0x13);
const yes = der(0x01, Buffer.from([0xff]));

/** An authority, and what it signs; each call makes new keys. */
export function createAuthority(commonName = 'Test CA') {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const day = 86_400_000;
  const lasting: [number, number] = [Date.now() - day, Date.now() + 3650 * day];
  const constraints = sequence(basicConstraints, yes, der(0x04, sequence(yes)));
  const ca = certificate(commonName, keys.publicKey, commonName, keys.privateKey, lasting, [constraints]);

  /** @param days when it begins and ends to be valid, from now */
  function issue(host: string, days: [number, number], selfSigned = false): Pair {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const valid = days.map((count) => Date.now() + count * day) as [number, number];
    const [issuer, key] = selfSigned ? [host, own.privateKey] : [commonName, keys.privateKey];
    const names = sequence(san, der(0x04, sequence(text(0x82, host))));
    const pem = own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return { key: pem, cert: certificate(host, own.publicKey, issuer, key, valid, [names]) };
  }
  return { ca, issue };
}

function certificate(
  subject: string,
  publicKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
  [from, to]: [number, number],
  extensions: Buffer[],
): string {
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x7f) | 1;
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(from), time(to)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, issuerKey);
  const whole = sequence(content, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
