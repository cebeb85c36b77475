import { place } from '#local/place.ts';
import type { Reaction } from '#local/slack/app.ts';
import type { SlackMessage } from '#local/slack/conversation.ts';
import type { LocalSlack } from '#local/slack/slack.ts';
import type { DemoStack } from './demo-stack.ts';

/** What one person did, or what came of it, in the order of time. */
export interface ChatLine {
  /** A user's name, or the channel's with `#` for what everybody sees. */
  who: string;
  /** Typed and pressed: by a person. Told: to that person alone. Said: in the channel. */
  did: 'typed' | 'pressed' | 'told' | 'said';
  what: string;
  /** As told or said: the message as it was at that time. */
  message?: SlackMessage;
}

/** People at work in the local Slack. What they do goes the way of Slack: signed, to `chatops`. */
export interface Chat {
  /** Types a command. @throws Error when Slack reports a failure in place of the app */
  type(user: string, line: string): Promise<void>;
  /** Presses a button and its confirmation. @param label as it stands on the button */
  press(user: string, message: SlackMessage, label: string): Promise<void>;
  /** Waits for a message to that person alone whose text matches. */
  told(user: string, text: RegExp): Promise<SlackMessage>;
  /** Waits for a message of the channel, or of its threads, whose text matches. */
  said(text: RegExp): Promise<SlackMessage>;
}

const channel = place.slackChannel;

/** @param onLine hears of each line as it happens */
export function openChat(
  { stack: { slack }, until }: Pick<DemoStack, 'stack' | 'until'>,
  onLine: (line: ChatLine) => void,
): Chat {
  /** An act speaks of what is new; an older message that was edited meanwhile is new too. */
  const known = new Map<string, string>();
  const versionOf = ({ text, edits }: SlackMessage): string => `${edits} ${text}`;
  const isNew = (message: SlackMessage): boolean => known.get(message.ts) !== versionOf(message);

  async function wait(
    what: string,
    look: () => SlackMessage[],
    line: Pick<ChatLine, 'who' | 'did'>,
    text: RegExp,
  ): Promise<SlackMessage> {
    const message = await until(`${what} ${text}`, async () =>
      look().findLast((one) => isNew(one) && text.test(one.text)),
    );
    return note(message, line);
  }

  function note(message: SlackMessage, line: Pick<ChatLine, 'who' | 'did'>): SlackMessage {
    known.set(message.ts, versionOf(message));
    onLine({ ...line, what: message.text, message });
    return message;
  }

  function heard(user: string, { message, error }: Reaction): void {
    if (error !== undefined) throw new Error(`Slack says: ${error}`);
    if (message) note(message, { who: user, did: 'told' });
  }

  return {
    async type(user, line) {
      onLine({ who: user, did: 'typed', what: line });
      heard(user, await slack.command(user, channel.id, line));
    },
    async press(user, message, label) {
      onLine({ who: user, did: 'pressed', what: label });
      heard(user, await slack.press(user, channel.id, message.ts, actionOf(message, label)));
    },
    told: (user, text) =>
      wait(`an answer to ${user}`, () => onlyFor(slack, user), { who: user, did: 'told' }, text),
    said: (text) =>
      wait('a message', () => slack.messages(channel.id), { who: `#${channel.name}`, did: 'said' }, text),
  };
}

const onlyFor = (slack: LocalSlack, user: string): SlackMessage[] =>
  slack.seen(channel.id, user).filter(({ onlyFor: one }) => one !== undefined);

function actionOf({ blocks, text }: SlackMessage, label: string): string {
  const elements = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));
  const button = elements.find((element) => element.type === 'button' && element.text.text === label);
  if (button?.type !== 'button' || button.action_id === undefined)
    throw new Error(`no button "${label}" in the message: ${text}`);
  return button.action_id;
}
