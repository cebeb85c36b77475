import type { Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import { candidateTag } from '#shared/domain/ids.ts';
import { durationInWords } from '#shared/report/words.ts';
import type { Step, StepContext } from '#functions/steps/step.ts';

/** Has Cloud Build make the image from the service file's source; asks again until it is done. */
export const build: Step = {
  name: 'build',
  async run(context) {
    const { deps, deployment, message, save } = context;
    const { config } = deployment;
    if (!config.build) {
      return {
        status: 'rejected',
        reason: `the request names no image and services/${config.service}.yaml has no build.source to make one from`,
      };
    }
    const serviceAccount = deps.config.buildAccount?.replaceAll('{project}', config.project);
    if (serviceAccount === undefined) {
      return {
        status: 'rejected',
        reason: 'SLIPWAY_BUILD_ACCOUNT is not set: no account is there that builds could run as',
      };
    }
    const place = { project: config.project, region: config.region };
    const tag = candidateTag(deployment.id);
    const id =
      deployment.buildId ??
      (await deps.build.find(place, tag)) ??
      (await createBuild(context, config.build.source, config.build.timeout, serviceAccount));
    if (deployment.buildId === undefined) await save({ buildId: id });
    const state = await deps.build.get(place, id);
    if (state.status === 'running') {
      return { status: 'pending', againSeconds: 3, summary: `build ${id} is running` };
    }
    if (state.status === 'failed')
      return { status: 'rejected', reason: `build ${id} failed: ${state.reason}` };
    const { ran } = state;
    const milliseconds = ran && Date.parse(ran.to) - Date.parse(ran.from);
    const took = milliseconds === undefined ? 'succeeded' : `took ${durationInWords(milliseconds)}`;
    const check: Check = {
      id: 'built',
      title: 'Image was built',
      suite: 'Image',
      severity: 'required',
      step: message.step,
      phase: message.phase,
      outcome: 'pass',
      evidence: {
        source: `Cloud Build, build ${id}`,
        asked: 'status, startTime and finishTime',
        observed: ran ? `SUCCESS, ${took}, from ${ran.from} to ${ran.to}` : 'SUCCESS, without its times',
        expected: 'SUCCESS',
        at: new Date(deps.clock.now()).toISOString(),
        ...(milliseconds === undefined ? {} : { durationMs: milliseconds }),
      },
    };
    return { status: 'succeeded', summary: `build ${id} ${took}`, patch: { checks: [check] } };
  },
};

/** @returns the build's id */
function createBuild(
  { deps, deployment }: StepContext,
  source: string,
  timeoutSeconds: number,
  serviceAccount: string,
): Promise<string> {
  const { project, region, image } = deployment.config;
  const parts = /^gs:\/\/([^/]+)\/(.+)$/.exec(source);
  if (!parts) throw new Fault('invalid-input', `build.source "${source}" is not gs://BUCKET/OBJECT`);
  const [, bucket = '', object = ''] = parts;
  const tag = candidateTag(deployment.id);
  return deps.build.create(
    { project, region },
    { bucket, object, image, imageTag: tag, tag, timeoutSeconds, serviceAccount },
  );
}
