import type { ChatAction } from '#shared/domain/chat.ts';

/**
 * The blocks our messages are made of: https://docs.slack.dev/reference/block-kit/blocks. Older ones first, which every
 * client shows; a workspace that refuses the newer ones (`table`, `plan`, `lineChart`) gets a message's `simpler` form.
 * Texts are given escaped, also where Slack calls them plain: whether it looks for names there is unverified.
 */

type Block = Record<string, unknown>;

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;
/** `verbatim`: Slack looks for no names or addresses in the text by itself. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true }) as const;

/** @param text plain and escaped */
export const header = (text: string): Block => ({ type: 'header', text: plain(text) });

/** @param lines mrkdwn; without any there is no block */
export const section = (...lines: string[]): Block[] =>
  lines.length === 0 ? [] : [{ type: 'section', text: mrkdwn(lines.join('\n')) }];

/** Short facts, two in a row on a wide screen. @param facts mrkdwn */
export const fields = (facts: Record<string, string | undefined>): Block[] => {
  const known = Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined);
  return known.length === 0
    ? []
    : [{ type: 'section', fields: known.map(([name, value]) => mrkdwn(`*${name}*\n${value}`)) }];
};

/** Small print. @param parts mrkdwn */
export const context = (...parts: string[]): Block => ({ type: 'context', elements: parts.map(mrkdwn) });

/** Asked before a button acts. `text` is mrkdwn, the rest plain; all escaped. */
export interface Confirm {
  title: string;
  text: string;
  /** What the button that goes on says: at most 30 characters. */
  yes: string;
}

/** A button of a message; `action_id` is the same in every edit. */
export type Button = Record<string, unknown> & { type: 'button'; action_id: string };

/** One that asks Slipway for something. @param label plain; every word begins with a capital */
export const actionButton = (
  label: string,
  action: ChatAction,
  { style, confirm }: { style?: 'primary' | 'danger'; confirm?: Confirm } = {},
): Button => ({
  type: 'button',
  text: plain(label),
  action_id: action.action,
  value: JSON.stringify(action),
  ...(style && { style }),
  ...(confirm && {
    confirm: {
      title: plain(confirm.title),
      text: mrkdwn(confirm.text),
      confirm: plain(confirm.yes),
      // Slack's own word is "Cancel", which is what one of our buttons does.
      deny: plain('Go Back'),
      ...(style && { style }),
    },
  }),
});

/** What the `action_id` of a link begins with: Slack tells of a press of it too, and nothing is to be done then. */
export const linkActionPrefix = 'link:';

/** One that opens an address. @param url http or https, not escaped */
export const linkButton = (label: string, url: string): Button => ({
  type: 'button',
  text: plain(label),
  action_id: `${linkActionPrefix}${label.toLowerCase().replaceAll(' ', '-')}`,
  url: new URL(url).href,
});

/** @param buttons without any there is no block */
export const actions = (...buttons: Button[]): Block[] =>
  buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }];

/** At most one per message. @param rows the head first; plain, escaped and not empty */
export const table = (rows: readonly (readonly string[])[]): Block => ({
  type: 'table',
  rows: rows.map((row) => row.map((text) => ({ type: 'raw_text', text }))),
  column_settings: (rows[0] ?? []).map(() => ({ is_wrapped: true })),
});

/** One line of a plan; Slack draws its status. */
export interface Task {
  /** The same in every edit. */
  id: string;
  title: string;
  status: 'pending' | 'in_progress' | 'complete' | 'error';
}

/** Steps with their status. @param title @param tasks texts plain and escaped */
export const plan = (title: string, tasks: readonly Task[]): Block => ({
  type: 'plan',
  title,
  tasks: tasks.map(({ id, title, status }) => ({ type: 'task_card', task_id: id, title, status })),
});

/**
 * Lines over common categories; at most two charts per message. The official types do not know this block yet
 * (node-slack-sdk#2637). @param title plain and escaped, as are names and labels @param points oldest first
 */
export const lineChart = <Name extends string>(
  title: string,
  names: readonly Name[],
  points: readonly { label: string; values: Record<Name, number> }[],
  { yLabel }: { yLabel?: string } = {},
): Block => ({
  type: 'data_visualization',
  title,
  chart: {
    type: 'line',
    series: names.map((name) => ({
      name,
      data: points.map(({ label, values }) => ({ label, value: values[name] })),
    })),
    axis_config: {
      categories: points.map(({ label }) => label),
      ...(yLabel === undefined ? {} : { y_label: yLabel }),
    },
  },
});
