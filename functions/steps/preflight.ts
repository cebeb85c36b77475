import type { Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { snapshotTraffic } from '#shared/domain/traffic.ts';
import { ingressOf, revisionTemplate, undeclaredFields } from '#shared/config/template.ts';
import { placeId, type Ledger } from '#shared/ledger/ledger.ts';
import type { LiveService, RawJson } from '#shared/ports.ts';
import { placeOf, provenAnnotation } from '#functions/steps/place.ts';
import type { Step, StepContext } from '#functions/steps/step.ts';

/** Everything that can be known to go wrong before anything is built: all problems at once, in seconds. */
export const preflight: Step = {
  name: 'preflight',
  async run(context) {
    const { deployment } = context;
    const [live, secrets] = await Promise.all([lookAtService(context), secretChecks(context)]);
    const checks = [...live.checks, ...secrets];
    const bad = checks.filter((check) => check.outcome !== 'pass');
    if (bad.length > 0) {
      return { status: 'rejected', reason: bad.map(inWords).join('; '), patch: { checks } };
    }
    const { tag, digest } = deployment.request;
    const build = tag === undefined && digest === undefined;
    const traffic = live.first ? [100] : deployment.config.traffic.steps;
    const how = build ? 'the image will be built' : 'the image exists, nothing to build';
    return {
      status: 'succeeded',
      summary: `${checks.length} ${checks.length === 1 ? 'check' : 'checks'} passed; ${live.first ? 'first deployment' : 'service exists'}; ${how}`,
      patch: { checks },
      decision: { build, traffic },
    };
  },
};

async function lookAtService(context: StepContext): Promise<{ first: boolean; checks: Check[] }> {
  const { deployment, deps } = context;
  const { ref } = placeOf(deployment);
  const live = await deps.run.getService(ref);
  const source = `Cloud Run service ${ref.project}/${ref.region}/${ref.name}`;
  const check = checkMaker(context, 'Cloud Run service', source);
  if (!live) {
    return {
      first: true,
      checks: [
        check(
          'exists',
          'Service can be created',
          'get',
          'it does not exist yet',
          'absent or deployable',
          true,
        ),
      ],
    };
  }
  const snapshot = snapshotTraffic(live.traffic, live.latestReadyRevision);
  const undeclared = undeclaredFields(templateOf(live), [
    wantedTemplate(deployment),
    ...(await lastTemplate(deps.ledger, deployment)),
  ]);
  const wantIngress = ingressOf(deployment.config);
  const ingress = typeof live.raw.ingress === 'string' ? live.raw.ingress : 'INGRESS_TRAFFIC_ALL';
  const wantPublic = deployment.config.runtime.access === 'public';
  const first = live.annotations[provenAnnotation] === 'false';
  const checks = [
    check(
      'traffic',
      'Traffic can be put back by name',
      'spec.traffic',
      snapshot.status === 'refused' ? snapshot.reason : 'every target can be named',
      'every target can be named',
      snapshot.status === 'taken' || first,
    ),
    check(
      'undeclared',
      'The file declares what the service has',
      'template',
      undeclared.length === 0 ? 'nothing undeclared' : `not in the service file: ${undeclared.join(', ')}`,
      'nothing that a deployment would erase',
      undeclared.length === 0,
    ),
    check('ingress', 'Ingress is as declared', 'ingress', ingress, wantIngress, ingress === wantIngress),
    check(
      'access',
      'Access is as declared',
      'invokerIamDisabled',
      live.isPublic ? 'public' : 'private',
      first ? 'private until proven' : wantPublic ? 'public' : 'private',
      first ? !live.isPublic : live.isPublic === wantPublic,
    ),
  ];
  return { first, checks };
}

/** Every mapping's secret exists and its version is enabled. A failing look-up is inconclusive, which is not a pass. */
function secretChecks(context: StepContext): Promise<Check[]> {
  const { deployment, deps } = context;
  const { project, runtime } = deployment.config;
  return Promise.all(
    Object.entries(runtime.secrets).map(async ([variable, binding]): Promise<Check> => {
      const [secret = '', version = ''] = binding.split(':');
      const source = `Secret Manager ${project}/${secret}`;
      const check = checkMaker(context, 'Secrets', source);
      const title = `Secret ${binding} for ${variable}`;
      try {
        const found = await deps.secrets.version(project, secret, version);
        const observed = found ? `version ${found.number} is ${found.state}` : 'no such secret or version';
        return check(
          variable,
          title,
          `version ${version}`,
          observed,
          'an enabled version',
          found?.state === 'enabled',
        );
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (error.retryable) throw error;
        const failed = check(
          variable,
          title,
          `version ${version}`,
          error.message,
          'an enabled version',
          false,
        );
        return failed.outcome === 'fail' ? { ...failed, outcome: 'inconclusive' } : failed;
      }
    }),
  );
}

type MakeCheck = (
  id: string,
  title: string,
  asked: string,
  observed: string,
  expected: string,
  pass: boolean,
) => Check;

function checkMaker({ deps, message }: StepContext, suite: string, source: string): MakeCheck {
  return (id, title, asked, observed, expected, pass) => ({
    id,
    title,
    suite,
    severity: 'required',
    step: message.step,
    phase: message.phase,
    outcome: pass ? 'pass' : 'fail',
    evidence: { source, asked, observed, expected, at: new Date(deps.clock.now()).toISOString() },
  });
}

const inWords = (check: Check): string =>
  check.outcome === 'not-run'
    ? `${check.title}: ${check.reason}`
    : `${check.title}: ${check.evidence.observed}, expected ${check.evidence.expected}`;

export const templateOf = (live: LiveService): RawJson => (live.raw.template ?? {}) as RawJson;

const wantedTemplate = (deployment: Deployment): RawJson =>
  revisionTemplate(deployment.config, deployment.config.image, placeOf(deployment).revision);

/** What the last live deployment declared: fields the file no longer has are removed on purpose. */
export async function lastTemplate(ledger: Ledger, deployment: Deployment): Promise<RawJson[]> {
  const live = await ledger.get('live', placeId(deployment.service, deployment.environment));
  const last = live && (await ledger.get('deployments', live.deploymentId));
  return last ? [wantedTemplate(last)] : [];
}
