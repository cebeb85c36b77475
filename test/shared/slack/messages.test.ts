import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBlocks } from '#local/slack/check-blocks.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports.ts';
import { fitted, limitProblems, limits } from '#shared/slack/limits.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import { checkOf, deploymentOf, evidenceOf, start, waitingOf } from '#test/support/deployment.ts';
import { anyDeployment, nasty, stages, withForeign } from '#test/support/hostile.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const now = start + 12_000;

/** All that a reader sees of the blocks, top to bottom. */
const textOf = ({ blocks }: SlackMessage): string =>
  JSON.stringify(blocks, (key, value: unknown) => (key === 'verbatim' || key === 'type' ? undefined : value));

/** What Slack would refuse, or take for markup; nothing is right. */
function problemsOf(message: SlackMessage): string[] {
  const verdict = checkBlocks(message.blocks);
  const sent = JSON.stringify(message);
  // Ours are dates and the change's link; an ampersand opens one of three escapes.
  const markup = sent.replace(
    /<!date\^\d+\^[^<>|]*\|[^<>|]*>|<https:\/\/example\.com\/[^<>|]*\|[^<>|]*>/g,
    '',
  );
  return [
    ...limitProblems(message),
    ...(verdict.ok ? [] : verdict.messages),
    ...(markup.match(/[<>]|&(?!amp;|lt;|gt;)/g) ?? []),
  ];
}
const allOf = (deployment: Deployment): SlackMessage[] => [
  rootMessage(deployment, now),
  ...threadMessages(deployment),
];

describe('every message', () => {
  it.each(Object.entries(stages))('of a deployment that is %s is one Slack takes', (_, make) => {
    expect(allOf(make()).flatMap(problemsOf)).toEqual([]);
  });

  it.each(Object.entries(nasty))('takes %s for text and stays within the limits', (_, text) => {
    for (const make of Object.values(stages)) {
      expect(allOf(withForeign(make(), () => text)).flatMap(problemsOf)).toEqual([]);
    }
  });

  it('takes any text for text and stays within the limits', () => {
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        expect(allOf(deployment).flatMap(problemsOf)).toEqual([]);
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
    expect(messages.flatMap(problemsOf)).toEqual([]);
    expect(messages.map(textOf).join('')).toContain('… more is in the report.');
  });
});

describe('the root message', () => {
  const root = (deployment: Deployment): SlackMessage => rootMessage(deployment, now);

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
      /^Superseded: .* It never started and changed nothing\. No action needed\.$/,
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

  it('of a failed rollback holds the command to paste', () => {
    expect(textOf(root(finishedAs('rollback-failed')))).toContain(
      '```gcloud run services update-traffic hello --project slipway-local --region us-central1 --to-revisions=hello-d1f3k0000aaa=100```',
    );
  });

  it('shows how far a running one is, for how long, and that somebody wants it to stop', () => {
    const text = textOf(root(stages['running']!()));
    expect(text).toContain('Running for 10 s.');
    expect(text).toContain('✓ validate: validate did its work');
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
      'Steps: 8 runs. Report: reports/hello/staging/d1f3k7q2x9ab.md',
    ]);
    const all = messages.map(textOf).join('');
    expect(all).toContain('remains: revision hello-d1f3k7q2x9ab');
    expect(all).toContain('✗ Healthy at 25 % of the traffic: fail, observed `200 ×2, 503 ×3`');
    expect(all).toContain('✓ GET / says which service it is: `status 200`');
    expect(all).toContain('rollback succeeded, 1 s');
  });

  it('of one that is live holds its recommendations with their numbers', () => {
    const all = threadMessages(finishedAs('live-with-recommendations')).map(textOf).join('');
    expect(all).toContain('*Raise the CPU to 2*');
    expect(all).toContain('measured `412 ms`, limit `250 ms`');
  });

  it('names what did not pass before what did, so that it is not what is left out', () => {
    const checks = Array.from({ length: 40 }, (_, index) =>
      checkOf({ id: `c${index}`, title: `check ${index}` }),
    );
    checks.push(checkOf({ id: 'bad', title: 'the bad one', outcome: 'fail', evidence: evidenceOf() }));
    const all = threadMessages(finishedAs('failed', { checks })).map(textOf).join('');
    expect(all).toContain('✗ the bad one');
    expect(all).toContain('… and 28 more in the report');
  });
});

describe('the limits', () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } });
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
