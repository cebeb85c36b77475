import type { Deployment } from '#shared/domain/deployment.ts';
import type { StepMessage, StepReply } from '#shared/domain/protocol.ts';
import type { RawJson } from '#shared/ports/cloud-run.ts';
import { handleStep } from '#functions/step.ts';
import { configsOf } from '#test/shared/config/hello-file.ts';
import { deploymentWith } from '#test/shared/domain/records.ts';
import { steps } from '#test/support/engine.ts';
import { delivery, image, serviceFile, type World } from '#test/support/world.ts';

const executions =
  'https://workflowexecutions.googleapis.com/v1/projects/slipway-local/locations/us-central1/workflows/slipway-deploy/executions';
export const callbackUrl = (executionId = 'execution-1'): string =>
  `${executions}/${executionId}/callbacks/callback-1`;

/** A dispatch of that step, the first one of `d00000000001`, with 180 s to go. */
export const messageOf = (world: World, change: Partial<StepMessage> = {}): StepMessage => ({
  version: 1,
  deploymentId: 'd00000000001',
  executionId: 'execution-1',
  seq: 1,
  step: 'validate',
  attempt: 1,
  phase: 'candidate',
  callbackUrl: callbackUrl(change.executionId),
  deadline: world.clock.now() / 1000 + 180,
  ...change,
});

/** Puts a deployment of `services/hello.yaml`, just admitted, into the ledger. */
export async function admitted(
  world: World,
  change: Partial<Deployment> = {},
  text = serviceFile(),
): Promise<Deployment> {
  const [config] = configsOf(text);
  const deployment = deploymentWith({ config: config!, ...change });
  await world.deps.ledger.transaction(async (tx) => {
    await tx.put('deployments', deployment.id, deployment);
    await tx.put('locks', 'hello.staging', {
      service: 'hello',
      environment: 'staging',
      active: deployment.id,
      fence: deployment.fence,
    });
  });
  return deployment;
}

export const replies = (world: World): StepReply[] =>
  world.callback.posts.map(({ body }) => body as StepReply);

/** Dispatches a step of the product once. @returns its reply and the record after it */
export async function dispatch(
  world: World,
  name: StepMessage['step'],
  seq: number,
  phase = 'candidate',
): Promise<{ reply: StepReply | undefined; record: Deployment }> {
  const message = messageOf(world, { step: name, seq, phase });
  await world.finish(handleStep(world.deps, steps[name]!, delivery(name, message)));
  const record = await world.deps.ledger.get('deployments', 'd00000000001');
  return { reply: replies(world).findLast((reply) => reply.seq === seq), record: record! };
}

/** A service that serves `hello-stable`, as a person left it. */
export async function establish(
  world: World,
  change: (service: RawJson) => void = () => undefined,
): Promise<void> {
  const digest = world.release('stable');
  const service: RawJson = {
    template: { revision: 'hello-stable', containers: [{ image: `${image}@${digest}` }] },
    traffic: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'hello-stable', percent: 100 }],
    ingress: 'INGRESS_TRAFFIC_ALL',
    annotations: { 'example.com/owner': 'ada' },
    invokerIamDisabled: true,
  };
  change(service);
  await world.run.createService({ project: 'slipway-local', region: 'us-central1', name: 'hello' }, service);
  await settled(world);
  world.run.writes = [];
}

/** Lets the last change of Cloud Run come into effect. */
export async function settled(world: World): Promise<void> {
  await world.pass(5);
  await world.run.getService({ project: 'slipway-local', region: 'us-central1', name: 'hello' });
}
