import type { ChatAction, ChatMessage } from '#shared/domain/chat.ts';
import type { AuditRecord } from '#shared/ledger/audit-record.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { limitProblems } from '#shared/slack/limits.ts';
import { commands } from '#functions/triggers/commands/commands.ts';
import { delivery, image, type World } from '#test/support/world.ts';

/** A service of one environment, with that policy. */
export const fileOf = (environment: string, policy = '{}', more = ''): string => `service: hello
image: ${image}
environments:
  ${environment}: { project: slipway-local, region: us-central1 }
runtime: { access: public, serviceAccount: hello@slipway-local.iam.gserviceaccount.com }
healthProbe: { path: /healthz, interval: 1s, successes: 3, startupGrace: 10s }
suites:
  - title: Answers
    checks:
      - { name: names-itself, path: /, expect: { contains: hello } }
traffic: { steps: [50, 100], bake: 2s }
policy: ${policy}
${more}`;

interface SayOptions {
  user?: string;
  team?: string;
  channel?: string;
  requestId?: string;
}

let requests = 0;

/** A message as the entry point publishes it. */
export function chatMessage(
  world: World,
  what: string | ChatAction,
  { user = 'U0ANA', team = 'T0LOCAL', channel, requestId = `slack/${(requests += 1)}` }: SayOptions = {},
): ChatMessage {
  const sender = {
    version: 1 as const,
    requestId,
    receivedAt: new Date(world.clock.now()).toISOString(),
    team,
    user,
    ...(channel === undefined ? {} : { channel }),
    responseUrl: 'https://hooks.slack.com/commands/T0LOCAL/1/x',
  };
  return typeof what === 'string'
    ? { kind: 'command', ...sender, command: '/deploy', text: what }
    : { kind: 'action', ...sender, action: what };
}

export interface Said {
  /** The whole answer, as the person reads it. */
  text: string;
  message: SlackMessage | 'remove' | undefined;
  inChannel: boolean | undefined;
  replace: boolean | undefined;
  record: AuditRecord;
  /** What its buttons ask for. */
  buttons: ChatAction[];
}

/** Says it, or presses it, and waits for the answer. */
export async function say(world: World, what: string | ChatAction, options: SayOptions = {}): Promise<Said> {
  const message = chatMessage(world, what, options);
  const before = world.responder.answers.length;
  await world.finish(commands(world.deps, delivery('commands', message)));
  const [record] = await world.deps.ledger.list('audit', { id: message.requestId });
  const answer = world.responder.answers.slice(before).at(-1);
  const shown = answer?.message;
  if (shown !== undefined && shown !== 'remove') {
    const problems = [...limitProblems(shown), ...limitProblems({ ...shown, blocks: shown.simpler ?? [] })];
    if (problems.length > 0) throw new Error(`Slack would refuse the answer: ${problems.join('; ')}`);
  }
  const blocks = shown === undefined || shown === 'remove' ? [] : shown.blocks;
  const buttons = blocks
    .flatMap((block) => (block.type === 'actions' ? (block.elements as { value: string }[]) : []))
    .map(({ value }) => JSON.parse(value) as ChatAction);
  return {
    text:
      shown === undefined || shown === 'remove'
        ? String(shown)
        : `${shown.text}\n${textsOf(blocks).join('\n')}`,
    message: shown,
    inChannel: answer?.inChannel,
    replace: answer?.replace,
    record: record!,
    buttons,
  };
}

/** Every text of some blocks. */
function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'text' && typeof item === 'string' ? [item] : key === 'value' ? [] : textsOf(item),
  );
}
