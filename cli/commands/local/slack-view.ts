import type { SlackMessage } from '#local/slack/conversation.ts';
import type { SlackWorkspace } from '#local/slack/people.ts';
import { oneLine } from '#shared/report/text.ts';
import { counted } from '#shared/report/words.ts';
import { table } from '#cli/table.ts';
import type { Paint } from '#cli/terminal.ts';

type Block = SlackMessage['blocks'][number];
type BlockOf<Type extends Block['type']> = Extract<Block, { type: Type }>;

/** How a channel is shown. */
interface View {
  /** Whose names and groups stand in mentions and with what only one person sees; without it their ids do. */
  people?: SlackWorkspace;
  /** As it stands on a screen before anybody opens a thread or a link: replies counted, addresses left out. */
  folded?: boolean;
}

/** A channel as it reads in Slack, as far as a terminal can: roots in their order, each with its thread indented. */
export function slackView(
  messages: readonly SlackMessage[],
  channel: string,
  paint: Paint,
  view: View = {},
): string {
  const isShown = ({ threadTs, broadcast }: SlackMessage): boolean =>
    threadTs === undefined || (view.folded === true && broadcast);
  const shown = messages.filter(isShown);
  if (shown.length === 0) return `#${channel} has no message yet.`;
  const views = shown.map((message) => {
    const replies = messages.filter(({ threadTs }) => threadTs === message.ts);
    const thread = view.folded
      ? replies.length === 0
        ? []
        : [paint('cyan', replies.length === 1 ? '1 reply' : `${replies.length} replies`)]
      : replies.flatMap((reply) => ['', ...messageLines(reply, paint, view).map((line) => `    ${line}`)]);
    return [...messageLines(message, paint, view), ...thread];
  });
  return [paint('bold', `#${channel}`), ...views.flatMap((lines) => ['', ...lines])].join('\n');
}

/** One message, with when it was said and who sees it if not everybody. */
export function messageLines(given: SlackMessage, paint: Paint, { people, folded }: View = {}): string[] {
  const message = people ? withNames(given, people) : given;
  const { ts, text, blocks, edits, onlyFor, broadcast } = folded ? withoutAddresses(message) : message;
  const head = [
    `${new Date(Number(ts) * 1000).toISOString().slice(11, 19)} UTC`,
    ...(edits === 0 ? [] : [`updated ${counted(edits, 'time')}`]),
    ...(broadcast ? [folded ? 'replied to a thread' : 'shown in the channel too'] : []),
    ...(onlyFor === undefined ? [] : [`only visible to ${onlyFor}`]),
  ];
  const body =
    blocks.length === 0 ? textLines(text, paint) : blocks.flatMap((block) => blockLines(block, paint));
  return [paint('dim', head.join(' · ')), ...body];
}

/** Every text of a message changed: JSON in, JSON out. */
const changed = (message: SlackMessage, change: (key: string, value: unknown) => unknown): SlackMessage =>
  JSON.parse(JSON.stringify(message), change) as SlackMessage;

/** Slack shows names where a message has ids. */
function withNames(message: SlackMessage, { users, groups }: SlackWorkspace): SlackMessage {
  const nameOf = (id: string): string =>
    users.find((user) => user.id === id)?.name ?? groups.find((group) => group.id === id)?.handle ?? id;
  return changed(message, (key, value) => {
    if (typeof value !== 'string') return value;
    return key === 'onlyFor'
      ? nameOf(value)
      : value.replace(/<(?:@|!subteam\^)([A-Z0-9]+)>/g, (_, id: string) => `<@${id}|${nameOf(id)}>`);
  });
}

const withoutAddresses = (message: SlackMessage): SlackMessage =>
  changed(message, (key, value) => {
    if (key === 'url') return undefined;
    return typeof value === 'string' ? value.replace(/<https?:[^|>]+\|([^>]*)>/g, '$1') : value;
  });

function blockLines(block: Block, paint: Paint): string[] {
  switch (block.type) {
    case 'header':
      return [paint('bold', plain(block.text.text))];
    case 'section': {
      const fields = block.fields?.map(({ text }) => textLines(text, paint).join(' ')) ?? [];
      return [...(block.text ? textLines(block.text.text, paint) : []), ...fields];
    }
    case 'context':
      return [
        paint(
          'dim',
          block.elements
            .flatMap((element) => ('text' in element ? textLines(element.text, (_, text) => text) : []))
            .join(' · '),
        ),
      ];
    case 'actions':
      return [block.elements.map((element) => buttonText(element, paint)).join('  ')];
    case 'divider':
      return ['────'];
    case 'markdown':
      return textLines(block.text, paint);
    case 'table':
    case 'data_table': {
      const cells = block.rows.map((row) => row.map((cell) => ('text' in cell ? plain(cell.text) : '[…]')));
      const [head = [], ...rows] = cells;
      return table(
        head.map((cell) => paint('bold', cell)),
        rows,
      ).split('\n');
    }
    case 'plan':
      return [paint('bold', plain(block.title)), ...(block.tasks ?? []).map((task) => taskLine(task, paint))];
    case 'task_card':
      return [taskLine(block, paint)];
    case 'data_visualization':
      return chartLines(block, paint);
    default:
      return [paint('dim', `[${block.type}]`)];
  }
}

/** In brackets, with `…` when it asks before it acts. A link says where to. */
function buttonText(element: BlockOf<'actions'>['elements'][number], paint: Paint): string {
  if (element.type !== 'button') return paint('dim', `[${element.type}]`);
  const { text, style, url, confirm } = element;
  const label = `[${plain(text.text)}${confirm ? ' …' : ''}]`;
  const painted = style === 'danger' ? paint('red', label) : style ? paint('green', label) : label;
  return url === undefined ? painted : `${painted} (${oneLine(url)})`;
}

const signs = { pending: '○', in_progress: '▸', complete: '✓', error: '✗' };

function taskLine({ status, title }: BlockOf<'task_card'>, paint: Paint): string {
  const line = `${signs[status]} ${plain(title)}`;
  if (status === 'error') return paint('red', line);
  return status === 'complete' ? paint('green', line) : line;
}

/** Each series from its first to its last point, high to low, in one line. */
function chartLines({ title, chart }: BlockOf<'data_visualization'>, paint: Paint): string[] {
  const series =
    chart.type === 'pie'
      ? chart.segments.map(({ label, value }) => ({ name: label, values: [value] }))
      : chart.series.map(({ name, data }) => ({ name, values: data.map(({ value }) => value) }));
  const all = series.flatMap(({ values }) => values);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const bar = (value: number): string =>
    '▁▂▃▄▅▆▇█'[Math.round(((value - low) / (high - low || 1)) * 7)] ?? '';
  const rows = series.map(({ name, values }) => [
    plain(name),
    values.map(bar).join(''),
    `${Math.min(...values)}–${Math.max(...values)}`,
  ]);
  return [paint('bold', plain(title)), ...table(rows[0] ?? [], rows.slice(1)).split('\n')];
}

const decoded = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
const plain = (text: string): string => decoded(oneLine(text));

/** mrkdwn: links as their words, dates as their fallback, mentions, bold and code as far as a terminal has them. */
function textLines(text: string, paint: Paint): string[] {
  return text.split('\n').map((line) =>
    line.trim() === ''
      ? ''
      : decoded(
          oneLine(line)
            .replaceAll('```', '')
            .replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
            .replace(/<(https?:[^|>]+)\|([^>]*)>/g, '$2 ($1)')
            .replace(/<(https?:[^>]+)>/g, '$1')
            .replace(/<([@#])[^|>]*\|([^>]*)>/g, '$1$2')
            .replace(/<([@#][^|>]*)>/g, '$1')
            .replace(/<!(?:subteam\^)?([^|>]*)(?:\|[^>]*)?>/g, '@$1')
            .replace(
              /(^|\s)\*([^*]+)\*/g,
              (_, before: string, bold: string) => `${before}${paint('bold', bold)}`,
            )
            .replace(/`([^`]+)`/g, (_, code: string) => paint('cyan', code)),
        ),
  );
}
