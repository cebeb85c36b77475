import type { SlackMessage } from '#shared/ports/people.ts';
import { fitted } from './fitted.ts';

/** One way to send a message; the last way, its text alone, every workspace takes. */
interface Form {
  name: 'blocks' | 'simpler' | 'text';
  text: string;
  blocks?: Record<string, unknown>[];
}

/** Slack's words for blocks it refuses while the message itself is fine. */
const blocksRefused = ['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'];

export const refusesBlocks = (error: string): boolean => blocksRefused.includes(error);

/** A message in every form it may be sent in, the richest first, each within Slack's limits: nothing may be lost. */
export function formsOf(message: SlackMessage): [Form, ...Form[]] {
  const { text, blocks, simpler } = fitted(message);
  return [
    { name: 'blocks', text, blocks },
    ...(simpler === undefined ? [] : [{ name: 'simpler' as const, text, blocks: simpler }]),
    { name: 'text', text },
  ];
}

/** What a workspace takes or refuses as a whole: the types of the blocks. */
export const kindOf = ({ blocks = [] }: Form): string =>
  [...new Set(blocks.map(({ type }) => String(type)))].sort().join(' ');
