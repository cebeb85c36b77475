import type { Clock } from '#shared/clock.ts';
import type { LocalRequest, LocalResponse, LocalService } from '#local/http.ts';
import type { Store } from '#local/store.ts';
import { methodArguments, methodScopes, readArguments, type Method } from '#local/slack/arguments.ts';
import { createConversations, type SlackMessage } from '#local/slack/conversation.ts';
import { createMethods, type SlackChannel } from '#local/slack/methods.ts';
import { createRateLimit } from '#local/slack/rate-limit.ts';
import { SlackError } from '#local/slack/slack-error.ts';

/** What is wrong with Slack at the moment. */
export type SlackFault =
  /** Answers 503. */
  | { kind: 'down' }
  /** Answers that much later. */
  | { kind: 'slow'; delayMs: number }
  /** A message is posted or updated, and the connection cut before the answer. `times`: so often only. */
  | { kind: 'accepted-but-lost'; times?: number }
  /** This workspace does not take that type of block. */
  | { kind: 'invalid-blocks'; blockType: string };

export interface LocalSlack extends LocalService {
  /** All messages of a channel (id or name), oldest first. */
  messages(channel: string): SlackMessage[];
  /** From now on these faults and no others. */
  setFaults(faults: SlackFault[]): void;
}

export interface SlackOptions {
  store: Store;
  clock: Clock;
  /** The one token that is accepted. */
  botToken: string;
  channels: SlackChannel[];
  /** What the app may do; all that the methods here ask for unless told otherwise. */
  scopes?: string[];
  /** Off for tests that ask for something else; on unless told otherwise. */
  rateLimits?: boolean;
  onMessage?: (event: { kind: 'posted' | 'updated'; message: SlackMessage }) => void;
}

/** Slack's Web API as far as a bot needs it to post, edit and read messages: `slackApiUrl` is ORIGIN/api/. */
export function createSlack(options: SlackOptions): LocalSlack {
  const { clock, scopes = [...new Set(Object.values(methodScopes).flat())] } = options;
  const conversations = createConversations(options);
  let faults: SlackFault[] = [];
  const faultOf = <Kind extends SlackFault['kind']>(
    kind: Kind,
  ): Extract<SlackFault, { kind: Kind }> | undefined =>
    faults.find((fault): fault is Extract<SlackFault, { kind: Kind }> => fault.kind === kind);

  const methods = createMethods({
    channels: options.channels,
    conversations,
    onMessage: options.onMessage ?? (() => undefined),
    refusedBlock: () => faultOf('invalid-blocks')?.blockType,
  });
  // https://docs.slack.dev/apis/web-api/rate-limits: one message a second and channel with bursts, else tier 3.
  const perChannel = createRateLimit({ clock, perMinute: 60, burst: 5 });
  const perMethod = createRateLimit({ clock, perMinute: 50, burst: 50 });

  function checkRate(method: Method, given: Record<string, unknown>): LocalResponse | undefined {
    if (options.rateLimits === false || method === 'auth.test') return undefined;
    const taken =
      method === 'chat.postMessage'
        ? perChannel.take(methods.channelId(given['channel']))
        : perMethod.take(method);
    if (taken.ok) return undefined;
    return {
      status: 429,
      headers: { 'retry-after': String(taken.retryAfterSeconds) },
      json: { ok: false, error: 'ratelimited' },
    };
  }

  function checkScope(method: Method): void {
    const wanted = methodScopes[method];
    if (wanted.length === 0 || wanted.some((scope) => scopes.includes(scope))) return;
    throw new SlackError('missing_scope', {
      fields: { needed: wanted.join(','), provided: scopes.join(',') },
    });
  }

  function isLost(method: Method): boolean {
    const fault = faultOf('accepted-but-lost');
    if (!fault || !method.startsWith('chat.')) return false;
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) faults = faults.filter((other) => other !== fault);
    }
    return true;
  }

  async function handle(request: LocalRequest): Promise<LocalResponse> {
    const slow = faultOf('slow');
    if (slow) await clock.sleep(slow.delayMs);
    if (faultOf('down')) return { status: 503, body: 'Service Unavailable' };
    try {
      const { token, given } = readArguments(request);
      const method = request.params['method'] ?? '';
      if (!isMethod(method)) throw new SlackError('unknown_method', { fields: { req_method: method } });
      if (token === undefined) throw new SlackError('not_authed');
      if (token !== options.botToken) throw new SlackError('invalid_auth');
      checkScope(method);
      const limited = checkRate(method, given);
      if (limited) return limited;
      const json = { ok: true, ...methods.call(method, given) };
      return isLost(method) ? { cut: true } : { json, headers: { 'x-oauth-scopes': scopes.join(',') } };
    } catch (error) {
      if (error instanceof SlackError) return { json: error.toJSON() };
      throw error;
    }
  }

  return {
    routes: ['GET', 'POST'].map((method) => ({ method, path: '/api/{method}', public: true, handle })),
    messages: (channel) => conversations.inChannel(methods.channelId(channel)),
    setFaults(next) {
      faults = next.map((fault) => ({ ...fault }));
    },
  };
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methodArguments, name);
}
