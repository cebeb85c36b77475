import type { ChatMessage } from '#shared/domain/chat.ts';
import type { Person } from '#shared/domain/people.ts';
import { idOfSlackUser } from '#shared/domain/people.ts';
import type { Deps } from '#functions/deps.ts';
import { slackCaller, type Caller } from '#functions/orders/caller.ts';

/** Who wrote a command or pressed a button, as the handlers need it. */
export interface Sender extends Caller {
  user: string;
  requestId: string;
  /** Id of the channel it was written in. */
  channel: string | undefined;
  /** `/deploy`, for answers that name a command. */
  command: string;
  /** Who it turned out to be; the Slack user while nobody asked. */
  known(): string;
}

export function createSender(
  deps: Deps,
  {
    team,
    user,
    channel,
    requestId,
    command,
  }: Pick<ChatMessage, 'team' | 'user' | 'channel' | 'requestId'> & { command: string },
): Sender {
  const caller = slackCaller(deps, { team, user });
  let person: Person | undefined;
  return {
    via: caller.via,
    async identify(among, trust) {
      const found = await caller.identify(among, trust);
      if ('person' in found) person = found.person;
      return found;
    },
    user,
    requestId,
    channel,
    command,
    known: () => person?.id ?? idOfSlackUser(user),
  };
}
