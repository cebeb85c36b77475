import type { Via } from '#shared/domain/permission.ts';
import type { SlackMessage, SlackProfile } from '#shared/ports/people.ts';

/** What somebody wanted to do, through Slack or the API, and what became of it: denied attempts too. */
export interface AuditRecord {
  /** The request's; repeats of it by machines have the same. */
  id: string;
  /** ISO 8601 */
  at: string;
  /** The person's id; of a Slack user whom nobody could be asked about yet, `slack:U…`. */
  person: string;
  slackUser?: string;
  via: Via;
  /** A verb of the grammar, or what a button does. */
  action: string;
  service?: string;
  environment?: string;
  /** The deployment, approval or quarantine it was about. */
  subject?: string;
  /** As it was typed. */
  text?: string;
  /** `begun` stays when the function died before it knew the end. */
  decision: 'begun' | 'done' | 'refused' | 'invalid' | 'failed';
  reason: string;
  /** The person was told. */
  answered: boolean;
  /** Milliseconds since the epoch until which one function acts for it. */
  busyUntil?: number;
  /** What is to be said, until it is. */
  answer?: ChatAnswer;
}

/** An answer to a command or a button, as `Responder` takes it. */
export interface ChatAnswer {
  message: SlackMessage | 'remove';
  inChannel?: boolean;
  replace?: boolean;
}

/** What Slack said last of a user, or of who is in a user group, for when it cannot be asked. */
export interface DirectoryCopy {
  /** `user U…` or `group S…` */
  what: string;
  /** ISO 8601 */
  at: string;
  profile?: SlackProfile;
  members?: string[];
}
