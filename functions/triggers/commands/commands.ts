import { ChatMessage } from '#shared/domain/chat.ts';
import { Fault } from '#shared/domain/fault.ts';
import { idOfSlackUser } from '#shared/domain/people.ts';
import { messageOf } from '#shared/errors.ts';
import { beginAttempt, closeAttempt, endAttempt, yieldAttempt } from '#shared/ledger/audit.ts';
import type { ChatAnswer } from '#shared/ledger/audit-record.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { notDone } from '#functions/triggers/commands/answers.ts';
import type { Reply } from '#functions/triggers/commands/reply.ts';
import { carryOut, press } from '#functions/triggers/commands/run.ts';
import { createSender } from '#functions/triggers/commands/sender.ts';

/** Nobody who wrote it waits any more, and Slack takes no answer (slack.md §1.1): it is not done behind their back. */
const answerableMs = 30 * 60_000;
/** Longer than a function may run (targets.json): while it holds, nobody else acts. */
const leaseMs = 90_000;
const defaultCommand = '/deploy';

/**
 * Does what people ask for in Slack, and answers them there. Every attempt is on record before it is acted on. A message
 * that comes again is done once and answered once, except that an answer which got lost on its way may be said twice.
 */
export async function commands(deps: Deps, delivery: Delivery): Promise<void> {
  const parsed = ChatMessage.safeParse(delivery.data);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    // What came may hold an address to answer at, which is in no record.
    return refuse(deps, { ...delivery, text: '' }, `not a chat message: ${problems.join('; ')}`);
  }
  const message = parsed.data;
  const { requestId, receivedAt, user, responseUrl } = message;
  const attempt = {
    id: requestId,
    at: receivedAt,
    person: idOfSlackUser(user),
    slackUser: user,
    via: 'slack' as const,
    action: message.kind === 'command' ? (message.text.split(' ', 1)[0] ?? '') : message.action.action,
    text: message.kind === 'command' ? message.text : JSON.stringify(message.action),
  };
  const turn = await beginAttempt(deps.ledger, attempt, deps.clock.now(), leaseMs);
  switch (turn.status) {
    case 'nothing':
      return;
    case 'busy':
      throw new Fault('unavailable', `${requestId} is being done`);
    case 'answer':
      return answer(deps, message, turn.answer);
    case 'act': {
      const reply = await act(deps, message);
      const { decision, reason, about = {}, person, action = attempt.action } = reply;
      const ending = { person, action, ...about, decision, reason };
      await endAttempt(deps.ledger, requestId, ending, reply.answer);
      deps.log(decision === 'done' ? 'INFO' : 'WARNING', `${decision}: ${person} ${action}: ${reason}`, {
        requestId,
        slackUser: user,
        ...about,
      });
      return answer(deps, { requestId, responseUrl }, reply.answer);
    }
  }
}

/** What becomes of it, whatever happens. */
async function act(deps: Deps, message: ChatMessage): Promise<Reply & { person: string; action?: string }> {
  const command = message.kind === 'command' ? message.command : defaultCommand;
  const sender = createSender(deps, { ...message, command });
  const late = deps.clock.now() - Date.parse(message.receivedAt) > answerableMs;
  const failed = (decision: 'refused' | 'failed', reason: string): Reply => ({
    decision,
    reason,
    answer: { message: notDone(reason) },
  });
  if (late) return { ...failed('refused', 'it came more than 30 minutes late'), person: sender.known() };
  try {
    const reply =
      message.kind === 'command'
        ? await carryOut(deps, sender, message.text)
        : await press(deps, sender, message.action);
    return { ...reply, person: sender.known() };
  } catch (error) {
    if (!(error instanceof Fault))
      deps.log('ERROR', `${message.requestId}: ${messageOf(error)}`, {
        stack: error instanceof Error ? error.stack : undefined,
      });
    const what = error instanceof Fault ? error.message : 'an error of Slipway, which is in its log';
    return {
      ...failed(
        'failed',
        `${what}. Perhaps it was done all the same: look with ${command} status, then repeat it`,
      ),
      person: sender.known(),
    };
  }
}

/** @throws Fault when Slack may take the answer later: the message comes again, and only the answer is repeated */
async function answer(
  deps: Deps,
  { requestId, responseUrl }: { requestId: string; responseUrl: string },
  { message, ...how }: ChatAnswer,
): Promise<void> {
  try {
    await deps.responder.respond(responseUrl, message, how);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'invalid-input') {
      await yieldAttempt(deps.ledger, requestId);
      throw error;
    }
    deps.log('WARNING', `${requestId} cannot be answered: ${messageOf(error)}`);
  }
  await closeAttempt(deps.ledger, requestId);
}
