/**
 * What the app may do in Slack: the one list behind the manifest and the doctor. Which method asks for which scope:
 * https://docs.slack.dev/reference/scopes
 */
interface Scope {
  name: string;
  isRequired: boolean;
  /** What it is for, and so what is missing without it. */
  why: string;
}

export const scopes = [
  { name: 'commands', isRequired: true, why: 'people can give commands' },
  { name: 'chat:write', isRequired: true, why: 'messages are posted and kept up to date' },
  { name: 'usergroups:read', isRequired: true, why: 'who is in a user group that a service file names' },
  { name: 'users:read', isRequired: true, why: 'who gives a command: a person of this workspace, active' },
  {
    name: 'users:read.email',
    isRequired: true,
    why: 'that a person in Slack and a person at the command line are the same',
  },
  {
    name: 'channels:read',
    isRequired: false,
    why: 'the doctor sees public channels and whether the app is in them; a lost message is found in one that is given by name',
  },
  { name: 'groups:read', isRequired: false, why: 'the doctor sees private channels that the app is in' },
  {
    name: 'channels:history',
    isRequired: false,
    why: 'after a crash a message in a public channel is found again, and not posted twice',
  },
  {
    name: 'groups:history',
    isRequired: false,
    why: 'after a crash a message in a private channel is found again, and not posted twice',
  },
] as const satisfies readonly Scope[];

type ScopeName = (typeof scopes)[number]['name'];

export const optionalScopes: readonly ScopeName[] = scopes
  .filter(({ isRequired }) => !isRequired)
  .map(({ name }) => name);
