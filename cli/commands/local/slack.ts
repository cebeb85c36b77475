import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { place } from '#local/place.ts';
import { createSlack } from '#local/slack/slack.ts';
import { openStore } from '#local/store.ts';
import type { Context } from '#cli/context.ts';
import { exit, Unreachable } from '#cli/exit.ts';
import { slackView } from './slack-view.ts';

/** `slipway local slack`: read from the state directory, whether or not the stack runs. */
export async function slack({ terminal, clock }: Context, directory: string): Promise<number> {
  const file = join(directory, 'cloud.db');
  await access(file).catch((cause: unknown) => {
    throw new Unreachable(`There is no ${file}. Start the local stack: npm start`, { cause });
  });
  const store = openStore(file);
  try {
    // Only read here, so that no token is accepted.
    const channel = createSlack({
      store,
      clock,
      botToken: '',
      channels: [place.slackChannel],
    });
    const { id, name } = place.slackChannel;
    terminal.print(slackView(channel.messages(id), name, terminal.paint, { people: channel.people }));
  } finally {
    store.close();
  }
  return exit.done;
}
