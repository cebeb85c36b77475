import { z } from 'zod';
import { difference, settle, single, type Finding } from './finding.ts';
import { apply, names, type Scene } from './scene.ts';

/** https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#Job */
const JobJson = z.object({
  state: z.string(),
  lastAttemptTime: z.string().optional(),
  /** Of the last attempt; without a code it succeeded. */
  status: z.looseObject({ code: z.number().default(0), message: z.string().default('') }).prefault({}),
  pubsubTarget: z.looseObject({ topicName: z.string() }).partial().prefault({}),
});

/** The clock of `reconcile`, which mends what events could not. */
export async function judgeSchedule({ google, place, checkout }: Scene): Promise<Finding[]> {
  const name = names.of(place, 'reconcile');
  const about = { id: 'schedule', what: `schedule ${name}` };
  const { project, region } = place;
  const answer = await google.find(JobJson, {
    host: 'cloudscheduler.googleapis.com',
    path: `v1/projects/${project}/locations/${region}/jobs/${name}`,
    permission: 'cloudscheduler.jobs.get',
  });
  const topic = checkout.manifest.targets.find((target) => target.name === 'reconcile')?.topic ?? '';
  const at = `${name} --location ${region} --project ${project}`;
  return settle(
    about,
    answer,
    ({ state, lastAttemptTime, status, pubsubTarget }) => {
      const problem = difference([
        ['its state', state, 'ENABLED'],
        ['its topic', pubsubTarget.topicName, names.topic(place, topic)],
      ]);
      if (problem !== undefined)
        return single(about, '', {
          problem,
          fix: state === 'PAUSED' ? `gcloud scheduler jobs resume ${at}` : apply,
        });
      if (lastAttemptTime === undefined)
        return [{ ...about, ok: 'unknown', found: 'ENABLED, but it never ran yet' }];
      return single(about, `ENABLED; its attempt of ${lastAttemptTime} succeeded`, {
        problem:
          status.code === 0
            ? undefined
            : `its attempt of ${lastAttemptTime} failed with code ${status.code} ${status.message}`.trim(),
        fix: `gcloud scheduler jobs run ${at}`,
      });
    },
    () => single(about, '', { problem: 'it is not there: nothing calls reconcile', fix: apply }),
  );
}
