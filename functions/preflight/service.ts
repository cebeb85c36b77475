import { ingressOf, revisionTemplate, undeclaredFields } from '#shared/config/template.ts';
import { candidateRevision } from '#shared/domain/ids.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { snapshotTraffic, trafficInWords } from '#shared/domain/traffic.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import type { LiveService, RawJson } from '#shared/ports/cloud-run.ts';
import { provenAnnotation } from '#functions/steps/place.ts';
import { barrierQuestions } from './barriers.ts';
import { found } from './look.ts';
import type { Question } from './question.ts';
import type { Scene } from './scene.ts';

/** The service as it is now; undefined when it does not exist. */
export const liveService = ({ look, deps, config }: Scene): Promise<LiveService | undefined> => {
  const { project, region, cloudRunService: name } = config;
  return look.at(`Cloud Run service ${name}`, () => deps.run.getService({ project, region, name }));
};

/** There is nothing to go back to: it does not exist, or was never proven. */
export const isFirst = (live: LiveService | undefined): boolean =>
  live === undefined || live.annotations[provenAnnotation] === 'false';

/** As `isFirst`; undefined when the service cannot be looked at. */
export async function knownFirst(scene: Scene): Promise<boolean | undefined> {
  const live = await found(liveService(scene).then((service) => ({ service })));
  return live && isFirst(live.service);
}

/** Whether the service can be deployed to and put back, as it is. Those of a service that exists follow the first. */
export async function serviceQuestions(scene: Scene): Promise<Question[]> {
  const { config } = scene;
  const base = {
    suite: 'Cloud Run service',
    source: `Cloud Run service ${config.project}/${config.region}/${config.cloudRunService}`,
  };
  const live = await found(liveService(scene));
  const exists: Question = {
    ...base,
    id: 'exists',
    title: 'Cloud Run tells whether the service exists',
    asked: 'the service as it is now',
    expected: 'an answer',
    grant: 'roles/run.viewer',
    async ask() {
      const seen = await liveService(scene);
      const observed = seen
        ? `it exists and serves ${trafficInWords(seen.trafficStatuses)}`
        : 'it does not exist yet';
      return { pass: true, observed };
    },
  };
  return live ? [exists, ...existing(scene, live).map((question) => ({ ...base, ...question }))] : [exists];
}

function existing({ config, deps }: Scene, live: LiveService): Omit<Question, 'suite' | 'source'>[] {
  const first = isFirst(live);
  const wantPublic = config.runtime.access === 'public';
  return [
    {
      id: 'traffic',
      title: 'Traffic can be put back by name',
      asked: 'spec.traffic',
      expected: 'every target can be named',
      async ask() {
        const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
        const observed = snapshot.status === 'refused' ? snapshot.reason : 'every target can be named';
        return { pass: snapshot.status === 'taken' || first, observed };
      },
    },
    {
      id: 'undeclared',
      title: 'The file declares what the service has',
      asked: 'template',
      expected: 'nothing that a deployment would erase',
      async ask() {
        const declared = [wantedTemplate(config), ...(await lastTemplate(deps.ledger, config))];
        const undeclared = undeclaredFields(templateOf(live), declared);
        const none = undeclared.length === 0;
        return {
          pass: none,
          observed: none ? 'nothing undeclared' : `not in the service file: ${undeclared.join(', ')}`,
        };
      },
    },
    {
      id: 'ingress',
      title: 'Ingress is as declared',
      asked: 'ingress',
      expected: ingressOf(config),
      async ask() {
        const ingress = typeof live.raw.ingress === 'string' ? live.raw.ingress : 'INGRESS_TRAFFIC_ALL';
        return { pass: ingress === ingressOf(config), observed: ingress };
      },
    },
    {
      id: 'access',
      title: 'Access is as declared',
      asked: 'invokerIamDisabled',
      expected: first ? 'private until proven' : wantPublic ? 'public' : 'private',
      async ask() {
        const pass = first ? !live.isPublic : live.isPublic === wantPublic;
        return { pass, observed: live.isPublic ? 'public' : 'private' };
      },
    },
    ...barrierQuestions(config, live),
  ];
}

export const templateOf = (live: LiveService): RawJson => (live.raw.template ?? {}) as RawJson;

/** By any deployment of it: the name of the revision is not compared. */
const wantedTemplate = (config: ServiceConfig): RawJson =>
  revisionTemplate(config, config.image, candidateRevision(config.cloudRunService, 'd00000000000'));

/** What the last live deployment declared: fields the file no longer has are removed on purpose. */
export async function lastTemplate(
  ledger: Ledger,
  { service, environment }: { service: string; environment: string },
): Promise<RawJson[]> {
  const live = await ledger.get('live', placeId(service, environment));
  const last = live && (await ledger.get('deployments', live.deploymentId));
  return last ? [wantedTemplate(last.config)] : [];
}
