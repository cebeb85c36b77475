import { place } from '#local/place.ts';
import type { SlackMessage } from '#local/slack/conversation.ts';
import type { SlackWorkspace } from '#local/slack/people.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { openChat, type Chat, type ChatLine } from './demo-chat.ts';
import { openDemoStack, type DemoStack } from './demo-stack.ts';

/** One act of the story, with what it shows. */
interface Act {
  name: string;
  /** @returns what is not as it must be */
  play(stage: Stage): Promise<string[]>;
}

interface Stage {
  demo: DemoStack;
  chat: Chat;
  /** Waits until the deployment of a tag has ended and Slack shows it. */
  ended(environment: string, tag: string): Promise<Deployment>;
}

/** What happened in one act; `problems` is empty when all is as it must be. */
export interface ActResult {
  name: string;
  lines: ChatLine[];
  problems: string[];
}

/** Ana and Lee deploy and approve, but not what they asked for themselves; Lee is on call. Sam is neither. */
const [deployers, onCall] = ['S0DEPLOYERS', 'S0ONCALL'];
const ownerId = 'U0LEE';
const service = 'hello';

const acts: Act[] = [
  {
    name: 'Staging is not protected: a command is enough',
    async play(stage) {
      const { chat } = stage;
      await chat.type('ana', '/deploy hello staging v1');
      await chat.told('ana', /^\*Deploying\*: hello staging/);
      const { result } = await stage.ended('staging', 'v1');
      await chat.said(/^Deployed hello .*staging/);
      return expected('outcome', result?.outcome, 'live');
    },
  },
  {
    name: 'Production is: a preview, a confirmation, and a second person',
    async play(stage) {
      const approval = await asked(stage, 'v1');
      await stage.chat.press('ana', approval, 'Approve Deploy');
      await stage.chat.told('ana', /somebody else has to decide/);
      return approved(stage, approval, 'v1');
    },
  },
  {
    name: 'Who is not named may not, and that is on record',
    async play({ chat, demo }) {
      await chat.type('sam', '/deploy hello production v2');
      await chat.told('sam', /may not deploy/);
      const answer = await demo.api('GET', '/audit?service=hello&limit=1');
      const [record] =
        ((await answer.json()) as { audit?: { decision: string; slackUser: string }[] }).audit ?? [];
      return expected('on record', `${record?.slackUser} ${record?.decision}`, 'U0SAM refused');
    },
  },
  {
    name: 'The next release goes the same way',
    play: async (stage) => approved(stage, await asked(stage, 'v2'), 'v2'),
  },
  {
    name: 'A bad one meets no user; who asked and who owns it are called',
    async play(stage) {
      const { chat } = stage;
      const approval = await asked(stage, 'v3');
      await chat.press('lee', approval, 'Approve Deploy');
      const { result } = await stage.ended('production', 'v3');
      const call = await chat.said(/^<@U0ANA> /);
      return [
        ...expected('outcome', result?.outcome, 'failed'),
        ...expected('shown in the channel', call.broadcast, true),
        ...expected('calls the owner', call.text.includes(`<@${ownerId}>`), true),
        ...(await serves(stage, '2.0.0')),
      ];
    },
  },
  {
    name: 'v2 was not as good as its checks: back with one button',
    async play(stage) {
      const { chat, demo } = stage;
      const deployed = rootOf(demo, await stage.ended('production', 'v2'));
      await chat.press('lee', deployed, 'Roll Back');
      await chat.said(/Rolled back/);
      return serves(stage, '1.0.0');
    },
  },
];

/** Plays the story of ChatOps on a stack of its own. @param on hears of it as it happens */
export async function playChatops(
  on: { act(name: string): void; line(line: ChatLine): void; end(result: ActResult): void },
  signal: AbortSignal,
): Promise<{ acts: ActResult[]; messages: SlackMessage[]; people: SlackWorkspace }> {
  const demo = await openDemoStack(signal);
  try {
    const digests = await prepared(demo);
    const results: ActResult[] = [];
    let lines: ChatLine[] = [];
    const chat = openChat(demo, (line) => {
      lines.push(line);
      on.line(line);
    });
    const ended = (environment: string, tag: string) => endOf(demo, environment, digests.get(tag) ?? '');
    for (const act of acts) {
      const { name } = act;
      on.act(name);
      lines = [];
      const problems = await act.play({ demo, chat, ended });
      const result = { name, lines, problems };
      on.end(result);
      results.push(result);
    }
    const { slack } = demo.stack;
    return { acts: results, messages: slack.messages(place.slackChannel.id), people: slack.people };
  } finally {
    await demo.close();
  }
}

/** A service with an open and a protected environment, and three releases that nobody asked for yet. */
async function prepared(demo: DemoStack): Promise<Map<string, string>> {
  const { project, region } = place;
  await demo.serviceFile(service, {
    environments: {
      staging: { project, region },
      production: {
        project,
        region,
        cloudRunService: 'hello-production',
        policy: {
          allow: { deploy: [deployers], rollback: [deployers, onCall] },
          approvals: { required: 1, from: [deployers] },
        },
        slack: { owners: [ownerId], onCall: [onCall], runbook: 'https://wiki.example.com/hello' },
      },
    },
    healthProbe: { path: '/healthz', interval: '200ms', successes: 3, startupGrace: '3s' },
    traffic: { steps: [50, 100], bake: '1s' },
    policy: {},
    slack: { channel: place.slackChannel.id },
  });
  const digests = new Map<string, string>();
  for (const [tag, version, fault] of [
    ['v1', '1.0.0', 'none'],
    ['v2', '2.0.0', 'none'],
    ['v3', '3.0.0', 'wrong-answer'],
  ] as const)
    digests.set(tag, await demo.push(service, { version, fault }, tag));
  return digests;
}

/** Ana asks for a release in production and confirms it. @returns the message that asks for approval */
async function asked({ chat }: Stage, tag: string): Promise<SlackMessage> {
  await chat.type('ana', `/deploy hello production ${tag}`);
  const preview = await chat.told('ana', /^Deploy hello to production\?/);
  await chat.press('ana', preview, 'Deploy');
  await chat.told('ana', /^\*Waits for approval\*/);
  return chat.said(new RegExp(`^Approval needed: hello ${tag}`));
}

/** Lee approves it. @returns what is not as it must be */
async function approved(stage: Stage, approval: SlackMessage, tag: string): Promise<string[]> {
  const { chat } = stage;
  await chat.press('lee', approval, 'Approve Deploy');
  await chat.said(new RegExp(`^Approved: hello ${tag}`));
  const { result, approvedBy } = await stage.ended('production', tag);
  await chat.said(/^Deployed hello .*production/);
  return [
    ...expected('outcome', result?.outcome, 'live'),
    ...expected('approved by', approvedBy?.join(), 'lee@example.com'),
    ...(await serves(stage, `${tag.slice(1)}.0.0`)),
  ];
}

/** What users of production get. */
async function serves({ demo }: Stage, version: string): Promise<string[]> {
  const [known] = await demo.ledger.list('deployments', { service, environment: 'production' }, 1);
  const answer = await fetch(known?.serviceUrl ?? '');
  return expected('serves', ((await answer.json()) as { version: string }).version, version);
}

const endOf = (demo: DemoStack, environment: string, digest: string): Promise<Deployment> =>
  demo.until(`the end of the deployment of ${digest} to ${environment}`, async () => {
    const where = { service, environment, 'request.digest': digest };
    const [deployment] = await demo.ledger.list('deployments', where, 1);
    if (!deployment || !isFinished(deployment)) return undefined;
    const told = await demo.ledger.get('notifications', deployment.id);
    return told?.final ? deployment : undefined;
  });

function rootOf({ stack }: DemoStack, { id }: Deployment): SlackMessage {
  const root = stack.slack
    .messages(place.slackChannel.id)
    .find(({ metadata }) => metadata?.event_payload['subject'] === id);
  if (!root) throw new Error(`deployment ${id} has no message in Slack`);
  return root;
}

const expected = (what: string, seen: unknown, wanted: unknown): string[] =>
  seen === wanted ? [] : [`${what}: ${String(seen)}, expected ${String(wanted)}`];
