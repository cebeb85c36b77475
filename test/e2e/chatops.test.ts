import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import type { SlackMessage } from '#local/slack/conversation.ts';
import { openChat, type Chat } from '#cli/commands/local/demo-chat.ts';
import { messageLines } from '#cli/commands/local/slack-view.ts';
import { isFinished, type Deployment } from '#shared/domain/deployment.ts';
import { openTestStack, type TestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/** People at work in Slack, end to end: signed requests, the workflow, real releases, and what the channel shows. */
let test: TestStack;
let chat: Chat;
const digests = new Map<string, string>();

const serviceFile = `
service: hello
image: ${place.registryHost}/${place.repository}/hello
environments:
  staging: { project: ${place.project}, region: ${place.region} }
  production:
    project: ${place.project}
    region: ${place.region}
    cloudRunService: hello-production
    policy:
      approvals: { from: [S0DEPLOYERS] }
      allow: { deploy: [S0DEPLOYERS] }
    slack: { owners: [S0ONCALL] }
runtime: { serviceAccount: hello@${place.project}.iam.gserviceaccount.com, access: public }
healthProbe: { path: /healthz, interval: 200ms, successes: 2, startupGrace: 5s }
suites:
  - title: Answers
    checks:
      - { name: greets, title: GET / greets, path: /, expect: { contains: Hello from version } }
traffic: { steps: [100], bake: 1s }
slack: { channel: ${place.slackChannel.id} }
`;

beforeAll(async () => {
  test = await openTestStack();
  await test.serviceFile(() => serviceFile);
  for (const [tag, release] of Object.entries({
    v1: { version: '1.0.0' },
    v2: { version: '2.0.0' },
    v3: { version: '3.0.0', fault: 'wrong-answer' },
  }))
    digests.set(tag, await test.pushHello(release, tag));
  chat = openChat({ stack: test.stack, until: (_what, look) => until(look) }, () => undefined);
});
afterAll(() => test?.close());

const inChannel = (): SlackMessage[] => test.stack.slack.messages(place.slackChannel.id);
const read = (message: SlackMessage): string =>
  messageLines(message, (_, text) => text, { people: test.stack.slack.people, folded: true }).join('\n');
const buttons = (message: SlackMessage): string[] =>
  message.blocks
    .flatMap((block) => (block.type === 'actions' ? block.elements : []))
    .map((element) => (element.type === 'button' ? element.text.text : element.type));

/** @returns the newest deployment of a tag, when it has ended and its message says so */
const ended = (environment: string, tag: string): Promise<{ deployment: Deployment; root: SlackMessage }> =>
  until(async () => {
    const where = { service: 'hello', environment, 'request.digest': digests.get(tag)! };
    const [deployment] = await test.ledger.list('deployments', where, 1);
    if (!deployment || !isFinished(deployment)) return undefined;
    const told = await test.ledger.get('notifications', deployment.id);
    const root = inChannel().find(({ ts }) => ts === told?.rootTs);
    return root && told!.shownRevision >= deployment.revision ? { deployment, root } : undefined;
  });

const versionAt = async ({ serviceUrl }: Deployment): Promise<unknown> =>
  ((await (await fetch(serviceUrl!)).json()) as { version: string }).version;

async function audit(): Promise<{ slackUser: string; action: string; decision: string; reason: string }[]> {
  const url = `${test.stack.origin}/functions/api`;
  const authorization = `Bearer ${await test.stack.identity.idToken(accounts.developer, url)}`;
  const answer = await fetch(`${url}/audit?service=hello&limit=50`, { headers: { authorization } });
  return ((await answer.json()) as { audit: Awaited<ReturnType<typeof audit>> }).audit;
}

/** Asks for a release in production, as Ana, and confirms it. @returns the message that asks for approval */
async function asked(tag: string): Promise<SlackMessage> {
  await chat.type('ana', `/deploy hello production ${tag}`);
  const preview = await chat.told('ana', /^Deploy hello to production\?/);
  await chat.press('ana', preview, 'Deploy');
  await chat.told('ana', /^\*Waits for approval\*: hello production/);
  return chat.said(new RegExp(`^Approval needed: hello ${tag} to production`));
}

describe('people in Slack', () => {
  it('deploy where nothing is protected with one command, which only who gave it sees', async () => {
    await chat.type('ana', '/deploy hello staging v1');
    await chat.told('ana', /^\*Deploying\*: hello staging/);
    const { deployment, root } = await ended('staging', 'v1');
    expect(deployment.result?.outcome).toBe('live');
    expect(deployment.request).toMatchObject({ requestedBy: 'ana@example.com', slackUser: 'U0ANA' });
    expect(await versionAt(deployment)).toBe('1.0.0');
    expect(read(root)).toMatch(
      /^Deployed hello v1 to staging\n✓ hello-\w+ 100 % \(this release\) serves now/m,
    );
    // Said once: the deployment's own message stands in the same channel.
    expect(inChannel().filter(({ threadTs }) => threadTs === undefined)).toHaveLength(1);
  });

  it('deploy where it is protected with a preview, a confirmation and a second person; two clicks are one', async () => {
    const approval = await asked('v1');
    expect(read(approval)).toContain('@deployers may approve');
    await chat.press('ana', approval, 'Approve Deploy');
    await chat.told('ana', /ana@example\.com asked for it: somebody else has to decide/);
    expect(await test.ledger.list('deployments', { environment: 'production' })).toEqual([]);

    await Promise.all([
      chat.press('lee', approval, 'Approve Deploy'),
      chat.press('lee', approval, 'Approve Deploy'),
    ]);
    const { deployment, root } = await ended('production', 'v1');
    expect(deployment).toMatchObject({ approvedBy: ['lee@example.com'], result: { outcome: 'live' } });
    expect(await test.ledger.list('deployments', { environment: 'production' })).toHaveLength(1);
    expect(read(root)).toContain('Approved by lee@example.com');
    const decided = await until(async () =>
      inChannel().find(({ ts, text }) => ts === approval.ts && text.includes(deployment.id)),
    );
    expect(decided.text).toMatch(/^Approved: hello v1 to production\. Approved by lee@example\.com/);
    expect(buttons(decided)).toEqual([]);
  });

  it('are refused where they are not named, and that is on record', async () => {
    await chat.type('sam', '/deploy hello production v2');
    await chat.told('sam', /^\*Not done\.\* sam@example\.com may not deploy hello production/);
    expect((await audit())[0]).toMatchObject({
      slackUser: 'U0SAM',
      action: 'deploy',
      decision: 'refused',
      reason: expect.stringContaining('may not deploy'),
    });
  });

  it('see what a deployment would do, what is there and what was, each answered to them alone', async () => {
    const before = inChannel().length;
    for (const [line, answer] of [
      ['/deploy plan hello production v2', /v1.* → .*v2.*it waits for approval/],
      ['/deploy diff hello production v2', /hello production.*v1.* → .*v2/],
      ['/deploy status hello', /hello production \(protected\) · v1/],
      ['/deploy history hello production 3', /Deployments of hello production[^]*· v1 · live ·/],
    ] as const) {
      await chat.type('lee', line);
      await chat.told('lee', answer);
    }
    expect(inChannel().length).toBe(before);
  });

  it('keep others out and let them in again', async () => {
    await chat.type('ana', '/deploy lock hello staging for 2h release day');
    await chat.said(/^hello staging is locked by ana@example\.com/);
    await chat.type('lee', '/deploy hello staging v2');
    await chat.told('lee', /^\*Refused\*: hello staging.*locked by ana@example\.com/s);
    await chat.type('ana', '/deploy unlock hello staging');
    await chat.said(/^hello staging is unlocked by ana@example\.com/);
    expect(await test.ledger.get('manualLocks', 'hello.staging')).not.toHaveProperty('lock');
  });

  it('end a deployment that is under way', async () => {
    await chat.type('lee', '/deploy hello staging v2');
    await chat.told('lee', /^\*Deploying\*: hello staging/);
    await chat.type('ana', '/deploy cancel hello staging wrong branch');
    await chat.told('ana', /^\*Being cancelled\*: hello staging/);
    const { deployment, root } = await ended('staging', 'v2');
    expect(deployment.result?.outcome).toMatch(/^(cancelled|rolled-back)$/);
    expect(root.text).toContain('ana@example.com: wrong branch');
  });

  it('are called once when a release fails, in the channel, and no user met it', async () => {
    await chat.press('lee', await asked('v2'), 'Approve Deploy');
    expect(await versionAt((await ended('production', 'v2')).deployment)).toBe('2.0.0');
    await chat.press('lee', await asked('v3'), 'Approve Deploy');
    const { deployment, root } = await ended('production', 'v3');
    expect(deployment.result?.outcome).toBe('failed');
    expect(await versionAt(deployment)).toBe('2.0.0');
    const call = await chat.said(/^<@U0ANA> <!subteam\^S0ONCALL>/);
    expect(call).toMatchObject({ threadTs: root.ts, broadcast: true });
    expect(read(call)).toMatch(
      /@ana @on-call\nDeployment failed: hello v3 to production\..*100 % serves now/,
    );
    expect(inChannel().filter(({ text }) => text.includes('<@U0ANA>'))).toHaveLength(1);
    expect(read(root)).toMatch(/Failed in validate:\n• GET \/ greets: observed .*, expected /);
  });

  it('go back with one button, which is then gone', async () => {
    const { deployment, root } = await ended('production', 'v2');
    expect(buttons(root)).toEqual(['Roll Back', 'View Logs']);
    await chat.press('lee', root, 'Roll Back');
    await chat.said(/^\*Rolled back\*: hello production from `v2`.* by lee@example\.com/);
    expect(await versionAt(deployment)).toBe('1.0.0');
    const after = await chat.said(
      /^Taken back: hello v2 to production\. `hello-production-\w+` has its traffic since/,
    );
    expect(after.ts).toBe(root.ts);
    expect(buttons(after)).toEqual(['View Logs']);
  });

  it('see what is held in quarantine, and let one go', async () => {
    const held = await test.ledger.list('quarantine', { holds: true });
    expect(new Set(held.map(({ tag }) => tag))).toEqual(new Set(['v2', 'v3']));
    await chat.type('lee', '/deploy quarantine list');
    await chat.told('lee', /^2 releases in quarantine/);
    const { id } = held.find(({ tag }) => tag === 'v2')!;
    await chat.type('lee', `/deploy quarantine release ${id} the users were wrong`);
    await chat.said(
      /^hello `v2` in production is out of quarantine.*by lee@example\.com: the users were wrong/,
    );
  });

  it('leave every attempt on record, the refused ones too', async () => {
    const decisions = (await audit()).map(
      ({ slackUser, action, decision }) => `${slackUser} ${action} ${decision}`,
    );
    for (const one of [
      'U0ANA deploy done',
      'U0ANA confirm-deploy done',
      'U0ANA approve refused',
      'U0LEE approve done',
      'U0SAM deploy refused',
      'U0ANA lock done',
      'U0LEE deploy refused',
      'U0ANA cancel done',
      'U0LEE roll-back done',
      'U0LEE quarantine release done',
    ])
      expect(decisions).toContain(one);
  });
});
