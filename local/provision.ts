import targets from '#functions/targets.json' with { type: 'json' };
import type { LocalPubsub } from '#local/pubsub/pubsub.ts';
import { accounts, allTargets, place, topics } from '#local/place.ts';

/** The Cloud Scheduler job that makes `reconcile` run. */
export const reconcileJob = `projects/${place.project}/locations/${place.region}/jobs/slipway-reconcile`;

/**
 * Installs Slipway in the local cloud, as Terraform does on Google Cloud: topics, push subscriptions with identity tokens,
 * the workflow and the job that makes `reconcile` run. Repeating it brings an older installation up to date.
 */
export async function provision(options: {
  origin: string;
  pubsub: LocalPubsub;
  token: string;
  workflowSource: string;
  retryMinimumSeconds?: number;
}): Promise<void> {
  const { origin, pubsub } = options;
  const project = `projects/${place.project}`;
  const topicName = (topic: string): string => `${project}/topics/${topic}`;

  for (const topic of topics) pubsub.ensureTopic(topicName(topic));
  pubsub.ensureSubscription({
    name: `${project}/subscriptions/${targets.deadLetter.topic}`,
    topic: topicName(targets.deadLetter.topic),
  });
  for (const target of allTargets) {
    if (target.topic === undefined) continue;
    const address = `${origin}/functions/${target.name}`;
    const limits = target.kind === 'step' ? targets.dispatch : targets.trigger;
    pubsub.ensureSubscription({
      name: `${project}/subscriptions/${target.name}`,
      topic: topicName(target.topic),
      pushConfig: {
        // The framework finds the topic's name in the path (gcp.md §1.2).
        pushEndpoint: `${address}/${topicName(target.topic)}`,
        oidcToken: { serviceAccountEmail: accounts.push, audience: address },
      },
      ackDeadlineSeconds: limits.ackDeadlineSeconds,
      retryPolicy: {
        minimumBackoff: `${options.retryMinimumSeconds ?? targets.retry.minimumBackoffSeconds}s`,
        maximumBackoff: `${targets.retry.maximumBackoffSeconds}s`,
      },
      deadLetterPolicy: {
        deadLetterTopic: topicName(targets.deadLetter.topic),
        maxDeliveryAttempts: targets.deadLetter.maxDeliveryAttempts,
      },
    });
  }
  const parent = `${origin}/v1/projects/${place.project}/locations/${place.region}`;
  await createOrUpdate(options.token, {
    collection: `${parent}/workflows?workflowId=${place.workflow}`,
    resource: `${parent}/workflows/${place.workflow}?updateMask=sourceContents,serviceAccount`,
    body: { sourceContents: options.workflowSource, serviceAccount: accounts.workflow },
  });
  await createOrUpdate(options.token, {
    collection: `${parent}/jobs`,
    resource: `${origin}/v1/${reconcileJob}?updateMask=schedule,pubsubTarget`,
    body: {
      name: reconcileJob,
      schedule: '* * * * *',
      pubsubTarget: {
        topicName: topicName('reconcile-ticks'),
        data: Buffer.from('{}').toString('base64'),
      },
    },
  });
}

async function createOrUpdate(
  token: string,
  { collection, resource, body }: { collection: string; resource: string; body: unknown },
): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const init = { headers, body: JSON.stringify(body) };
  const created = await fetch(collection, { method: 'POST', ...init });
  const answer = created.status === 409 ? await fetch(resource, { method: 'PATCH', ...init }) : created;
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
}
