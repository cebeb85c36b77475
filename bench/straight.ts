import { revisionTemplate } from '#shared/config/template.ts';
import { judgeHealth } from '#shared/checks/health.ts';
import { judgeAnswer } from '#shared/checks/http.ts';
import { systemClock } from '#shared/clock.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { createTokens } from '#shared/google/auth.ts';
import { createCloudRun } from '#shared/google/cloud-run.ts';
import { createProber } from '#shared/google/prober.ts';
import { createRegistry } from '#shared/google/registry.ts';
import { createRest } from '#shared/google/rest.ts';
import type { LiveService } from '#shared/ports/cloud-run.ts';

/**
 * What the pipeline is measured against: one program that makes the same calls to the registry, Cloud Run and the service
 * in a row, with the same pauses, and does nothing else: no events, no ledger, no workflow, no report, no Slack.
 */
export function createStraightDeployer(env: Record<string, string>) {
  const tokens = createTokens();
  const rest = createRest({ tokens });
  const run = createCloudRun({ endpoint: env.RUN_ENDPOINT ?? '', rest });
  const registry = createRegistry({ endpoint: env.REGISTRY_ENDPOINT, rest });
  const prober = createProber({ tokens });

  async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await systemClock.sleep(250);
    }
  }

  const get = async (url: string, timeoutSeconds: number) =>
    prober.request({ url, method: 'GET', timeoutSeconds, allowedOrigins: [new URL(url).origin] });

  /** Deploys a tag of an existing public service. @param id names the revision and the tag */
  return async function deploy(config: ServiceConfig, tag: string, id: string): Promise<void> {
    const ref = { project: config.project, region: config.region, name: config.cloudRunService };
    const service = async (): Promise<LiveService> => {
      const live = await run.getService(ref);
      if (!live) throw new Error(`${ref.name} does not exist`);
      return live;
    };
    const revision = `${ref.name}-${id}`;
    const write = async (body: Record<string, unknown>, mask: string[]): Promise<void> => {
      await run.updateService(ref, body, mask, (await service()).etag);
    };
    const probe = async (addresses: string[]): Promise<void> => {
      const answers = await Promise.all(
        addresses.map((address) => get(address + config.healthProbe.path, config.healthProbe.timeout)),
      );
      if (answers.some((answer) => !judgeHealth(config.healthProbe, answer).ok)) throw new Error('unhealthy');
    };
    const validate = async (address: string): Promise<void> => {
      const checks = config.suites.flatMap((suite) => suite.checks).filter((check) => check.kind === 'http');
      await Promise.all(
        checks.map(async (check) => {
          const answer = await get(address + check.path, check.timeout);
          const judged = judgeAnswer(check.expect, answer);
          if (!judged.pass && check.severity === 'required') throw new Error(judged.observed);
        }),
      );
    };

    const before = await service();
    const stable = before.trafficStatuses.find((target) => target.percent === 100)?.revision ?? '';
    const image = await registry.resolve(config.image, tag);
    if (!image) throw new Error(`${config.image}:${tag} is not there`);

    const target = (name: string, percent: number, tagged?: string) => ({
      type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
      revision: name,
      percent,
      ...(tagged === undefined ? {} : { tag: tagged }),
    });
    const template = revisionTemplate(config, `${config.image}@${image.digest}`, revision);
    await write({ template, traffic: [target(stable, 100), target(revision, 0, id)] }, [
      'template',
      'traffic',
    ]);
    await until(async () => ((await run.getRevision(ref, revision))?.status === 'ready' ? true : undefined));
    const url = await until(
      async () => (await service()).trafficStatuses.find((known) => known.tag === id)?.url,
    );

    for (let success = 1; success <= config.healthProbe.successes; success += 1) {
      await probe([url]);
      if (success < config.healthProbe.successes) await systemClock.sleep(config.healthProbe.interval * 1000);
    }
    await validate(url);
    for (const percent of config.traffic.steps) {
      const shares = [target(revision, percent), ...(percent === 100 ? [] : [target(stable, 100 - percent)])];
      await write({ traffic: [...shares, target(revision, 0, id)] }, ['traffic']);
      await until(async () =>
        (await service()).trafficStatuses.some(
          (known) => known.revision === revision && known.percent === percent,
        )
          ? true
          : undefined,
      );
      const end = Date.now() + config.traffic.bake * 1000;
      for (;;) {
        await probe([url, before.url]);
        if (Date.now() >= end) break;
        await systemClock.sleep(config.healthProbe.interval * 1000);
      }
      await validate(percent === 100 ? before.url : url);
    }
    await write({ traffic: [target(revision, 100)] }, ['traffic']);
  };
}
