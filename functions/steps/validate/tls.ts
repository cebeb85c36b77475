import { judgeCertificate } from '#shared/checks/certificate.ts';
import type { Check } from '#shared/domain/check.ts';
import type { TlsCheck } from '#shared/domain/service/checks.ts';
import { checkOf, lookOfFault, notRun, targetOf, withRetries, type Asking, type Look } from './asking.ts';

/** The certificate of the suite's address; an address without TLS, as on a laptop, has none to look at. */
export async function askTls(asking: Asking, wanted: TlsCheck): Promise<Check> {
  const { context, address } = asking;
  const { clock, prober } = context.deps;
  if (!address.startsWith('https:')) return notRun(asking, wanted, `${address} has no TLS`);
  const startedMs = clock.now();
  const told = await withRetries(context, wanted.retries, async (): Promise<Look> => {
    const attemptMs = clock.now();
    const lasted = (): number => clock.now() - attemptMs;
    try {
      const shown = await prober.certificate(targetOf(asking, '', wanted.timeout));
      const judged = judgeCertificate(wanted, new URL(address).hostname, shown, clock.now());
      const { pass, observed, expected } = judged;
      return { outcome: pass ? 'pass' : 'fail', observed, expected, durationMs: lasted() };
    } catch (error) {
      return lookOfFault(context, error, `TLS, ${wanted.minimumVersion} or newer`, lasted());
    }
  });
  return checkOf(asking, wanted, `TLS of ${address}`, startedMs, told);
}
