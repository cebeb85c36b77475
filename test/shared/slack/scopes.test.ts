import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { verbs } from '#shared/chatops/help.ts';
import { scopes } from '#shared/slack/scopes.ts';

const page = await readFile(new URL('../../../docs/slack.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

it.each(scopes)('docs/slack.md says what $name is for, and whether it is needed', ({ name, isRequired }) => {
  const row = rows.find((line) => line.split('|')[1]?.includes(`\`${name}\``));
  expect(row?.split('|')[2]?.trim()).toBe(isRequired ? 'yes' : 'no');
});

it.each(verbs)('docs/slack.md shows how %s is written', (verb) => {
  const command = verb === 'deploy' ? '/deploy SERVICE' : `/deploy ${verb}`;
  expect(rows.filter((line) => line.split(' | ')[0]?.includes(command))).not.toEqual([]);
});
