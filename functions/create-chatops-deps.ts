import { systemClock } from '#shared/clock.ts';
import { loadConfig } from '#shared/env.ts';
import { messageOf } from '#shared/errors.ts';
import { createTokens } from '#shared/google/auth.ts';
import { createPublish } from '#shared/google/publish.ts';
import { createRest } from '#shared/google/rest.ts';
import { consoleLog } from '#shared/log.ts';
import { createResponder } from '#shared/slack/responder.ts';
import { answerBudgetMs, type ChatopsDeps } from '#functions/triggers/chatops.ts';

/**
 * What `chatops` needs and nothing more: whoever waits in Slack gives up after three seconds, the start of a new instance
 * included.
 * @throws Error naming what the environment lacks: without a signing secret nobody could be told from Slack
 */
export function createChatopsDeps(env: Record<string, string | undefined>): ChatopsDeps {
  const config = loadConfig(env);
  const { endpoints, project, slack } = config;
  const { signingSecret, teams, appId, endpoint } = slack;
  if (signingSecret === undefined)
    throw new Error('SLACK_SIGNING_SECRET is empty: chatops cannot verify requests');
  if (teams.length === 0) throw new Error('SLACK_TEAM_IDS is empty: chatops does not know whom to hear');
  const tokens = createTokens();
  // Asked for while the function starts, so that the first command does not wait for it.
  tokens.access().catch((error: unknown) => consoleLog('WARNING', messageOf(error)));
  return {
    signingSecret,
    teams,
    appId,
    slackEndpoint: endpoint,
    clock: systemClock,
    log: consoleLog,
    publish: createPublish({ endpoint: endpoints.pubsub, project, rest: createRest({ tokens }) }),
    responder: createResponder({
      timeoutMs: answerBudgetMs,
      ...(endpoint === undefined ? {} : { endpoint }),
    }),
  };
}
