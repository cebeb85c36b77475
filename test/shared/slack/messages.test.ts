import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { quarantineId } from '#shared/domain/quarantine.ts';
import { placeId } from '#shared/ledger/ledger.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { fitted } from '#shared/slack/fitted.ts';
import { limitProblems, limits } from '#shared/slack/limits.ts';
import { actionButton, actions, lineChart, linkButton, plan, table } from '#shared/slack/blocks.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import { checkOf, deploymentOf, evidenceOf, start, waitingOf } from '#test/support/deployment.ts';
import { anyDeployment, nasty, stages } from '#test/support/hostile.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import {
  approvals,
  callable,
  hostile,
  inProduction,
  messagesOf,
  messagesOfApproval,
  probed,
  states,
} from './gallery.ts';
import { calledIn, problemsOf } from './problems.ts';

const now = start + 12_000;

const hostileApproval = (approval: Approval, text: string): Approval => ({
  ...approval,
  service: text,
  environment: text,
  image: text,
  requestedBy: text,
  from: [...approval.from, text],
  approvals: approval.approvals.map((word) => ({ ...word, by: text, reason: text })),
  ...(approval.rejection && { rejection: { ...approval.rejection, by: text, reason: text } }),
  ...(approval.outcome === undefined ? {} : { outcome: text }),
  request: {
    ...approval.request,
    tag: text,
    digest: text,
    reason: text,
    override: { freeze: text },
    change: { id: text, title: text, url: 'https://example.com/a|b?c=<d>&e', claims: [] },
  },
});

/** All that a reader sees of the blocks, top to bottom. */
const textOf = ({ blocks }: SlackMessage): string =>
  JSON.stringify(blocks, (key, value: unknown) => (key === 'verbatim' || key === 'type' ? undefined : value));

const allOf = (deployment: Deployment): SlackMessage[] => Object.values(messagesOf(deployment));
const problems = (deployment: Deployment): string[] =>
  allOf(deployment).flatMap((message) => problemsOf(message, callable));

const anyText = fc.oneof(
  fc.constantFrom(...Object.values(nasty)),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

describe('every message', () => {
  it.each(Object.entries(stages))('of a deployment that is %s is one Slack takes', (_, make) => {
    expect(problems(make())).toEqual([]);
  });

  it.each(Object.entries(nasty))('takes %s for text and stays within the limits', (_, text) => {
    for (const make of [...Object.values(stages), ...Object.values(states).map((one) => () => one)])
      expect(problems(hostile(make(), () => text))).toEqual([]);
    for (const approval of Object.values(approvals)) {
      const said = Object.values(messagesOfApproval(hostileApproval(approval, text)));
      expect(said.flatMap((message) => problemsOf(message, callable))).toEqual([]);
    }
  });

  it('takes any text for text, stays within the limits and calls nobody who is not named for it', () => {
    fc.assert(
      fc.property(anyDeployment, anyText, (deployment, text) => {
        const people = inProduction(hostile(deployment, () => text));
        expect([...problems(deployment), ...problems(people)]).toEqual([]);
        expect(callable).toEqual(expect.arrayContaining(allOf(people).flatMap(calledIn)));
      }),
      { numRuns: 60 },
    );
  });

  it('stays within the limits with very many checks, suites, steps and remains', () => {
    const checks = Array.from({ length: 600 }, (_, index) =>
      checkOf({
        id: `check-${index}`,
        suite: `Suite ${index % 70}`,
        outcome: 'fail',
        evidence: evidenceOf({ observed: 'x'.repeat(500) }),
      }),
    );
    const { steps, rollback } = finishedAs('failed');
    const deployment = finishedAs('failed', {
      checks,
      steps: Array.from({ length: 30 }, () =>
        steps.map((run) => ({ ...run, summary: 'y'.repeat(400) })),
      ).flat(),
      rollback: { ...rollback!, remains: Array.from({ length: 100 }, (_, index) => `revision ${index}`) },
    });
    const messages = allOf(deployment);
    expect(messages.flatMap((message) => problemsOf(message))).toEqual([]);
    expect(JSON.stringify(messages)).toContain('… more is in the report.');
  });
});

describe('the root message', () => {
  const root = (deployment: Deployment): SlackMessage => rootMessage(deployment, now);

  it('says why it was asked for, in the words of who asked', () => {
    const { request } = deploymentOf();
    expect(textOf(root(deploymentOf({ request: { ...request, reason: 'the shop is slow' } })))).toContain(
      'the shop is slow',
    );
  });

  it.each<[string, Deployment, RegExp]>([
    [
      'waiting',
      waitingOf(),
      /^Waiting to deploy hello 1\.1 to staging\. Nothing was changed yet\. No action needed\.$/,
    ],
    [
      'running',
      deploymentOf(),
      /^Deploying hello 1\.1\.0 to staging\. hello-d1f3k0000aaa 100 %, as written last\. No action/,
    ],
    ['live', finishedAs('live'), /^Deployed hello .* serves now .* No action needed\.$/],
    [
      'live with recommendations',
      finishedAs('live-with-recommendations'),
      /with 1 recommendation\. .* see the recommendations\.$/,
    ],
    [
      'failed',
      finishedAs('failed'),
      /^Deployment failed: .* hello-d1f3k0000aaa 100 % serves now .* no user met the release\. .* Failed in validate: Answers: status 500$/,
    ],
    [
      'rolled back',
      finishedAs('rolled-back'),
      /^Rolled back: .* hello-d1f3k0000aaa 100 % serves again .* the rollback is verified\. .* Failed in health-probe at 25 %/,
    ],
    [
      'not rolled back',
      finishedAs('rollback-failed'),
      /^ROLLBACK FAILED: .* 75 % · .* 25 % \(this release\) serve now .* A person must act now\./,
    ],
    [
      'superseded',
      finishedAs('superseded'),
      /^Superseded: .* changed nothing\. No action needed\. Why: replaced by d1f3k7q2zzzz before it started$/,
    ],
    [
      'cancelled',
      finishedAs('cancelled'),
      /^Cancelled: .* Stopped in validate: cancel by ana@example\.com: wrong tag$/,
    ],
    ['refused', finishedAs('refused'), /^Refused: hello 1\.1 to staging\./],
  ])('of one that is %s says in its text alone what serves and who must act', (_, deployment, text) => {
    expect(root(deployment).text).toMatch(text);
  });

  it('has a header and a mark of its own for rolled back, for failed, and for a failed rollback', () => {
    const looks = (['live', 'failed', 'rolled-back', 'rollback-failed'] as const).map((outcome) => {
      const { blocks } = root(finishedAs(outcome));
      return JSON.stringify(blocks[1]).match(/"text":"(.) /)?.[1];
    });
    expect(looks).toEqual(['✓', '✗', '↩', '‼']);
  });

  it('is read in this order: what serves and who must act, what failed, facts, who', () => {
    const text = textOf(root(finishedAs('rolled-back')));
    const order = [
      'Rolled back: hello',
      '100 % serves again',
      'No action needed now',
      'Failed in health-probe at 25 %: unhealthy',
      'observed `200 ×2, 503 ×3`, expected `200, never 3 failures in a row`',
      'At most 25 % of the requests met the release, for at most 18 s',
      'Rollback verified',
      "The service's template still holds the failed release",
      '*Release*',
      '*Requested*',
      '`d1f3k7q2x9ab`',
    ];
    const places = order.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('of a failed rollback holds the command to paste, in its text too', () => {
    const command =
      'gcloud run services update-traffic hello --project slipway-local --region us-central1 --to-revisions=hello-d1f3k0000aaa=100';
    expect(textOf(root(finishedAs('rollback-failed')))).toContain(`\`\`\`${command}\`\`\``);
    expect(root(finishedAs('rollback-failed')).text).toContain(`Command: \`${command}\``);
  });

  it('of one in quarantine says how it is let go, by the name the ledger gives it', () => {
    const failed = finishedAs('rolled-back');
    const id = quarantineId(
      placeId(failed.service, failed.environment),
      failed.release!.digest,
      failed.configHash,
    );
    expect(textOf(root(failed))).toContain(
      `Revert or fix \`abc1234\` first: quarantined until a person lets it go: \`slipway quarantine release ${id} --reason …\``,
    );
    expect(textOf(root(finishedAs('cancelled')))).not.toContain('quarantine');
  });

  it('tells who is on it, and how often the same failure came', () => {
    const acknowledged = { by: 'slack:U0ANA', slackUser: 'U0ANA', at: '2026-01-01T00:01:00.000Z' };
    const message = rootMessage(finishedAs('failed', { acknowledged }), now, {
      repeat: { times: 3, since: '2026-01-01T00:00:00.000Z' },
    });
    for (const said of [message.text, textOf(message)]) {
      expect(said).toContain('<@U0ANA> is on it since <!date^1767225660^');
      expect(said).toContain('The 3rd time since <!date^1767225600^');
    }
  });

  it('calls nobody', () => {
    const unmanned = Object.values(states).filter(({ acknowledged }) => !acknowledged);
    expect(unmanned.flatMap((deployment) => calledIn(root(deployment)))).toEqual([]);
  });

  it('shows how quickly the health probe was answered, where there is a course to show', () => {
    const probes = (count: number) => textOf(root(deploymentOf({ checks: [probed(count)] })));
    expect(probes(9)).toContain('Health probe before traffic ▄▅▆▇█▅▆▇█ at most 48 ms');
    expect(probes(3)).not.toContain('Health probe before');
  });

  it('shows how far a running one is, for how long, and that somebody wants it to stop', () => {
    const text = textOf(root(stages['running']!()));
    expect(text).toContain('Running for 10 s');
    expect(text).toContain('Validate: validate did its work","status":"complete"');
    expect(text).toContain('*cancel asked for* by ana: wrong tag');
  });

  it('links the change and names its title as text', () => {
    const change = {
      id: '#1278',
      title: 'timeout 30 s <!channel>',
      url: 'https://example.com/1278',
      claims: [],
    };
    const text = textOf(root(deploymentOf({ request: { ...deploymentOf().request, change } })));
    expect(text).toContain('<https://example.com/1278|#1278: timeout 30 s &lt;!channel&gt;>');
  });

  it('shows at most three recommendations and says that there are more', () => {
    const checks = Array.from({ length: 5 }, (_, index) =>
      checkOf({ id: `a${index}`, severity: 'advisory', outcome: 'fail', evidence: evidenceOf() }),
    );
    const text = textOf(root(finishedAs('live-with-recommendations', { checks })));
    expect(text.match(/• Look at/g)).toHaveLength(3);
    expect(text).toContain('• … more in the thread');
  });
});

describe('the thread', () => {
  it.each(['waiting', 'running', 'superseded', 'refused'])('is empty while one is %s', (stage) => {
    expect(threadMessages(stages[stage]!())).toEqual([]);
  });

  it('of one that was rolled back holds what ended it, the way back, every check, the steps and the report', () => {
    const messages = threadMessages(finishedAs('rolled-back'));
    expect(messages.map(({ text }) => text)).toEqual([
      expect.stringContaining('unhealthy under traffic: 200 ×2, 503 ×3 Rollback verified: Cloud Run:'),
      'Checks: Answers 2/2 before traffic; Health 0/1 at 25 % of the traffic',
      'Steps: 8 runs. Report: reports/hello/staging/d1f3k7q2x9ab.html',
    ]);
    const all = messages.map(textOf).join('');
    const simpler = messages.map((message) => textOf({ text: '', blocks: message.simpler ?? [] })).join('');
    expect(all).toContain('remains: revision hello-d1f3k7q2x9ab');
    expect(all).toContain('"✗ fail"},{"text":"Healthy at 25 % of the traffic"}');
    expect(simpler).toContain('✗ Healthy at 25 % of the traffic: fail, observed `200 ×2, 503 ×3`');
    expect(simpler).toContain('✓ GET / says which service it is: `status 200`');
    expect(all).toContain('rollback succeeded, 1 s');
  });

  it('of one that is live holds its recommendations with their numbers', () => {
    const all = threadMessages(finishedAs('live-with-recommendations')).map(textOf).join('');
    expect(all).toContain('*Raise the CPU to 2*');
    expect(all).toContain('found `412 ms`, limit `250 ms`');
  });

  it('names what did not pass before what did, so that it is not what is left out', () => {
    const checks = Array.from({ length: 40 }, (_, index) =>
      checkOf({ id: `c${index}`, title: `check ${index}` }),
    );
    checks.push(checkOf({ id: 'bad', title: 'the bad one', outcome: 'fail', evidence: evidenceOf() }));
    const [, said] = threadMessages(finishedAs('failed', { checks }));
    const all = textOf(said!);
    expect(all).toMatch(/"Expected"\}\],\[\{"text":"✗ fail"\},\{"text":"the bad one"/);
    expect(all).toContain('… and 3 more in the report');
    const simpler = textOf({ text: '', blocks: said!.simpler! });
    expect(simpler).toContain('✗ the bad one');
    expect(simpler).toContain('… and 28 more in the report');
  });

  it('holds the container’s last 15 lines', () => {
    const { failure } = finishedAs('failed');
    const lastLines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const [evidence] = threadMessages(finishedAs('failed', { failure: { ...failure!, lastLines } }));
    expect(textOf(evidence!)).toMatch(/```line 5\\nline 6.*line 19```/);
    expect(textOf(evidence!)).not.toContain('line 4');
  });

  it('draws the health probe as a chart, as a table without charts, and says it in words', () => {
    const chart = threadMessages(finishedAs('failed', { checks: [probed(200, 2)] })).find(({ text }) =>
      text.startsWith('Health probe'),
    )!;
    expect(chart.text).toMatch(
      /^Health probe before traffic: 200 looks, 2 of them bad, the slowest answer after \d+ ms [▁-█]{20}$/,
    );
    expect(chart.blocks.map(({ type }) => type)).toEqual(['section', 'data_visualization']);
    expect(JSON.stringify(chart.blocks[1]).match(/"value":/g)).toHaveLength(20);
    expect(chart.simpler?.map(({ type }) => type)).toEqual(['section', 'table']);
  });
});

describe('the limits', () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } });
  const address = 'https://example.com/';
  const buttons = (...all: ReturnType<typeof linkButton>[]): SlackMessage => ({
    text: 'a',
    blocks: actions(...all),
  });
  const longButton = actionButton('Cancel', { action: 'cancel', deploymentId: 'x'.repeat(2000) });
  const rows = (count: number, text: string) => Array.from({ length: count }, () => [text]);
  const tasks = (count: number, title: string) =>
    Array.from({ length: count }, (_, index) => ({ id: String(index), title, status: 'pending' as const }));
  const chart = (count: number) =>
    lineChart(
      'a',
      ['b'],
      Array.from({ length: count }, (_, index) => ({ label: String(index), values: { b: index } })),
    );

  it.each<[string, SlackMessage]>([
    ['tables', { text: 'a', blocks: [table(rows(150, 'a'))] }],
    ['full tables', { text: 'a', blocks: [table(rows(20, '&amp;'.repeat(200)))] }],
    ['plans', { text: 'a', blocks: [plan('x'.repeat(300), tasks(60, 'x'.repeat(300)))] }],
    [
      'buttons',
      buttons(...Array.from({ length: 30 }, () => linkButton('x'.repeat(90), address)), longButton),
    ],
    ['the simpler form', { text: 'a', blocks: [], simpler: [section('x'.repeat(4000))] }],
  ])('are kept by %s when they are fitted', (_, message) => {
    expect(problemsOf(message)).not.toEqual([]);
    expect(problemsOf(fitted(message))).toEqual([]);
    expect(fitted(fitted(message))).toEqual(fitted(message));
  });

  it('leave the buttons where much else has to go', () => {
    const [button] = actions(linkButton('View Logs', address));
    const many = Array.from({ length: 60 }, () => section('x'.repeat(1000)));
    const { blocks } = fitted({ text: 'a', blocks: [...many, button!, ...many] });
    expect(blocks).toContainEqual(button);
    expect(JSON.stringify(blocks)).toContain('… more is in the report.');
    expect(problemsOf({ text: 'a', blocks })).toEqual([]);
  });

  it.each<[string, SlackMessage, RegExp]>([
    ['a long text', { text: 'x'.repeat(limits.text + 1), blocks: [] }, /^text: /],
    ['no text', { text: '', blocks: [] }, /^text: /],
    ['a long header', { text: 'a', blocks: [header('x'.repeat(151))] }, /^blocks\.0\.text\.text: /],
    ['a long section', { text: 'a', blocks: [section('x'.repeat(3001))] }, /^blocks\.0\.text\.text: /],
    ['an empty section', { text: 'a', blocks: [{ type: 'section' }] }, /^blocks\.0: a section needs/],
    ['many blocks', { text: 'a', blocks: Array.from({ length: 51 }, () => section('a')) }, /^blocks: /],
    [
      'much text',
      { text: 'a', blocks: Array.from({ length: 5 }, () => section('x'.repeat(2900))) },
      /14500 characters/,
    ],
    ['an unknown block', { text: 'a', blocks: [{ type: 'alert' }] }, /^blocks\.0\.type: /],
    ['a long label', buttons(linkButton('x'.repeat(76), address)), /^blocks\.0\.elements\.0\.text\.text: /],
    [
      'many buttons',
      buttons(...Array.from({ length: 26 }, () => linkButton('a', address))),
      /^blocks\.0\.elements: /,
    ],
    ['a long value', buttons(longButton), /^blocks\.0\.elements\.0\.value: /],
    ['two tables', { text: 'a', blocks: [table([['a']]), table([['a']])] }, /more than one table/],
    ['a long table', { text: 'a', blocks: [table(rows(101, 'a'))] }, /^blocks\.0\.rows: /],
    ['a full table', { text: 'a', blocks: [table(rows(11, 'x'.repeat(1000)))] }, /cells hold more/],
    ['many tasks', { text: 'a', blocks: [plan('a', tasks(51, 'a'))] }, /^blocks\.0\.tasks: /],
    ['a long chart', { text: 'a', blocks: [chart(21)] }, /^blocks\.0\.chart\.series\.0\.data: /],
    ['three charts', { text: 'a', blocks: [chart(2), chart(2), chart(2)] }, /more charts than two/],
    ['the simpler form', { text: 'a', blocks: [], simpler: [section('')] }, /^simpler\.0\.text\.text: /],
  ])('name %s', (_, message, problem) => {
    expect(limitProblems(message).join('\n')).toMatch(problem);
  });

  it('cut no link and no escape in two, wherever the end falls', () => {
    for (let before = 0; before < 40; before += 1) {
      const text = `${'x'.repeat(limits.section - before)}<https://example.com|a link>&amp;&lt;${'y'.repeat(50)}`;
      const [block] = fitted({ text: 'a', blocks: [section(text)] }).blocks;
      const cut = (block as ReturnType<typeof section>).text.text;
      expect(cut.length).toBeLessThanOrEqual(limits.section);
      expect(cut).toMatch(/^x+(<https:\/\/example\.com\|a link>(&amp;(&lt;y*)?)?)?…$/);
    }
  });
});
