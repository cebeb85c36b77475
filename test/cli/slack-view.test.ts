import { expect, it } from 'vitest';
import { Blocks } from '#local/slack/blocks.ts';
import type { SlackMessage } from '#local/slack/conversation.ts';
import { slackView } from '#cli/commands/local/slack-view.ts';
import { button, row, section } from '#test/local/slack/with-app.ts';

const message = (blocks: unknown[], more: Partial<SlackMessage> = {}): SlackMessage => ({
  channel: 'C0',
  ts: '1767225600.000001',
  text: 'fallback',
  blocks: Blocks.parse(blocks),
  broadcast: false,
  edits: 0,
  markedEdited: false,
  ...more,
});
const view = (blocks: unknown[], more?: Partial<SlackMessage>): string[] =>
  slackView([message(blocks, more)], 'deployments', (color, text) => (color === 'red' ? `!${text}!` : text))
    .split('\n')
    .slice(2);
const raw = (...rows: string[][]) => rows.map((cells) => cells.map((text) => ({ type: 'raw_text', text })));
const task = (id: string, status: string) => ({ type: 'task_card', task_id: id, title: id, status });
const points = (...values: number[]) => values.map((value, at) => ({ label: String(at), value }));

it.each([
  [
    'buttons, with those that ask first and where links lead',
    row(
      button('Roll Back', 'x', { style: 'danger', confirm: { text: { type: 'mrkdwn', text: '?' } } }),
      button('View Logs', 'y', { url: 'https://logs.test/' }),
    ),
    ['![Roll Back …]!  [View Logs] (https://logs.test/)'],
  ],
  [
    'a table in columns',
    { type: 'table', rows: raw(['CHECK', 'SEEN'], ['a &lt;b&gt;', '12 ms'], ['long name', '\u001B[2J']) },
    ['CHECK      SEEN', 'a <b>      12 ms', 'long name  [2J'],
  ],
  [
    'a plan with the state of each step',
    {
      type: 'plan',
      title: 'Steps',
      tasks: [
        task('build', 'complete'),
        task('deploy', 'in_progress'),
        task('validate', 'error'),
        task('x', 'pending'),
      ],
    },
    ['Steps', '✓ build', '▸ deploy', '!✗ validate!', '○ x'],
  ],
  [
    'a chart as lines of bars',
    {
      type: 'data_visualization',
      title: 'Latency',
      chart: {
        type: 'line',
        series: [
          { name: 'stable', data: points(10, 20) },
          { name: 'candidate', data: points(40, 80) },
        ],
        axis_config: { categories: ['0', '1'] },
      },
    },
    ['Latency', 'stable     ▂▃  10–20', 'candidate  ▅█  40–80'],
  ],
  [
    'mentions, code over lines and empty lines',
    section('<@U1|ana> <@U2> <!subteam^S1> <!here> <#C1|ops>\n\n```gcloud run```'),
    ['@ana @U2 @S1 @here #ops', '', 'gcloud run'],
  ],
])('shows %s', (_, block, lines) => {
  expect(view([block])).toEqual(['00:00:00 UTC', ...lines]);
});

it('says who sees what not everybody sees, and what the channel shows of a thread', () => {
  expect(view([], { onlyFor: 'U0ANA' })).toEqual(['00:00:00 UTC · only visible to U0ANA', 'fallback']);
  expect(view([], { broadcast: true })[0]).toBe('00:00:00 UTC · shown in the channel too');
});

const people = {
  team: 'T0',
  users: [{ id: 'U0ANA', name: 'ana', realName: 'Ana Alves' }],
  groups: [{ id: 'S0ONCALL', handle: 'on-call', name: 'On call', users: [] }],
};

it('has names where it is told who is who', () => {
  const text = '<@U0ANA> <!subteam^S0ONCALL> <@U0SAM>';
  const shown = slackView([message([], { text, onlyFor: 'U0ANA' })], 'x', (_, said) => said, { people });
  expect(shown.split('\n').slice(2)).toEqual(['00:00:00 UTC · only visible to ana', '@ana @on-call @U0SAM']);
});

it('folded, counts replies, shows those of the channel where they stand, and leaves addresses out', () => {
  const reply = { threadTs: '1767225600.000001', text: 'more' };
  const channel = [
    message([
      row(button('View Logs', 'y', { url: 'https://logs.test/' })),
      section('<https://x.test|there>'),
    ]),
    message([], { ...reply, ts: '1767225601.000001' }),
    message([], { ...reply, ts: '1767225602.000001', text: 'loud', broadcast: true }),
  ];
  expect(
    slackView(channel, 'x', (_, text) => text, { folded: true })
      .split('\n')
      .slice(2),
  ).toEqual([
    '00:00:00 UTC',
    '[View Logs]',
    'there',
    '2 replies',
    '',
    '00:00:02 UTC · replied to a thread',
    'loud',
  ]);
});
