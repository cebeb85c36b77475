import { SlackGroup, SlackUser } from '#shared/domain/people.ts';
import { foreign } from './mrkdwn.ts';

const isUser = (id: string): boolean => SlackUser.safeParse(id).success;
const isGroup = (id: string): boolean => SlackGroup.safeParse(id).success;

/** Whether Slack can call them: an e-mail address is text to it. */
export const isCallable = (id: string): boolean => isUser(id) || isGroup(id);

/**
 * Calls a Slack user or a user group, each in the form that does it: `<@S…>` would be shown and call nobody. Anything else
 * is text. An edit calls nobody (jenkinsci/slack-plugin#706): who is to be called gets a new message.
 */
export const mention = (id: string): string =>
  isUser(id) ? `<@${id}>` : isGroup(id) ? `<!subteam^${id}>` : foreign(id);

/** All of them, each once; nothing for nobody. */
export const mentions = (ids: readonly string[]): string => [...new Set(ids)].map(mention).join(' ');

/** Names a person of a record without calling them. */
export const personInWords = (id: string): string => foreign(id.replace(/^slack:/, 'Slack user '));
