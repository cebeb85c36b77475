import type { AuditRecord, ChatAnswer } from '#shared/ledger/audit-record.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import type { Refused } from '#functions/orders/result.ts';
import { notDone } from '#functions/triggers/commands/answers.ts';

/** What became of a command or a button: for the record, and for the person. */
export interface Reply {
  decision: Exclude<AuditRecord['decision'], 'begun'>;
  /** One line of plain text, for the record. */
  reason: string;
  about?: Pick<AuditRecord, 'service' | 'environment' | 'subject'>;
  answer: ChatAnswer;
}

type About = NonNullable<Reply['about']>;

/** It was carried out, or what was asked for is shown. */
export const done = (
  reason: string,
  message: ChatAnswer['message'],
  { about, ...how }: { about?: About; inChannel?: boolean; replace?: boolean } = {},
): Reply => ({ decision: 'done', reason, ...(about && { about }), answer: { message, ...how } });

/** A rule, or what is there, says no. */
export const refusal = (
  reason: string,
  { about, message, ...how }: { about?: About; message?: SlackMessage; replace?: boolean } = {},
): Reply => ({
  decision: 'refused',
  reason,
  ...(about && { about }),
  answer: { message: message ?? notDone(reason), ...how },
});

export const refusalOf = (refused: Refused, about?: About): Reply =>
  refusal(refused.reason, about && { about });

/** It is not understood. */
export const invalid = (reason: string, message: SlackMessage): Reply => ({
  decision: 'invalid',
  reason,
  answer: { message },
});

export const aboutPlace = (
  { service, environment }: { service: string; environment: string },
  subject?: string,
): About => ({
  service,
  environment,
  ...(subject === undefined ? {} : { subject }),
});

/** The same of what may not be there: then its id is all that is known. */
export const aboutSubject = (
  place: { service: string; environment: string } | undefined,
  subject: string,
): About => (place ? aboutPlace(place, subject) : { subject });
