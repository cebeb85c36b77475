import { place } from '#local/place.ts';
import type { LocalSlack } from '#local/slack/slack.ts';
import { messageOf } from '#shared/errors.ts';
import type { ApiClient } from '#cli/api-client.ts';
import { deploymentTable } from '#cli/commands/lists.ts';
import type { Context } from '#cli/context.ts';
import type { StackFile } from '#cli/stack-file.ts';
import { deployHello } from './first-release.ts';
import { readKeys } from './keys.ts';
import { startLoad } from './load.ts';
import { slackView } from './slack-view.ts';

/** What can be wrong with a release of examples/hello; each in its turn. */
const faults = ['exit-at-start', 'never-healthy', 'wrong-answer', 'breaks-under-traffic'];

const help = `
  b  push a better release        x  push a broken one, of each kind in turn
  s  status                       m  Slack messages
  o  where Slack's page is: /deploy, buttons, as ana or as lee
  q  quit (Ctrl-C too)            ?  this help

In a second terminal:
  npm run slipway -- local push examples/hello --tag v2 --set version=2.0.0
  npm run slipway -- status
  npm run slipway -- history hello`;
const elsewhere = 'Messages go to the workspace of SLACK_BOT_TOKEN: look there.';

/** Takes keys until a person quits. The terminal is given back as it was, whatever happens. */
export async function runSession(options: {
  context: Context;
  api: ApiClient;
  stack: StackFile;
  /** Undefined when messages go to a real workspace. */
  slack: LocalSlack | undefined;
}): Promise<void> {
  const { context, api, slack } = options;
  const { terminal, clock, stdin } = context;
  const interrupt = context.interrupt();
  const { signal } = interrupt;
  const keys = readKeys(stdin, () => interrupt.interrupt());
  const onAbort = (): void => keys.close();
  signal.addEventListener('abort', onAbort, { once: true });
  let broken = 0;
  terminal.print(help);
  try {
    while (!signal.aborted) {
      const key = await keys.next();
      if (key === undefined) return;
      try {
        await act(key);
      } catch (error) {
        if (signal.aborted) {
          terminal.print('A deployment that is not finished is taken back at the next start.');
          return;
        }
        terminal.warn(terminal.paint('red', messageOf(error)));
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    keys.close();
  }

  async function act(key: string): Promise<void> {
    switch (key) {
      case 'b':
        return release('none');
      case 'x': {
        const fault = faults[broken % faults.length] ?? 'none';
        broken += 1;
        return release(fault);
      }
      case 's':
        terminal.print(deploymentTable(await api.deployments({}, 10), clock.now(), terminal));
        return;
      case 'm':
        terminal.print(slack ? channelOf(slack) : elsewhere);
        return;
      case 'o':
        terminal.print(slack ? `Slack in a browser: ${slack.pageUrl()}` : elsewhere);
        return;
      default:
        terminal.print(help);
    }
  }

  function channelOf(workspace: LocalSlack): string {
    const { id, name } = place.slackChannel;
    return slackView(workspace.messages(id), name, terminal.paint, { people: workspace.people });
  }

  /** The next version, with users on the service all the while: a release that breaks under traffic needs some. */
  async function release(fault: string): Promise<void> {
    const deployments = await api.deployments({ service: 'hello' }, 200);
    const number =
      1 +
      Math.max(1, ...deployments.map(({ request }) => Number(/^v(\d+)$/.exec(request.tag ?? '')?.[1] ?? 0)));
    const what = fault === 'none' ? 'a better release' : `a broken release (${fault})`;
    terminal.print(`\nPushing ${what} as hello:v${number}, with 50 requests a second on the service.`);
    const url = deployments.find(({ serviceUrl }) => serviceUrl !== undefined)?.serviceUrl;
    const load = url === undefined ? undefined : startLoad(url, 20);
    try {
      const json = JSON.stringify({ version: `${number}.0.0`, fault });
      await deployHello({ ...options, tag: `v${number}`, release: json, serviceUrl: url });
    } finally {
      await load?.stop();
    }
    const seen = load?.take();
    if (seen)
      terminal.print(`Users meanwhile: ${seen.requests} requests, ${seen.failed} failed. (? for help)`);
  }
}
