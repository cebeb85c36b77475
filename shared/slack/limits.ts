import { z } from 'zod';
import type { SlackMessage } from '#shared/ports.ts';
import { context } from './blocks.ts';

/** https://docs.slack.dev/reference/block-kit/blocks; texts count as they are sent, escapes included. */
export const limits = {
  blocks: 50,
  header: 150,
  section: 3000,
  field: 2000,
  fields: 10,
  contextElement: 3000,
  contextElements: 10,
  /** All blocks together. Undocumented: refused between 12 000 and 13 200 (bolt-js#2509). */
  message: 12_000,
  /** An update with a longer one is refused: https://docs.slack.dev/reference/methods/chat.update */
  text: 4000,
} as const;

const Text = (max: number) => z.looseObject({ text: z.string().min(1).max(max) });
const Section = z.looseObject({
  type: z.literal('section'),
  text: Text(limits.section).optional(),
  fields: z.array(Text(limits.field)).min(1).max(limits.fields).optional(),
});
const Known = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('header'), text: Text(limits.header) }),
  Section.refine((block) => block.text ?? block.fields, 'a section needs text or fields'),
  z.looseObject({
    type: z.literal('context'),
    elements: z.array(Text(limits.contextElement)).min(1).max(limits.contextElements),
  }),
]);
const Message = z.object({
  text: z.string().min(1).max(limits.text),
  blocks: z.array(Known).max(limits.blocks),
});

/** Everything Slack would refuse about a message, or silently cut; none when it can be sent. Only the blocks of `blocks.ts`. */
export function limitProblems(message: SlackMessage): string[] {
  const parsed = Message.safeParse(message);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const length = message.blocks.reduce((sum, block) => sum + lengthOf(block), 0);
  if (length > limits.message) {
    problems.push(`blocks: ${length} characters together, expected at most ${limits.message}`);
  }
  return problems;
}

/** The same message within the limits: what is too long ends in `…`, what is too much is left out, and that is said. */
export function fitted(message: SlackMessage): SlackMessage {
  const blocks: Record<string, unknown>[] = [];
  let room = limits.message - lengthOf(more);
  const cut = message.blocks.map(fittedBlock);
  for (const block of cut) {
    room -= lengthOf(block);
    const last = blocks.length === limits.blocks - 1;
    if (room < 0 || (last && cut.length > limits.blocks)) {
      blocks.push(more);
      break;
    }
    blocks.push(block);
  }
  return { text: cutMrkdwn(message.text, limits.text), blocks };
}

const more = context('… more is in the report.');

function fittedBlock(block: Record<string, unknown>): Record<string, unknown> {
  const { type, text, fields, elements } = block;
  const own = { header: limits.header, section: limits.section }[String(type)];
  return {
    ...block,
    ...(own === undefined || text === undefined ? {} : { text: fittedText(text, own) }),
    ...(Array.isArray(fields)
      ? { fields: fields.slice(0, limits.fields).map((field) => fittedText(field, limits.field)) }
      : {}),
    ...(type === 'context' && Array.isArray(elements)
      ? {
          elements: elements
            .slice(0, limits.contextElements)
            .map((element) => fittedText(element, limits.contextElement)),
        }
      : {}),
  };
}

function fittedText(value: unknown, max: number): unknown {
  const parsed = z.looseObject({ text: z.string() }).safeParse(value);
  return parsed.success ? { ...parsed.data, text: cutMrkdwn(parsed.data.text, max) } : value;
}

/** Cuts neither a character nor an escape nor a `<…>`, of which a half would be read as something else. */
function cutMrkdwn(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = text
    .slice(0, max - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/<[^>]*$/, '')
    .replace(/&[a-z]*$/, '');
  return `${head}…`;
}

/** Characters a reader sees: every `text` that is a string. */
function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + lengthOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : lengthOf(item)),
    0,
  );
}
