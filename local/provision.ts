import targets from '#functions/targets.json' with { type: 'json' };
import type { LocalPubsub } from '#local/pubsub/pubsub.ts';
import { accounts, allTargets, place, topics } from '#local/place.ts';

/**
 * Installs Slipway in the local cloud, as Terraform does on Google Cloud: topics, push subscriptions with identity tokens,
 * and the workflow. Repeating it brings an older installation up to date.
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
  await deployWorkflow(origin, options.token, options.workflowSource);
}

async function deployWorkflow(origin: string, token: string, sourceContents: string): Promise<void> {
  const workflows = `${origin}/v1/projects/${place.project}/locations/${place.region}/workflows`;
  const body = JSON.stringify({ sourceContents, serviceAccount: accounts.workflow });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const created = await fetch(`${workflows}?workflowId=${place.workflow}`, { method: 'POST', headers, body });
  if (created.status !== 409) return expectOk(created);
  const mask = 'updateMask=sourceContents,serviceAccount';
  return expectOk(await fetch(`${workflows}/${place.workflow}?${mask}`, { method: 'PATCH', headers, body }));
}

async function expectOk(answer: Response): Promise<void> {
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
}
