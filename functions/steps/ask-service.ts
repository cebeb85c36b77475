import { judgeHealth } from '#shared/checks/health.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { HealthProbe } from '#shared/domain/service/checks.ts';
import { shares } from '#shared/domain/traffic.ts';
import type { LiveService } from '#shared/ports/cloud-run.ts';
import type { Deps } from '#functions/deps.ts';
import { outOfReach } from '#functions/preflight/reach.ts';

/**
 * Is the service healthy after a way back? Asked at its own address, and judged by what the release that serves now was
 * deployed with: what a newer one promises of its health says nothing about it. Of a revision that Slipway did not deploy
 * no such promise is known, so that its status alone counts; what else would not fit is told.
 * @param from the deployment that is gone back from
 */
export async function askService(
  deps: Pick<Deps, 'config' | 'ledger' | 'prober'>,
  from: Deployment,
  live: LiveService,
  signal?: AbortSignal,
): Promise<{ ok: boolean; words: string }> {
  const why = outOfReach(from.config, deps.config);
  if (why !== undefined) return { ok: true, words: `not asked, ${why}` };
  const serving = shares(live.trafficStatuses).toSorted((a, b) => b.percent - a.percent)[0]?.revision;
  const promised = serving === undefined ? undefined : await promisedHealth(deps, serving);
  const probe = promised ?? from.config.healthProbe;
  try {
    const answer = await deps.prober.request({
      url: live.url + probe.path,
      method: 'GET',
      timeoutSeconds: probe.timeout,
      ...(live.isPublic ? {} : { audience: live.url }),
      allowedOrigins: [new URL(live.url).origin],
      ...(signal === undefined ? {} : { signal }),
    });
    const { ok, seen } = judgeHealth(probe, answer);
    const words = `GET ${probe.path} answered ${seen}`;
    if (ok) return { ok, words };
    if (promised || !judgeHealth({ status: probe.status }, answer).ok)
      return { ok, words: `not healthy: ${words}` };
    return {
      ok: true,
      words: `${words}; only the status counts, because ${serving ?? 'what serves'} is no release of Slipway's`,
    };
  } catch (error) {
    if (signal?.aborted || !(error instanceof Fault)) throw error;
    return { ok: false, words: error.message };
  }
}

/** What a revision's release promises of its health; undefined when it is none of Slipway's. */
export async function promisedHealth(
  { ledger }: Pick<Deps, 'ledger'>,
  revision: string,
): Promise<HealthProbe | undefined> {
  const [, id] = /-(d[0-9a-z]{11})$/.exec(revision) ?? [];
  return id === undefined ? undefined : (await ledger.get('deployments', id))?.config.healthProbe;
}
