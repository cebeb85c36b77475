import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { Fault } from '#shared/domain/fault.ts';
import type { PeerCertificate, Prober } from '#shared/ports/prober.ts';
import { faultOfSilence } from './fault-of.ts';
import { checkedLookup, checkedUrl, stopped, timeLimit } from './probe-target.ts';

type Asked = Parameters<Prober['certificate']>[0];

/** One handshake, as a browser would make it, but it ends with what the server showed whatever that is. */
export async function readCertificate(asked: Asked, trust: { ca?: string }): Promise<PeerCertificate> {
  const what = `the TLS handshake with ${asked.url}`;
  const { hostname, port, protocol } = checkedUrl(asked, what);
  if (protocol !== 'https:') throw new Fault('invalid-input', `${asked.url} has no TLS`);
  const signal = timeLimit(asked);
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect({
        host: hostname,
        port: Number(port || 443),
        ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
        lookup: checkedLookup,
        // What is wrong with it is the answer, not an error.
        rejectUnauthorized: false,
        ...trust,
      });
      const stop = (): void => void socket.destroy(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      socket.once('error', reject);
      socket.once('close', () => {
        signal.removeEventListener('abort', stop);
        reject(new Error('the connection was closed'));
      });
      socket.once('secureConnect', () => {
        // Text, whatever the type says.
        const problem: unknown = socket.authorizationError;
        const shown = certificateOf(socket.getPeerCertificate(true), socket.getProtocol() ?? '');
        resolve(socket.authorized ? shown : { ...shown, problem: problemOf(problem) });
        socket.destroy();
      });
    });
  } catch (error) {
    if (asked.signal?.aborted) throw stopped(what, asked.signal);
    throw faultOfSilence(what, error, asked.timeoutSeconds);
  }
}

const problemOf = (problem: unknown): string =>
  problem instanceof Error ? ((problem as NodeJS.ErrnoException).code ?? problem.message) : String(problem);

const certificateOf = (shown: DetailedPeerCertificate, protocol: string): PeerCertificate => ({
  protocol,
  subject: nameOf(shown.subject),
  names: (shown.subjectaltname ?? '')
    .split(', ')
    .flatMap((name) => (name === '' ? [] : [name.replace(/^(?:DNS|IP Address):/, '')])),
  issuer: nameOf(shown.issuer),
  validFromMs: Date.parse(shown.valid_from),
  validToMs: Date.parse(shown.valid_to),
});

const nameOf = ({ CN, O }: { CN?: string | string[]; O?: string | string[] } = {}): string =>
  [CN ?? O ?? 'without a name'].flat().join(', ');
