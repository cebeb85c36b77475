import { expect, it } from 'vitest';
import { realSlack, slackInWords } from '#cli/commands/local/real-slack.ts';

const origin = 'http://127.0.0.1:4321';
const both = { SLACK_BOT_TOKEN: 'xoxb-secret', SLACK_SIGNING_SECRET: 'shhh' };

it('without a token and a secret of a real workspace the local Slack is used, and nothing said', () => {
  expect(realSlack({ PATH: '/bin', SLACK_BOT_TOKEN: '' })).toBeUndefined();
  expect(slackInWords(undefined, origin)).toEqual([]);
});

it('with both the functions get them, Slack itself, and nothing of the local workspace', () => {
  expect(realSlack(both)).toEqual({
    functionsEnv: {
      ...both,
      SLACK_API_ENDPOINT: '',
      SLACK_TEAM_IDS: '',
      SLACK_APP_ID: '',
      SLIPWAY_SLACK_CHANNEL: '#deployments',
    },
  });
});

it('workspace, app and channel are those of the environment', () => {
  const more = { SLACK_TEAM_IDS: 'T0ACME', SLACK_APP_ID: 'A0ACME', SLIPWAY_SLACK_CHANNEL: '#ops' };
  expect(realSlack({ ...both, ...more })).toMatchObject({ functionsEnv: more });
});

it.each([
  ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'],
  ['SLACK_SIGNING_SECRET', 'SLACK_BOT_TOKEN'],
] as const)('with %s alone the local Slack is used, and that is said', (there, missing) => {
  const found = realSlack({ [there]: 'secret' });
  expect(found).toEqual({ missing });
  expect(slackInWords(found, origin)).toEqual([
    `${there} is set and ${missing} is not: messages go to the local Slack.`,
  ]);
});

it('the terminal is told where messages go and what cannot come back, and no secret', () => {
  const words = slackInWords(realSlack(both), origin).join('\n');
  expect(words).toContain('not to the local Slack');
  expect(words).toContain(`only through a tunnel to ${origin}/functions/chatops`);
  expect(words).not.toMatch(/xoxb-secret|shhh/);
});
