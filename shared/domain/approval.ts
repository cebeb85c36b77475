import type { DeploymentRequest } from './deployment.ts';
import type { DeploymentId } from './ids.ts';
import { isAmong, isSamePerson, mayBeSamePerson } from './people.ts';
import type { Policy } from '#shared/domain/service/policy.ts';

/** A person's word, as it was given. */
export interface Word {
  /** The person's id. */
  by: string;
  slackUser?: string;
  /** Of the user groups of `from`, those the person was in when they said it. */
  groups?: string[];
  at: string;
  reason?: string;
}

/** What approvals are decided by. */
export interface ApprovalState {
  status: 'open' | 'approved' | 'rejected' | 'expired';
  requestedBy: string;
  /** How many people must say yes, and who may: addresses, Slack users, Slack user groups. */
  required: number;
  from: string[];
  /** ISO 8601: silence until then is a no. */
  expiresAt: string;
  approvals: Word[];
  rejection?: Word;
}

/** A request that waits for people, for one exact release and configuration. */
export interface Approval extends ApprovalState {
  id: string;
  service: string;
  environment: string;
  image: string;
  /** Everything that was asked for, with the digest. */
  request: DeploymentRequest;
  configHash: string;
  timeoutSeconds: number;
  /** True when what follows from the status was done: the request is decided. */
  settled: boolean;
  /** What became of it: why it was refused, or the deployment it led to. */
  outcome?: string;
  deploymentId?: DeploymentId;
}

/** `changed: false`: it was said before, or all is said already; the state is the answer. */
export type WordTaken = { changed: boolean; state: ApprovalState } | { refused: string };

/**
 * Takes a person's yes or no. Rule, in order: settled → stays so; past its time → expired; not one of `from`, or the
 * requester, or perhaps the requester → not theirs to say; a no ends it; the same person counts once, and who may be the
 * same as one who said yes does not count; `required` different people → approved.
 */
export function takeWord(state: ApprovalState, yes: boolean, word: Word, nowMs: number): WordTaken {
  if (state.status !== 'open') return { changed: false, state };
  if (isOver(state, nowMs)) return { changed: true, state: { ...state, status: 'expired' } };
  if (!isAmong(state.from, personOf(word)))
    return { refused: `${word.by} is not among those who may approve: ${state.from.join(', ')}` };
  if (isSamePerson(state.requestedBy, word.by))
    return { refused: `${word.by} asked for it: somebody else has to decide` };
  if (mayBeSamePerson(state.requestedBy, word.by))
    return { refused: `${word.by} may be ${state.requestedBy}, who asked for it: ${whatToDo}` };
  if (!yes) return { changed: true, state: { ...state, status: 'rejected', rejection: word } };
  if (state.approvals.some(({ by }) => isSamePerson(by, word.by))) return { changed: false, state };
  const twin = state.approvals.find(({ by }) => mayBeSamePerson(by, word.by));
  if (twin) return { refused: `${word.by} may be ${twin.by}, who approved already: ${whatToDo}` };
  const approvals = [...state.approvals, word];
  const status = approvals.length >= state.required ? 'approved' : 'open';
  return { changed: true, state: { ...state, approvals, status } };
}

const whatToDo =
  'Slack does not tell the address; give the app the scope users:read.email, or decide both with slipway or both in Slack';

/**
 * What the policy, as it is now, says of approvals that were given under an earlier one: they must be as many as it wants,
 * by people it names. Who was counted as a member of a user group still counts while the policy names that group.
 * @returns why they do not suffice, or undefined
 */
export function notEnoughNow({ approvals: wanted }: Policy, given: readonly Word[]): string | undefined {
  if (!wanted) return undefined;
  const counted = given.filter((word) => isAmong(wanted.from, personOf(word)));
  if (counted.length >= wanted.required) return undefined;
  const who = counted.length === 0 ? 'none' : counted.map(({ by }) => by).join(', ');
  return `the policy changed and now wants ${wanted.required} of ${wanted.from.join(', ')}; of the approvals given count: ${who}; ask for it again`;
}

const personOf = ({ by, slackUser, groups = [] }: Word) => ({
  id: by,
  groups,
  ...(slackUser === undefined ? {} : { slackUser }),
});

export const isOver = ({ status, expiresAt }: ApprovalState, nowMs: number): boolean =>
  status === 'open' && Date.parse(expiresAt) <= nowMs;

/** `nobody approved within 30m`, `1 of 2 approved within 30m` */
export function expiryInWords({ approvals, required, timeoutSeconds }: Approval): string {
  const who = approvals.length === 0 ? 'nobody' : `${approvals.length} of ${required}`;
  return `${who} approved within ${duration(timeoutSeconds)}`;
}

/** In the largest unit of the service file that says it in whole numbers. */
function duration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
