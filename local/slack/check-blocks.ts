import type { z } from 'zod';
import { Blocks } from '#local/slack/blocks.ts';

/** Undocumented; measured between 12 000 and 13 200: https://github.com/slackapi/bolt-js/issues/2509 */
const maxMessageCharacters = 12_000;

export type BlocksVerdict =
  | { ok: true; blocks: Blocks }
  | { ok: false; error: 'invalid_blocks' | 'msg_blocks_too_long'; messages: string[] };

/** Whether Slack takes these blocks; every problem with a pointer to where it is, in Slack's words where known. */
export function checkBlocks(value: unknown): BlocksVerdict {
  const result = Blocks.safeParse(value);
  if (!result.success) return invalid(result.error.issues.map((issue) => messageOf(issue, value)));
  const problems = problemsTogether(result.data);
  if (problems.length > 0) return invalid(problems);
  const characters = charactersOf(result.data.filter(({ type }) => !ownLimit.has(type)));
  if (characters > maxMessageCharacters) {
    const message = `the blocks hold ${characters} characters of text, more than ${maxMessageCharacters}`;
    return { ok: false, error: 'msg_blocks_too_long', messages: [`[ERROR] ${message}`] };
  }
  return { ok: true, blocks: result.data };
}

/** Unverified: whether a table's text counts for the whole message too. Its own limit may be higher than that. */
const ownLimit = new Set(['data_table', 'table', 'markdown']);

function invalid(messages: string[]): BlocksVerdict {
  return { ok: false, error: 'invalid_blocks', messages };
}

/** What no block alone can be wrong about. */
function problemsTogether(blocks: Blocks): string[] {
  const problems: string[] = [];
  const of = (type: string): Blocks => blocks.filter((block) => block.type === type);
  const say = (text: string): void => void problems.push(`[ERROR] ${text} [json-pointer:/blocks]`);
  const ids = blocks.flatMap(({ block_id }) => block_id ?? []);
  if (new Set(ids).size < ids.length) say('block_id must be unique within a message');
  if (of('data_visualization').length > 2) say('no more than 2 data_visualization blocks allowed');
  if (of('table').length > 1) say('only one table block allowed');
  if (of('plan').length > 0 && of('task_card').length > 0) say('plan and task_card cannot be used together');
  if (charactersOf(of('markdown')) > 12_000) say('markdown blocks hold more than 12000 characters');
  if (charactersOf(of('table')) > 10_000) say('table holds more than 10000 characters');
  for (const table of of('data_table')) {
    if (charactersOf(table) > 20_000) say('data_table holds more than 20000 characters');
  }
  for (const block of blocks) {
    if (block.type !== 'data_visualization' || block.chart.type === 'pie') continue;
    const { series, axis_config: axis } = block.chart;
    if (new Set(series.map(({ name }) => name)).size < series.length) say('series names must be unique');
    const categories = axis.categories.join('\n');
    if (series.some(({ data }) => data.map(({ label }) => label).join('\n') !== categories)) {
      say('every series needs one point for each of axis_config.categories');
    }
  }
  return problems;
}

/** Characters a reader sees: all that is called text, title, body or caption. */
function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + charactersOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, item]) => {
    const seen = typeof item === 'string' && ['text', 'title', 'body', 'caption'].includes(key);
    return sum + (seen ? item.length : charactersOf(item));
  }, 0);
}

function messageOf(issue: z.core.$ZodIssue, blocks: unknown): string {
  const at = (path: PropertyKey[]): string => ` [json-pointer:/${['blocks', ...path.map(String)].join('/')}]`;
  const { path } = issue;
  switch (issue.code) {
    case 'too_big':
      return issue.origin === 'array'
        ? `[ERROR] no more than ${issue.maximum} items allowed${at(path)}`
        : `[ERROR] must be less than ${Number(issue.maximum) + 1} characters${at(path)}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `[ERROR] no fewer than ${issue.minimum} items allowed${at(path)}`
        : `[ERROR] must be more than 0 characters${at(path)}`;
    case 'unrecognized_keys':
      return `[ERROR] invalid additional property: ${issue.keys.join(', ')}${at(path)}`;
    case 'invalid_union':
      return `[ERROR] unsupported type: ${String(valueAt(blocks, path))}${at(path)}`;
    case 'invalid_type':
      if (valueAt(blocks, path) === undefined) {
        return `[ERROR] missing required field: ${String(path.at(-1))}${at(path.slice(0, -1))}`;
      }
      return `[ERROR] ${issue.message}${at(path)}`;
    default:
      return `[ERROR] ${issue.message}${at(path)}`;
  }
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}
