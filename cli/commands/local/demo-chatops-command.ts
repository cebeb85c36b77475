import { place } from '#local/place.ts';
import { defaultWorkspace } from '#local/slack/people.ts';
import { exit } from '#cli/exit.ts';
import type { Terminal } from '#cli/terminal.ts';
import type { ChatLine } from './demo-chat.ts';
import { playChatops } from './demo-chatops.ts';
import { messageLines, slackView } from './slack-view.ts';

/** `slipway demo --chatops`: people deploy from Slack, and how the channel reads then. @returns the exit code */
export async function demoChatopsCommand(options: {
  json: boolean;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<number> {
  const { json, terminal, signal } = options;
  const { paint } = terminal;
  const say = (text: string): void => {
    if (!json) terminal.print(text);
  };
  say(
    'ana and lee deploy from Slack; sam may not. Staging is open, production protected: somebody else has to approve.',
  );
  const { acts, messages, people } = await playChatops(
    {
      act: (name) => say(`\n${paint('bold', name)}`),
      line: (line) => say(inWords(line, terminal)),
      end({ problems }) {
        if (problems.length === 0) say(paint('green', '  ✓ as it must be'));
        for (const problem of problems) say(paint('red', `  ✗ ${problem}`));
      },
    },
    signal,
  );
  const ok = acts.every(({ problems }) => problems.length === 0);
  say(`\nThe channel as everybody reads it now:\n`);
  say(slackView(messages, place.slackChannel.name, paint, { people, folded: true }));
  say(`\nThe same with your own hands, buttons and threads: npm start, then o`);
  if (json) terminal.print(JSON.stringify({ acts, channel: messages, ok }, null, 2));
  return ok ? exit.done : exit.no;
}

const verbs: Record<ChatLine['did'], string> = {
  typed: 'types',
  pressed: 'presses',
  told: 'alone sees',
  said: 'shows',
};
const indent = 2;
const column = 26;

/** What only one person saw stands here whole: the channel does not have it. */
function inWords({ who, did, what, message }: ChatLine, { paint }: Terminal): string {
  const head = `${' '.repeat(indent)}${who} ${verbs[did]}`.padEnd(column);
  const read = (one: NonNullable<typeof message>): string[] =>
    messageLines(one, paint, { people: defaultWorkspace(), folded: true }).slice(1);
  switch (did) {
    case 'typed':
      return `${head}${paint('cyan', what)}`;
    case 'pressed':
      return `${head}${paint('cyan', `[${what}]`)}`;
    case 'told':
      return `${head}${(message ? read(message) : [what]).join(`\n${' '.repeat(column)}`)}`;
    case 'said':
      return `${head}${(message ? read(message) : [what]).slice(0, 3).join(`\n${' '.repeat(column)}`)}`;
  }
}
