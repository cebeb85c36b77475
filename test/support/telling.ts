import type { Delivery } from '#functions/delivery.ts';
import { notify } from '#functions/triggers/notify.ts';
import { delivery, type World } from '#test/support/world.ts';

/** The word of a deployment's change as it comes from `deploy-events`. */
export const eventOf = (deploymentId: string): Delivery =>
  delivery('notify', { version: 1, deploymentId, revision: 1 });

/** Pub/Sub: the same message again, ten seconds later, until it is acknowledged. @returns how often it was delivered */
export async function delivered(world: World, message: Delivery): Promise<number> {
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const done = await world.finish(notify(world.deps, message)).then(
      () => true,
      () => false,
    );
    if (done) return attempt;
    await world.pass(10);
  }
  throw new Error('given up after 20 deliveries');
}

export const errors = (world: World): string[] =>
  world.logs.filter(([severity]) => severity === 'ERROR').map(([, message]) => message);
