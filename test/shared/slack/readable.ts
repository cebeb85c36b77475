import type { SlackMessage } from '#shared/ports/people.ts';

type Json = Record<string, unknown>;
type Text = { text: string };

/** A message as somebody would draw it on paper; of its simpler form only what is other. */
export function readable({ text, blocks, simpler }: SlackMessage): string {
  return [
    `text: ${text}`,
    ...blocks.map(drawn),
    ...(simpler ? ['', '--- without new blocks ---', ...others(blocks.map(drawn), simpler.map(drawn))] : []),
    '',
  ].join('\n');
}

const others = (known: string[], all: string[]): string[] => all.filter((one) => !known.includes(one));

function drawn(block: Json): string {
  const list = (block['elements'] ?? block['fields'] ?? []) as Json[];
  switch (block['type']) {
    case 'header':
      return `\n# ${(block['text'] as Text).text}`;
    case 'section':
      return block['text'] === undefined
        ? `\n${list.map((fact) => (fact as Text).text.replace('\n', ' ')).join('\n')}`
        : `\n${(block['text'] as Text).text}`;
    case 'context':
      return `\n(${list.map((part) => (part as Text).text).join(' · ')})`;
    case 'actions':
      return `\n${list.map(button).join('\n')}`;
    case 'plan':
      return [
        `\nplan: ${String(block['title'])}`,
        ...(block['tasks'] as Json[]).map(
          (task) => `  ${String(task['status']).padEnd(11)} ${String(task['title'])}`,
        ),
      ].join('\n');
    case 'table':
      return `\n${(block['rows'] as Text[][]).map((row) => `| ${row.map(({ text }) => text).join(' | ')} |`).join('\n')}`;
    case 'data_visualization':
      return `\nchart: ${JSON.stringify({ title: block['title'], ...(block['chart'] as Json) })}`;
    default:
      throw new Error(`a block that nobody can draw: ${JSON.stringify(block)}`);
  }
}

function button({ text, style, url, value, confirm }: Json): string {
  const asked = confirm as Record<'title' | 'text' | 'confirm', Text> | undefined;
  return [
    `[${(text as Text).text}]${typeof style === 'string' ? ` ${style}` : ''} → ${String(url ?? value)}`,
    ...(asked ? [`    ${asked.title.text} ${asked.text.text} [${asked.confirm.text}]`] : []),
  ].join('\n');
}
