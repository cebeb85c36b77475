import { checkBlocks } from '#local/slack/check-blocks.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { limitProblems } from '#shared/slack/limits.ts';

/** Dates, links to where we link, and calls of those who may be called. */
const ours = (callable: readonly string[]): RegExp =>
  new RegExp(
    [
      String.raw`<!date\^\d+\^[^<>|]*\|[^<>|]*>`,
      String.raw`<https://(?:example\.com|(?:console|storage)\.cloud\.google\.com)/[^<>|]*\|[^<>|]*>`,
      ...callable.map((id) => (id.startsWith('S') ? `<!subteam\\^${id}>` : `<@${id}>`)),
    ].join('|'),
    'g',
  );

/** What Slack would refuse, or take for markup that is not ours; nothing is right. */
export function problemsOf(message: SlackMessage, callable: readonly string[] = []): string[] {
  // Addresses and values of buttons are not text.
  const sent = JSON.stringify(message, (key, value: unknown) =>
    key === 'url' || key === 'value' ? undefined : value,
  ).replace(ours(callable), '');
  return [
    ...limitProblems(message),
    ...[message.blocks, message.simpler ?? []].flatMap((blocks) => {
      const verdict = checkBlocks(blocks);
      return verdict.ok ? [] : verdict.messages;
    }),
    // An ampersand opens one of three escapes.
    ...(sent.match(/[<>]|&(?!amp;|lt;|gt;)/g) ?? []),
  ];
}

/** Whom a message calls. */
export const calledIn = (message: SlackMessage): string[] => [
  ...new Set(JSON.stringify(message).match(/(?<=<@|<!subteam\^)[A-Z0-9]+(?=>)/g)),
];
