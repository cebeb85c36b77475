export interface SlackMessage {
  text: string;
  blocks: Record<string, unknown>[];
  /** The same with older blocks only, for a workspace that refuses `blocks`. */
  simpler?: Record<string, unknown>[];
}

/** What Slack answered, when it was not a fault. */
export type SlackAnswer = { ok: true; ts: string; channel: string } | { ok: false; error: string };

export interface Slack {
  post(
    channel: string,
    message: SlackMessage,
    options?: {
      threadTs?: string;
      /** A reply that is shown in the channel too. */
      broadcast?: boolean;
      /** What the message is about, such as a deployment's or an approval's id: `findRoot` finds it by that. */
      subject?: string;
    },
  ): Promise<SlackAnswer>;
  update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer>;
  /**
   * The message about a subject found by its metadata, after a crash between post and save: in the channel, or among the
   * replies to a message.
   */
  findRoot(
    channel: string,
    subject: string,
    threadTs?: string,
  ): Promise<{ ts: string; channel: string } | undefined>;
}

export interface SlackProfile {
  /** Absent when the app may not read it. */
  email?: string;
  /** The workspace the person belongs to: in a shared channel it may be another company's. */
  team: string;
  name: string;
  isBot: boolean;
  /** Deactivated. */
  isDeleted: boolean;
}

/** Who people are in Slack. */
export interface SlackDirectory {
  /** @returns undefined when there is no such user */
  user(id: string): Promise<SlackProfile | undefined>;
  /** User ids. Fault `unsupported` when the plan or a scope does not allow to ask, `not-found` when there is no such group. */
  groupMembers(group: string): Promise<string[]>;
}

/** Answers a command or a button where it was pressed, for 30 minutes and five times at most (slack.md §1.1). */
export interface Responder {
  /**
   * Only the person sees it unless `inChannel`. `replace` puts it in place of the message whose button was pressed,
   * `remove` takes that away. Fault `invalid-input` when the address is not Slack's or the time is over.
   */
  respond(
    responseUrl: string,
    message: SlackMessage | 'remove',
    options?: { inChannel?: boolean; replace?: boolean },
  ): Promise<void>;
}

/** Calls a person outside Slack. */
export interface Pager {
  /** @param page `key`: repeats of it are one alarm */
  page(page: { key: string; summary: string; details: Record<string, string | undefined> }): Promise<void>;
}
