import type { SlackMessage } from '#local/slack/conversation.ts';
import { oneLine } from '#shared/report/text.ts';
import type { Paint } from '#cli/terminal.ts';

type Block = SlackMessage['blocks'][number];

/** A channel as it reads in Slack, as far as a terminal can: roots in their order, each with its thread indented. */
export function slackView(messages: readonly SlackMessage[], channel: string, paint: Paint): string {
  const roots = messages.filter(({ threadTs }) => threadTs === undefined);
  if (roots.length === 0) return `#${channel} has no message yet.`;
  const views = roots.map((root) => {
    const replies = messages.filter(({ threadTs }) => threadTs === root.ts);
    return [
      ...shown(root, paint),
      ...replies.flatMap((reply) => ['', ...shown(reply, paint).map((line) => `    ${line}`)]),
    ];
  });
  return [paint('bold', `#${channel}`), ...views.flatMap((lines) => ['', ...lines])].join('\n');
}

function shown({ ts, text, blocks, edits }: SlackMessage, paint: Paint): string[] {
  const time = new Date(Number(ts) * 1000).toISOString().slice(11, 19);
  const edited = edits === 0 ? '' : ` · updated ${edits} times`;
  const head = paint('dim', `${time} UTC${edited}`);
  const body =
    blocks.length === 0 ? textLines(text, paint) : blocks.flatMap((block) => blockLines(block, paint));
  return [head, ...body];
}

function blockLines(block: Block, paint: Paint): string[] {
  switch (block.type) {
    case 'header':
      return [paint('bold', oneLine(block.text.text))];
    case 'section': {
      const fields = block.fields?.map(({ text }) => textLines(text, paint).join(' ')) ?? [];
      return [...(block.text ? textLines(block.text.text, paint) : []), ...fields];
    }
    case 'context':
      return block.elements.flatMap((element) =>
        'text' in element ? textLines(element.text, (_, text) => text).map((line) => paint('dim', line)) : [],
      );
    case 'divider':
      return ['────'];
    case 'markdown':
      return textLines(block.text, paint);
    default:
      return [paint('dim', `[${block.type}]`)];
  }
}

/** mrkdwn: links as their words, dates as their fallback, bold and code as far as a terminal has them. */
function textLines(text: string, paint: Paint): string[] {
  return text.split('\n').map((line) =>
    oneLine(line)
      .replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
      .replace(/<(https?:[^|>]+)\|([^>]*)>/g, '$2 ($1)')
      .replace(/<(https?:[^>]+)>/g, '$1')
      .replace(/(^|\s)\*([^*]+)\*/g, (_, before: string, bold: string) => `${before}${paint('bold', bold)}`)
      .replace(/`([^`]+)`/g, (_, code: string) => paint('cyan', code))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
}
