import type { SlackMessage } from '#shared/ports/people.ts';
import { context } from './blocks.ts';
import { lengthOf, limits } from './limits.ts';
import { cutMarkup } from './mrkdwn.ts';

/**
 * The same message within the limits: what is too long ends in `…`, what is too much is left out, and that is said.
 * Buttons stay, whatever else has to go. How many tables and charts there are is for the caller to know.
 */
export function fitted({ text, blocks, simpler }: SlackMessage): SlackMessage {
  return {
    text: cutMarkup(text, limits.text),
    blocks: fittedBlocks(blocks),
    ...(simpler && { simpler: fittedBlocks(simpler) }),
  };
}

type Block = Record<string, unknown>;

const more: Block = context('… more is in the report.');

function fittedBlocks(all: readonly Block[]): Block[] {
  const cut = all.flatMap(fittedBlock);
  const isKept = ({ type }: Block): boolean => type === 'actions';
  const buttons = cut.filter(isKept);
  let room = limits.message - lengthOf(more) - lengthOf(buttons);
  let places = limits.blocks - buttons.length - 1;
  let full = false;
  const blocks: Block[] = [];
  for (const block of cut) {
    if (isKept(block)) blocks.push(block);
    else if (!full) {
      room -= lengthOf(block);
      const isLast = block === cut.at(-1);
      full = room < 0 || (places === 0 && !isLast);
      places -= 1;
      blocks.push(full ? more : block);
    }
  }
  return blocks;
}

/** None for one of which nothing is left. */
function fittedBlock(block: Block): Block[] {
  const { type } = block;
  const list = (key: string): Block[] => (Array.isArray(block[key]) ? (block[key] as Block[]) : []);
  switch (type) {
    case 'header':
      return [{ ...block, text: fittedText(block['text'], limits.header) }];
    case 'section': {
      const facts = list('fields').slice(0, limits.fields);
      return [
        {
          ...block,
          ...('text' in block && { text: fittedText(block['text'], limits.section) }),
          ...('fields' in block && { fields: facts.map((fact) => fittedText(fact, limits.field)) }),
        },
      ];
    }
    case 'context':
      return [
        {
          ...block,
          elements: list('elements')
            .slice(0, limits.contextElements)
            .map((part) => fittedText(part, limits.contextElement)),
        },
      ];
    case 'actions': {
      const buttons = list('elements').flatMap(fittedButton).slice(0, limits.buttons);
      return buttons.length === 0 ? [] : [{ ...block, elements: buttons }];
    }
    case 'table':
      return [{ ...block, rows: fittedRows(block['rows'] as Block[][]) }];
    case 'plan': {
      const tasks = list('tasks').slice(0, limits.tasks);
      return [{ ...titled(block, limits.task), tasks: tasks.map((task) => titled(task, limits.task)) }];
    }
    case 'data_visualization':
      return [titled(block, limits.chartTitle)];
    default:
      return [block];
  }
}

/** What a button does cannot be cut: one that cannot say it is none. */
function fittedButton(button: Block): Block[] {
  const { text, value = '', url = '', confirm } = button;
  if (String(value).length > limits.value || String(url).length > limits.url) return [];
  const asked = confirm as Block | undefined;
  const { title, text: long, yes } = limits.confirm;
  return [
    {
      ...button,
      text: fittedText(text, limits.button),
      ...(asked && {
        confirm: {
          ...asked,
          title: fittedText(asked['title'], title),
          text: fittedText(asked['text'], long),
          confirm: fittedText(asked['confirm'], yes),
        },
      }),
    },
  ];
}

function fittedRows(rows: readonly Block[][]): Block[][] {
  let room = limits.table - limits.tableColumns;
  const kept = rows.slice(0, limits.tableRows).filter((row) => {
    room -= lengthOf(row);
    return room >= 0;
  });
  if (kept.length === rows.length) return kept;
  const cells = (rows[0] ?? []).map(() => ({ type: 'raw_text', text: '…' }));
  return [...kept.slice(0, limits.tableRows - 1), cells];
}

const titled = (block: Block, max: number): Block => ({
  ...block,
  title: cutMarkup(String(block['title']), max),
});

const fittedText = (value: unknown, max: number): unknown => ({
  ...(value as Block),
  text: cutMarkup((value as { text: string }).text, max),
});
