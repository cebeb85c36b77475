import type { TlsCheck } from '#shared/domain/service/checks.ts';
import type { PeerCertificate } from '#shared/ports/prober.ts';

const dayMs = 86_400_000;

/** What a TLS server shows, held against what a check wants; every difference is named, with names and dates. */
export function judgeCertificate(
  wanted: Pick<TlsCheck, 'minimumDays' | 'minimumVersion'>,
  host: string,
  shown: PeerCertificate,
  nowMs: number,
): { pass: boolean; observed: string; expected: string } {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const days = Math.floor((shown.validToMs - nowMs) / dayMs);
  const problems: string[] = [];
  if (shown.validToMs <= nowMs) problems.push(`it expired on ${day(shown.validToMs)}`);
  else if (days < wanted.minimumDays) problems.push(`it expires in ${days} days`);
  if (shown.validFromMs > nowMs) problems.push(`it is not valid before ${day(shown.validFromMs)}`);
  const told = problems.length > 0 && /EXPIRED|NOT_YET_VALID/.test(shown.problem ?? '');
  if (shown.problem !== undefined && !told) problems.push(inWords(shown, host));
  // Versions compare as texts.
  if (shown.protocol < wanted.minimumVersion) problems.push(`${shown.protocol} was agreed on`);
  const about = `certificate of ${shown.subject} by ${shown.issuer}, ${day(shown.validFromMs)} to ${day(shown.validToMs)}`;
  return {
    pass: problems.length === 0,
    observed: problems.length === 0 ? `${about}, ${shown.protocol}` : `${problems.join(', ')}: ${about}`,
    expected: `a trusted certificate for ${host}, valid for ${wanted.minimumDays} more days, ${wanted.minimumVersion} or newer`,
  };
}

function inWords({ problem = '', names }: PeerCertificate, host: string): string {
  switch (problem) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'it is signed by itself';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `it is not for ${host} but for ${names.join(', ') || 'no name'}`;
    default:
      return `it is not trusted (${problem})`;
  }
}
