import { printCommand } from '#shared/chatops/command.ts';
import { helpLines } from '#shared/chatops/help.ts';
import { parseCommand } from '#shared/chatops/parse-command.ts';
import { signatureProblem } from '#shared/chatops/signature.ts';
import type { Clock } from '#shared/clock.ts';
import type { ChatMessage } from '#shared/domain/chat.ts';
import { messageOf } from '#shared/errors.ts';
import type { Publish } from '#shared/google/publish.ts';
import type { Responder } from '#shared/ports/people.ts';
import type { Log } from '#shared/ports/platform.ts';
import { section } from '#shared/slack/blocks.ts';
import { escapeText } from '#shared/slack/escape.ts';
import { auditOf, requestIdOf, senderOf, type Button, type Command } from '#functions/triggers/asked.ts';
import { slackPayload, type Sender } from '#functions/triggers/slack-payload.ts';

export interface ChatopsDeps {
  signingSecret: string;
  /** Workspaces whose people are heard. */
  teams: readonly string[];
  /** The one app that is heard, if it is known. */
  appId: string | undefined;
  /** Of Slack's Web API when it is not Slack's own: its origin may be answered too. */
  slackEndpoint: string | undefined;
  clock: Clock;
  log: Log;
  publish: Publish;
  responder: Responder;
}

export interface SignedRequest {
  method: string;
  /** Names in small letters. */
  headers: Record<string, string | string[] | undefined>;
  /** As it came over the wire; undefined when there was none. */
  rawBody: Buffer | undefined;
}

export interface ChatopsAnswer {
  status: number;
  contentType?: string;
  body: string;
}

/** Of the three seconds that Slack waits, what one call to elsewhere may take. */
export const answerBudgetMs = 2000;
/** A button brings the whole message it stands in. */
const maxBodyBytes = 1024 * 1024;

/**
 * Slack's way in: verifies, understands, publishes to `chat-commands`, answers. It decides nothing that needs the ledger;
 * `commands` does. Nothing is acted on that is not signed, and nothing goes on after the answer.
 */
export async function chatops(deps: ChatopsDeps, request: SignedRequest): Promise<ChatopsAnswer> {
  const { method, headers, rawBody = Buffer.alloc(0) } = request;
  if (rawBody.length > maxBodyBytes) return refused(deps, 413, `a body of ${rawBody.length} bytes`);
  const form = new URLSearchParams(rawBody.toString('utf8'));
  if (isCertificateCheck(form)) return { status: 200, body: 'ok' };
  const problem = signatureProblem(
    deps.signingSecret,
    {
      signature: oneOf(headers['x-slack-signature']),
      timestamp: oneOf(headers['x-slack-request-timestamp']),
      body: rawBody,
    },
    deps.clock.now(),
  );
  if (problem !== undefined) return refused(deps, 401, `a request that is not Slack's: ${problem}`);
  if (form.get('ssl_check') === '1') return { status: 200, body: 'ok' };
  if (method !== 'POST') return refused(deps, 405, `${method}: expected POST`);

  const payload = slackPayload(form);
  if (payload === undefined) return refused(deps, 400, 'neither a slash command nor a button');
  if (payload.kind === 'link') return { status: 200, body: '' };
  if (payload.kind === 'unsupported') return refused(deps, 400, `${payload.what} is not supported`);
  if (!isAnswerable(deps, payload.responseUrl))
    return refused(deps, 400, "a response_url that is not Slack's", auditOf(payload));
  const stranger = strangeness(deps, payload);
  if (stranger !== undefined) return tell(deps, payload, stranger, auditOf(payload));
  return payload.kind === 'command' ? command(deps, payload) : button(deps, payload);
}

/**
 * Slack looks now and then whether the certificate is good, unsigned: just these fields. Nothing is done for it, so anybody
 * may send it; with any other field it has to be signed like everything else.
 */
function isCertificateCheck(form: URLSearchParams): boolean {
  const fields = [...form.keys()].filter((name) => name !== 'token');
  return fields.length === 1 && fields[0] === 'ssl_check' && form.get('ssl_check') === '1';
}

/** Why somebody is not heard, as far as the request alone tells. `commands` asks Slack who they are. */
function strangeness({ appId, teams }: ChatopsDeps, sender: Sender): string | undefined {
  if (appId !== undefined && sender.appId !== appId)
    return 'Slipway listens to another app of this workspace.';
  if (sender.team === undefined)
    return 'Slipway does not listen to an app that is installed for a whole organisation.';
  const stranger = [sender.team, sender.userTeam ?? sender.team].find((team) => !teams.includes(team));
  return stranger === undefined ? undefined : `Slipway does not listen to the workspace ${stranger}.`;
}

async function command(deps: ChatopsDeps, asked: Command): Promise<ChatopsAnswer> {
  const parsed = parseCommand(asked.text);
  if ('problem' in parsed) {
    const { problem, didYouMean } = parsed;
    deps.log('INFO', `chatops: not understood: ${problem}`, auditOf(asked, 'invalid'));
    const meant = didYouMean === undefined ? '' : `\nDid you mean ${code(`${asked.command} ${didYouMean}`)}?`;
    return ephemeral(`${escapeText(problem)}${meant}`);
  }
  if (parsed.verb === 'help') return ephemeral(escapeText(helpLines(parsed.about, asked.command).join('\n')));

  const { command: name, text, triggerId } = asked;
  const requestId = requestIdOf([asked.team, asked.user, name, text, triggerId]);
  const sent = await publish(deps, asked, {
    kind: 'command',
    ...senderOf(asked, requestId, deps.clock.now()),
    command: name,
    text,
  });
  const what = `${code(printCommand(parsed))} (request ${requestId})`;
  if (sent) return ephemeral(`Accepted: ${what}`);
  const place =
    'service' in parsed ? ` ${[parsed.service, parsed.environment].filter(Boolean).join(' ')}` : '';
  return ephemeral(
    `Not confirmed: ${what} may have been accepted or not. Repeating it is safe; ${code(`${name} status${place}`)} tells.`,
  );
}

/** Slack shows no answer to a button, but marks it when the status is bad. */
async function button(deps: ChatopsDeps, pressed: Button): Promise<ChatopsAnswer> {
  const { action, actionId, user, press } = pressed;
  if (action === undefined) {
    const old =
      'This button is of another version of Slipway: nothing was done. There is a command for all of it.';
    return tell(deps, pressed, old, auditOf(pressed, 'invalid', { actionId }));
  }
  // Every press is a request: one that was refused is decided afresh. Whoever repeats a press without a person repeats its ids.
  const requestId = requestIdOf([user, ...press]);
  const sent = await publish(deps, pressed, {
    kind: 'action',
    ...senderOf(pressed, requestId, deps.clock.now()),
    action,
  });
  return { status: sent ? 200 : 503, body: '' };
}

/** @returns whether Pub/Sub confirmed in time that it has the message */
async function publish(deps: ChatopsDeps, asked: Command | Button, message: ChatMessage): Promise<boolean> {
  const { requestId } = message;
  try {
    await inTime(deps.clock, (signal) => deps.publish('chat-commands', message, signal));
    deps.log('INFO', `chatops accepted ${requestId}`, auditOf(asked, 'accepted', { requestId }));
    return true;
  } catch (error) {
    const fields = auditOf(asked, 'unconfirmed', { requestId });
    deps.log('ERROR', `chatops could not confirm ${requestId}: ${messageOf(error)}`, fields);
    return false;
  }
}

/** Tells a person that nothing comes of it: a button's presser where the button is, or by Slack's mark if that fails. */
async function tell(
  deps: ChatopsDeps,
  { kind, responseUrl }: Command | Button,
  text: string,
  fields: Record<string, unknown>,
): Promise<ChatopsAnswer> {
  deps.log('WARNING', `chatops refused: ${text}`, fields);
  if (kind === 'command') return ephemeral(escapeText(text));
  try {
    await inTime(deps.clock, () =>
      deps.responder.respond(responseUrl, { text: escapeText(text), blocks: section(escapeText(text)) }),
    );
    return { status: 200, body: '' };
  } catch (error) {
    deps.log('WARNING', `chatops could not say so: ${messageOf(error)}`);
    return { status: 400, body: text };
  }
}

/** Aborts what takes longer than `answerBudgetMs`. @throws what `act` throws, and an Error when it took too long */
async function inTime(clock: Clock, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const acting = new AbortController();
  const waiting = new AbortController();
  const late = clock.sleep(answerBudgetMs, waiting.signal).then(() => {
    throw new Error(`no answer within ${answerBudgetMs} ms`);
  });
  try {
    await Promise.race([act(acting.signal), late]);
  } finally {
    acting.abort();
    waiting.abort();
  }
}

function refused(
  deps: ChatopsDeps,
  status: number,
  what: string,
  fields: Record<string, unknown> = { audit: { via: 'slack', decision: 'refused' } },
): ChatopsAnswer {
  deps.log('WARNING', `chatops refused ${what}`, fields);
  return { status, contentType: 'text/plain; charset=utf-8', body: `refused: ${what}\n` };
}

function isAnswerable({ slackEndpoint }: ChatopsDeps, responseUrl: string): boolean {
  const allowed = [
    'https://hooks.slack.com',
    ...(slackEndpoint === undefined ? [] : [new URL(slackEndpoint).origin]),
  ];
  return allowed.includes(new URL(responseUrl).origin);
}

/** Only who typed the command sees it. @param text mrkdwn */
const ephemeral = (text: string): ChatopsAnswer => ({
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify({ response_type: 'ephemeral', text }),
});

const code = (text: string): string => `\`${escapeText(text.replaceAll('`', "'"))}\``;

/** One value: two of a header are none. */
const oneOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
