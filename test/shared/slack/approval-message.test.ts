import { describe, expect, it } from 'vitest';
import { approvalMessage, reminderMessage } from '#shared/slack/approval-message.ts';
import { approvalOf, approvals } from './gallery.ts';
import { calledIn } from './problems.ts';

const textOf = (message: { blocks: unknown[] }): string => JSON.stringify(message.blocks);

describe('the message of an approval', () => {
  it('calls those who may approve when it is posted and reminded of, in text and blocks, and never when it is edited', () => {
    const open = approvalOf();
    for (const message of [approvalMessage(open, { first: true }), reminderMessage(open)]) {
      expect(calledIn({ text: message.text, blocks: [] })).toEqual(['S0ONCALL']);
      expect(calledIn({ text: '', blocks: message.blocks })).toEqual(['S0ONCALL']);
    }
    for (const approval of Object.values(approvals)) {
      expect(calledIn(approvalMessage(approval, { first: false }))).toEqual([]);
    }
  });

  it('says who asks for what, how many have agreed, who may and until when', () => {
    const { text } = approvalMessage(approvals['half approved']!, { first: false });
    expect(text).toMatch(
      /^Approval needed: hello 1\.1 to production\. ana@example\.com asks to deploy .* 1 of 2 approvals\. `S0ONCALL`, kim@example\.com may approve until <!date\^1767227400\^/,
    );
  });

  it('repeats the digest before somebody approves', () => {
    expect(textOf(approvalMessage(approvalOf(), { first: true }))).toContain(
      '"Approve this deployment?","emoji":false},"text":{"type":"mrkdwn","text":"hello to production, image `0123456789ab`."',
    );
  });

  it('says why and what for, in the words of who asks', () => {
    const { request } = approvalOf();
    const change = { id: '#12', title: 'Faster', claims: [] };
    const approval = approvalOf({ request: { ...request, reason: 'the shop is slow', change } });
    const text = textOf(approvalMessage(approval, { first: true }));
    expect(text).toContain('the shop is slow');
    expect(text).toContain('#12: Faster');
  });

  it('says that a freeze is to be set aside', () => {
    const { request } = approvalOf();
    const approval = approvalOf({ request: { ...request, override: { freeze: 'a leak' } } });
    expect(textOf(approvalMessage(approval, { first: true }))).toContain(
      'A freeze is to be set aside: a leak',
    );
  });

  it.each([
    [
      'approved',
      /Approved by kim@example\.com, <!date[^>]+>; Slack user U0LEE, <!date[^>]+>\. Deployment `d1f3k7q2x9ab`\./,
    ],
    ['approved and refused', /What became of it: refused: frozen by release freeze/],
    ['rejected', /Rejected by kim@example\.com, <!date[^>]+>: not on a Friday\. Nothing is deployed\./],
    ['expired', /Nothing is deployed: 1 of 2 approved within 30m\./],
  ])('has the decision in place of the buttons when it is %s', (name, decision) => {
    const message = approvalMessage(approvals[name]!, { first: false });
    expect(message.text).toMatch(decision);
    expect(textOf(message)).toMatch(decision);
    expect(message.blocks.map(({ type }) => type)).not.toContain('actions');
  });
});
