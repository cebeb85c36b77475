import { z } from 'zod';
import { place } from '#local/place.ts';

const Environment = z.object({
  SLACK_BOT_TOKEN: z.string().default(''),
  SLACK_SIGNING_SECRET: z.string().default(''),
  SLACK_API_ENDPOINT: z.string().default(''),
  SLACK_TEAM_IDS: z.string().default(''),
  SLACK_APP_ID: z.string().default(''),
  SLIPWAY_SLACK_CHANNEL: z.string().default(`#${place.slackChannel.name}`),
});

/** What the functions of the local stack are told in place of the local Slack; empty values are Slack's own. */
interface RealSlack {
  functionsEnv: Record<string, string>;
}

/**
 * The workspace that the environment names by SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, which are handed on to the
 * functions and kept nowhere.
 * @returns undefined when it names none; `missing` when only one of the two is there, which is not acted on
 */
export function realSlack(
  env: Record<string, string | undefined>,
): RealSlack | { missing: 'SLACK_BOT_TOKEN' | 'SLACK_SIGNING_SECRET' } | undefined {
  const functionsEnv = Environment.parse(env);
  const hasToken = functionsEnv.SLACK_BOT_TOKEN !== '';
  const hasSecret = functionsEnv.SLACK_SIGNING_SECRET !== '';
  if (hasToken && hasSecret) return { functionsEnv };
  if (!hasToken && !hasSecret) return undefined;
  return { missing: hasToken ? 'SLACK_SIGNING_SECRET' : 'SLACK_BOT_TOKEN' };
}

/** Where messages go, for the terminal; nothing while it is the local Slack as always. @param origin of the local cloud */
export function slackInWords(found: ReturnType<typeof realSlack>, origin: string): string[] {
  if (found === undefined) return [];
  if ('missing' in found) {
    const other = found.missing === 'SLACK_BOT_TOKEN' ? 'SLACK_SIGNING_SECRET' : 'SLACK_BOT_TOKEN';
    return [`${other} is set and ${found.missing} is not: messages go to the local Slack.`];
  }
  return [
    'Messages go to the workspace of SLACK_BOT_TOKEN, not to the local Slack; the app has to be in the channels.',
    `Commands and buttons there reach this machine only through a tunnel to ${origin}/functions/chatops, and are heard`,
    'only with SLACK_TEAM_IDS: docs/slack.md',
  ];
}
