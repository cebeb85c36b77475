import { z } from 'zod';

/** A Slack user: https://docs.slack.dev/reference/objects/user-object */
export const SlackUser = z.string().regex(/^[UW][A-Z0-9]{2,}$/, 'expected a Slack user id such as U012AB3CD');
/** A Slack user group: https://docs.slack.dev/reference/objects/usergroup-object */
export const SlackGroup = z
  .string()
  .regex(/^S[A-Z0-9]{2,}$/, 'expected a Slack user group id such as S012AB3CD');

/** How a service file names people: an e-mail address, a Slack user or everybody of a Slack user group. */
export const Who = z.union([z.email(), SlackUser, SlackGroup], {
  error: 'expected an e-mail address, a Slack user id (U…) or a Slack user group id (S…)',
});

/** Somebody whose identity was verified, never claimed. */
export interface Person {
  /** An e-mail address, or `slack:U012AB3CD` for somebody whose address Slack does not tell. Records hold this. */
  id: string;
  slackUser?: string;
  /** Of the user groups that the policy at hand names, those the person is in. */
  groups?: readonly string[];
}

export const idOfSlackUser = (user: string): string => `slack:${user}`;

/** Mail addresses of one person: Google's tokens say them in small letters, a service file may not. */
export const isSamePerson = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * For four eyes: an address and a Slack user may be one person, as long as Slack does not tell the user's address. A topic
 * is nobody.
 * @param a @param b ids of persons
 */
export const mayBeSamePerson = (a: string, b: string): boolean =>
  isSamePerson(a, b) || (isSlackId(a) && isAddress(b)) || (isAddress(a) && isSlackId(b));

const isSlackId = (id: string): boolean => id.startsWith('slack:');
const isAddress = (id: string): boolean => id.includes('@');

export const isAmong = (who: readonly string[], person: Person | string): boolean => {
  const { id, slackUser, groups = [] }: Person = typeof person === 'string' ? { id: person } : person;
  return who.some((known) => isSamePerson(known, id) || known === slackUser || groups.includes(known));
};
