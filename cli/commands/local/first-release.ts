import { join } from 'node:path';
import { buildImage } from '#local/build/image.ts';
import { readFolder } from '#local/build/source.ts';
import { oneLine } from '#shared/report/text.ts';
import { renderTerminal } from '#shared/report/terminal.ts';
import type { DeploymentView } from '#cli/answers.ts';
import type { ApiClient } from '#cli/api-client.ts';
import { deploymentTable } from '#cli/commands/lists.ts';
import type { Context } from '#cli/context.ts';
import { follow } from '#cli/follow.ts';
import type { StackFile } from '#cli/stack-file.ts';
import { wentLive } from '#cli/words.ts';
import { followPush } from './follow-push.ts';
import { pushSource } from './push.ts';
import { examplesDirectory } from './service-files.ts';

const helloDirectory = join(examplesDirectory, 'hello');

/**
 * Pushes examples/hello as `v1` and shows what comes of it, down to the service's own answer; on a later start only says
 * what became of it. @returns whether the release went live
 */
export async function firstRelease(options: {
  context: Context;
  api: ApiClient;
  stack: StackFile;
}): Promise<boolean> {
  const { context, api, stack } = options;
  const { terminal, clock } = context;
  const { manifest } = await buildImage((await readFolder(helloDirectory)).files);
  const known = await api.deployments({ 'request.digest': manifest.digest }, 200);
  const live = known.find(wentLive);
  if (live) {
    terminal.print(`\nexamples/hello went live before, as ${live.id}. Now:`);
    const newest = await api.deployments({ service: live.service, environment: live.environment }, 3);
    terminal.print(deploymentTable(newest, clock.now(), terminal));
    await showAnswer(context, live.serviceUrl);
    return true;
  }
  const interrupted = known.find(({ status }) => status !== 'finished');
  if (interrupted) {
    terminal.print(
      `\n${interrupted.id} was interrupted when the stack stopped; Slipway takes it back first.`,
    );
    await follow({ api, id: interrupted.id, terminal, clock, signal: context.interrupt().signal });
  }
  terminal.print('\nPushing examples/hello as hello:v1; Slipway hears of it from the registry.');
  const ended = await deployHello({ context, api, stack, tag: 'v1' });
  return ended.every(wentLive);
}

/** Pushes examples/hello, follows it, prints the report and asks the service. @param options.release its release.json */
export async function deployHello(options: {
  context: Context;
  api: ApiClient;
  stack: StackFile;
  tag: string;
  release?: string;
  /** Asked when the deployment ended before it learned the address. */
  serviceUrl?: string | undefined;
}): Promise<DeploymentView[]> {
  const { context, api, stack, tag, release } = options;
  const { terminal } = context;
  const before = await api.deployments({}, 200);
  const source = {
    directory: helloDirectory,
    image: 'hello',
    tag,
    ...(release === undefined ? {} : { release }),
  };
  const digest = await pushSource(stack, source);
  const ended = await followPush({ context, api, digest, before });
  for (const deployment of ended) {
    await reported(context, api, deployment.id);
    const { color, width } = terminal;
    terminal.print(`\n${renderTerminal(await api.report(deployment.id), { color, width }).trimEnd()}\n`);
    await showAnswer(context, deployment.serviceUrl ?? options.serviceUrl);
  }
  return ended;
}

/** Waits, not for long, until the deployment's last step has told Slack too. */
async function reported({ clock, ...context }: Context, api: ApiClient, id: string): Promise<void> {
  const until = clock.now() + 5000;
  while (clock.now() < until) {
    const last = (await api.deployment(id)).steps.find(({ step }) => step === 'report');
    if (last?.endedAt !== undefined) return;
    await clock.sleep(100, context.interrupt().signal);
  }
}

/** What a user of the service gets. */
async function showAnswer({ terminal }: Context, serviceUrl: string | undefined): Promise<void> {
  if (serviceUrl === undefined) return;
  const answer = await fetch(serviceUrl, { signal: AbortSignal.timeout(30_000) });
  terminal.print(`GET ${serviceUrl} → ${answer.status} ${oneLine(await answer.text()).slice(0, 300)}`);
}
