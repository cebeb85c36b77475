import type { Metadata } from '#local/slack/arguments.ts';
import { checkBlocks } from '#local/slack/check-blocks.ts';
import type { MessageContent } from '#local/slack/conversation.ts';
import { SlackError } from '#local/slack/slack-error.ts';
import type { Weather } from '#local/slack/weather.ts';

/** What a message says, wherever it was handed in. @throws SlackError when Slack would not take it */
export function contentOf(
  given: { text?: string | undefined; blocks?: unknown; metadata?: Metadata | undefined },
  weather: Weather,
): MessageContent {
  const { text = '', metadata } = given;
  if (given.blocks === undefined) {
    if (text === '') throw new SlackError('no_text');
    return { text, blocks: [], metadata };
  }
  const verdict = checkBlocks(given.blocks);
  if (!verdict.ok) throw new SlackError(verdict.error, { messages: verdict.messages });
  if (text === '' && verdict.blocks.length === 0) throw new SlackError('no_text');
  const refused = verdict.blocks.findIndex(({ type }) => weather.isRefused(type));
  if (refused >= 0) {
    const type = verdict.blocks[refused]?.type;
    throw new SlackError('invalid_blocks', {
      messages: [`[ERROR] unsupported type: ${type} [json-pointer:/blocks/${refused}/type]`],
    });
  }
  return { text, blocks: verdict.blocks, metadata };
}
