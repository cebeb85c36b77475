import { z } from 'zod';
import { settle, single, type Finding } from './finding.ts';
import { names, type Scene } from './scene.ts';

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list; the newest point is first. */
const Series = z.object({
  points: z
    .array(z.looseObject({ value: z.looseObject({ int64Value: z.string().default('0') }) }))
    .default([]),
});

/** How many messages were given up and wait for somebody to look. */
export async function judgeDeadLetters({ google, place, now }: Scene): Promise<Finding[]> {
  const name = names.of(place, 'dead-letters');
  const about = { id: 'dead-letters', what: 'dead letters' };
  const filter = [
    'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages"',
    'resource.type="pubsub_subscription"',
    `resource.labels.subscription_id="${name}"`,
  ].join(' AND ');
  const answer = await google.list(Series, {
    host: 'monitoring.googleapis.com',
    path: `v3/projects/${place.project}/timeSeries`,
    query: {
      filter,
      // Seen after some minutes only: https://cloud.google.com/monitoring/api/metrics_gcp
      'interval.startTime': new Date(now - 15 * 60_000).toISOString(),
      'interval.endTime': new Date(now).toISOString(),
    },
    items: 'timeSeries',
    permission: 'monitoring.timeSeries.list',
  });
  return settle(about, answer, (series) => {
    const counts = series.flatMap(({ points: [newest] }) =>
      newest ? [Number(newest.value.int64Value)] : [],
    );
    if (counts.length === 0)
      return [{ ...about, ok: 'unknown', found: 'Monitoring has no figure of the last 15 minutes' }];
    const waiting = counts.reduce((sum, count) => sum + count, 0);
    return single(about, 'none waits', {
      problem:
        waiting === 0
          ? undefined
          : `${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'} in ${name}: no function took what they say`,
      fix: `gcloud pubsub subscriptions pull ${name} --limit 10 --project ${place.project}`,
    });
  });
}
