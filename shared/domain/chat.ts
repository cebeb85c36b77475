import { z } from 'zod';
import { Change } from './change.ts';
import { ApprovalId, DeploymentId } from './ids.ts';
import { SlackUser } from './people.ts';

/** What travels from `chatops`, which verified who sent it, to `commands`. */

/** Words with which a command begins, and those between its parts: nothing else may be called so, or it could not be named. */
export const chatVerbs = [
  'deploy',
  'plan',
  'status',
  'history',
  'rollback',
  'cancel',
  'diff',
  'approve',
  'reject',
  'lock',
  'unlock',
  'quarantine',
  'doctor',
  'help',
] as const;
const prepositions = ['in', 'on', 'to', 'for'];
export const isChatWord = (word: string): boolean => [...chatVerbs, ...prepositions].includes(word);

/** Buttons stay in a channel for months: what they do is named exactly, and is decided afresh when one is pressed. */
const place = { service: z.string().min(1).max(63), environment: z.string().min(1).max(63) };

/**
 * What a button asks for. Its `action` is the button's `action_id`, the rest its `value` as JSON, which Slack allows 2000
 * characters.
 */
export const ChatAction = z.discriminatedUnion('action', [
  /** Of the preview of a deployment: `requestId` is the command's, so that two presses are one request. */
  z.strictObject({
    action: z.literal('confirm-deploy'),
    requestId: z.string().min(1).max(200),
    ...place,
    tag: z.string().min(1).max(128).optional(),
    digest: z.string().min(1).max(100),
    /** What was shown is what is deployed: another configuration needs another look. */
    configHash: z.string().min(1).max(64),
    overrideFreeze: z.string().min(1).max(300).optional(),
    reason: z.string().min(1).max(300).optional(),
    change: Change.optional(),
    askedBy: SlackUser,
    askedAt: z.iso.datetime(),
  }),
  /** Takes the preview away. */
  z.strictObject({ action: z.literal('dismiss') }),
  z.strictObject({ action: z.literal('approve'), approvalId: ApprovalId }),
  z.strictObject({ action: z.literal('reject'), approvalId: ApprovalId }),
  z.strictObject({ action: z.literal('cancel'), deploymentId: DeploymentId }),
  /** Takes the traffic to a revision, or to what served before when none is named. */
  z.strictObject({ action: z.literal('roll-back'), ...place, to: z.string().min(1).max(63).optional() }),
  /** The same release again, after a fault. */
  z.strictObject({ action: z.literal('retry'), deploymentId: DeploymentId }),
  /** "I am on it": ends the calling for people. */
  z.strictObject({ action: z.literal('on-it'), deploymentId: DeploymentId }),
]);
export type ChatAction = z.infer<typeof ChatAction>;

const sender = {
  version: z.literal(1),
  /** The same for every repeat by machines; two commands of a person have two. */
  requestId: z.string().min(1).max(200),
  receivedAt: z.iso.datetime(),
  team: z.string().min(1),
  user: SlackUser,
  /** For people to read only. */
  userName: z.string().optional(),
  channel: z.string().optional(),
  /** Where the answer goes: anybody who has it may write there, so it is in no log. */
  responseUrl: z.url({ protocol: /^https?$/ }),
};

/** What travels on the `chat-commands` topic. */
export const ChatMessage = z.discriminatedUnion('kind', [
  /** `text` as typed, after the name of the command; it follows the grammar. */
  z.strictObject({ kind: z.literal('command'), ...sender, command: z.string(), text: z.string().max(900) }),
  z.strictObject({ kind: z.literal('action'), ...sender, action: ChatAction }),
]);
export type ChatMessage = z.infer<typeof ChatMessage>;
