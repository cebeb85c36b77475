import { z } from 'zod';
import type { LocalRequest } from '#local/http.ts';
import { SlackError } from '#local/slack/slack-error.ts';

/** Arguments come as a form, whose values are all text, or as JSON. */
export const flag = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1'),
]);
const count = z.coerce.number().int().positive().max(999);
const Metadata = z.strictObject({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
});
export type Metadata = z.infer<typeof Metadata>;

/** A value that a form carries as JSON. @param error when it is none */
export function json(error: string) {
  return z.unknown().transform((value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      throw new SlackError(error);
    }
  });
}

const content = {
  channel: z.string().min(1),
  text: z.string().optional(),
  blocks: json('invalid_blocks_format').optional(),
  metadata: json('invalid_metadata_format').pipe(Metadata).optional(),
  reply_broadcast: flag.optional(),
  link_names: flag.optional(),
  parse: z.enum(['none', 'full']).optional(),
};
const paging = {
  channel: z.string().min(1),
  limit: count.default(100),
  cursor: z.string().optional(),
  oldest: z.string().default('0'),
  latest: z.string().optional(),
  inclusive: flag.default(false),
  include_all_metadata: flag.default(false),
};

/** The arguments of each method. Those that are not here are refused, so that none is without effect unnoticed. */
export const methodArguments = {
  'auth.test': z.strictObject({}),
  'chat.postMessage': z.strictObject({
    ...content,
    thread_ts: z.string().optional(),
    mrkdwn: flag.optional(),
    unfurl_links: flag.optional(),
    unfurl_media: flag.optional(),
    /** Unverified: Slack documents no effect of it. */
    client_msg_id: z.string().optional(),
  }),
  'chat.update': z.strictObject({ ...content, ts: z.string().min(1) }),
  'conversations.history': z.strictObject(paging),
  'conversations.replies': z.strictObject({ ...paging, ts: z.string().min(1) }),
  'conversations.info': z.strictObject({
    channel: z.string().min(1),
    include_num_members: flag.optional(),
    include_locale: flag.optional(),
  }),
  'users.conversations': z.strictObject({
    types: z.string().default('public_channel'),
    exclude_archived: flag.default(false),
    limit: count.default(100),
    cursor: z.string().optional(),
  }),
  'users.info': z.strictObject({ user: z.string().min(1), include_locale: flag.optional() }),
  'usergroups.users.list': z.strictObject({ usergroup: z.string().min(1) }),
};

/** The scope a method asks for, any one of those named: public channels, private ones. */
export const methodScopes: Record<Method, string[]> = {
  'auth.test': [],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'users.info': ['users:read'],
  /** Each type of channel asks for a scope of its own. */
  'users.conversations': [],
  'usergroups.users.list': ['usergroups:read'],
};
export type Method = keyof typeof methodArguments;
export type ArgumentsOf<M extends Method> = z.infer<(typeof methodArguments)[M]>;

/** @throws SlackError invalid_arguments naming the first that is wrong */
export function parseArguments<M extends Method>(method: M, given: Record<string, unknown>): ArgumentsOf<M> {
  const result = methodArguments[method].safeParse(given);
  if (result.success) return result.data as ArgumentsOf<M>;
  const issue = result.error.issues[0];
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path.join('/') ?? '');
  throw new SlackError('invalid_arguments', {
    messages: [`[ERROR] ${issue?.message} [json-pointer:/${name}]`],
  });
}

/** The arguments as sent, and the token, which may stand among them. */
export function readArguments(request: LocalRequest): {
  token: string | undefined;
  given: Record<string, unknown>;
} {
  const given: Record<string, unknown> = Object.fromEntries(request.url.searchParams);
  const type = request.headers['content-type'] ?? '';
  const body = request.body.toString('utf8');
  if (type.startsWith('application/json')) Object.assign(given, jsonObject(body));
  else if (body !== '') Object.assign(given, Object.fromEntries(new URLSearchParams(body)));
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const { token, ...rest } = given;
  return { token: bearer ?? (typeof token === 'string' ? token : undefined), given: rest };
}

function jsonObject(body: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  } catch {
    throw new SlackError('invalid_json');
  }
}
