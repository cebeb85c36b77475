import type { DeploymentView } from '#cli/answers.ts';
import type { ApiClient } from '#cli/api-client.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit } from '#cli/exit.ts';
import { follow } from '#cli/follow.ts';
import { releaseOf } from '#cli/words.ts';

const everyMs = 200;
/** How soon after a push its deployments are there; what was there before is taken for an answer only after it. */
const newMs = 3000;
const patienceMs = 20_000;

/**
 * Follows every deployment that the push of an image caused, one after another. A release that is on its way or live
 * already causes none: then the one that is there is followed, or told.
 * @param options.before deployments that were there before the push
 * @throws CommandError when nothing comes of the push
 */
export async function followPush(options: {
  context: Context;
  api: ApiClient;
  digest: string;
  before: readonly DeploymentView[];
  onStart?: (id: string) => void;
}): Promise<DeploymentView[]> {
  const { context, api, digest } = options;
  const { terminal, clock } = context;
  const { signal } = context.interrupt();
  const old = new Set(options.before.map(({ id }) => id));
  const ended: DeploymentView[] = [];
  const start = clock.now();
  for (;;) {
    const found = await api.deployments({ 'request.digest': digest });
    const fresh = found.find(({ id }) => !old.has(id));
    if (fresh) {
      old.add(fresh.id);
      options.onStart?.(fresh.id);
      ended.push(await follow({ api, id: fresh.id, terminal, clock, signal }));
      // Another environment may track the image, too.
      continue;
    }
    if (ended.length > 0) return ended;
    const waited = clock.now() - start;
    const [known] = found;
    if (known && waited > newMs) {
      terminal.print(`${releaseOf(known)} is no new release: ${known.id} is the newest deployment of it.`);
      return [await follow({ api, id: known.id, terminal, clock, signal })];
    }
    if (waited > patienceMs) throw nothingCame(digest);
    await clock.sleep(everyMs, signal);
  }
}

const nothingCame = (digest: string): CommandError =>
  new CommandError(
    exit.no,
    `No deployment of ${digest} came of the push within ${patienceMs / 1000} s. ` +
      'Does a service file name this image, and does its policy deploy this tag by itself? See also: slipway refusals',
  );
