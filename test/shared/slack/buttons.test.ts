import { describe, expect, it } from 'vitest';
import { ChatAction } from '#shared/domain/chat.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { linkActionPrefix } from '#shared/slack/blocks.ts';
import { deploymentOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { approvals, messagesOf, messagesOfApproval, states, withPeople } from './gallery.ts';

interface Button {
  text: { text: string };
  action_id: string;
  value?: string;
  url?: string;
  style?: string;
  confirm?: { text: { text: string } };
}
const buttonsOf = ({ blocks }: SlackMessage): Button[] =>
  blocks.flatMap((block) => (block['type'] === 'actions' ? (block['elements'] as Button[]) : []));
const said = (deployment: Deployment, message: string): Button[] =>
  buttonsOf(messagesOf(deployment)[message]!);
const labels = (deployment: Deployment, message = 'root'): string[] =>
  said(deployment, message).map(({ text }) => text.text);

/** The `action_id` that goes with what a button holds. */
const asked = ({ action_id, value, url }: Button): string => {
  if (url === undefined) return ChatAction.parse(JSON.parse(value ?? '')).action;
  return action_id.startsWith(linkActionPrefix) ? action_id : linkActionPrefix;
};

const live = withPeople(finishedAs('live'));
const { failure: _unsaid, ...unspoken } = finishedAs('failed', { checks: [] });
const both = ['View Logs', 'Open Runbook'];

describe('the buttons', () => {
  it.each<[string, Deployment, string[]]>([
    ['waits', states['waiting']!, ['Cancel']],
    ['runs', states['running']!, ['View Logs', 'Cancel']],
    ['is being cancelled', states['being cancelled']!, ['View Logs']],
    ['is live', live, ['Roll Back', 'View Logs']],
    ['is live, the first one', { ...live, stable: { first: true, targets: [] } }, ['View Logs']],
    [
      'is live after a canary of somebody',
      {
        ...live,
        stable: {
          first: false,
          targets: [
            { revision: 'hello-a', percent: 50 },
            { revision: 'hello-b', percent: 50 },
          ],
        },
      },
      ['View Logs'],
    ],
    [
      'is live and not safe to roll back',
      { ...live, release: { ...live.release!, rollBack: 'never' } },
      ['View Logs'],
    ],
    ['failed its checks', states['failed']!, both],
    ['failed by a fault', states['failed by a fault']!, [...both, 'Retry Deploy']],
    [
      'was interrupted',
      withPeople(
        finishedAs('failed', { failure: { ...finishedAs('failed').failure!, ending: 'interrupted' } }),
      ),
      [...both, 'Retry Deploy'],
    ],
    ['ended without a word', withPeople(unspoken), [...both, 'Retry Deploy']],
    ['was rolled back', states['rolled back']!, both],
    ['could not be rolled back', states['not rolled back']!, both],
    ['was refused', states['refused']!, []],
    ['was superseded', states['superseded']!, []],
    ['was cancelled', states['cancelled']!, []],
  ])('of one that %s', (_, deployment, expected) => {
    expect(labels(deployment)).toEqual(expected);
  });

  it('of an alarm send the traffic back where that is safe, and end the calling', () => {
    expect(labels(states['not rolled back']!, 'alarm')).toEqual([
      'Send All Traffic to hello-d1f3k0000aaa',
      'View Logs',
      'Open Runbook',
      'I Am on It',
    ]);
    expect(labels(states['not rolled back, somebody is on it']!, 'alarm')).not.toContain('I Am on It');
    expect(labels(states['not rolled back on purpose']!, 'alarm')).toEqual([...both, 'I Am on It']);
  });

  it.each([
    ['before traffic', {}, 'hello in staging: `hello-d1f3k0000aaa` stays live; no user has met the release.'],
    [
      'under traffic',
      { trafficMoved: true },
      'hello in staging: the traffic goes back to `hello-d1f3k0000aaa`.',
    ],
    [
      'of a new service',
      { stable: { first: true, targets: [] } },
      'hello in staging: nothing served before, and nothing will.',
    ],
    [
      'of what is not rolled back',
      { trafficMoved: true, release: { ...deploymentOf().release!, rollBack: 'never' as const } },
      'hello in staging: the release keeps the traffic it has: it is marked as not safe to roll back.',
    ],
  ])('say before cancelling %s what stays live', (_, facts, text) => {
    const cancel = said(withPeople(deploymentOf(facts)), 'root').find(
      ({ action_id }) => action_id === 'cancel',
    );
    expect(cancel?.confirm?.text.text).toBe(text);
  });

  it('ask before rolling back, from where to where', () => {
    const [rollBack] = said(live, 'root');
    expect(rollBack?.confirm?.text.text).toBe(
      'All traffic of hello in staging goes from `hello-d1f3k7q2x9ab` to `hello-d1f3k0000aaa`.',
    );
  });

  const all: [string, SlackMessage][] = [
    ...Object.entries(states).flatMap(([state, deployment]) =>
      Object.entries(messagesOf(deployment)).map(([name, message]): [string, SlackMessage] => [
        `${state}, ${name}`,
        message,
      ]),
    ),
    ...Object.entries(approvals).flatMap(([state, approval]) =>
      Object.entries(messagesOfApproval(approval)).map(([name, message]): [string, SlackMessage] => [
        `approval ${state}, ${name}`,
        message,
      ]),
    ),
  ];
  it.each(all)('can be understood when they are pressed, and at most one stands out: %s', (_, message) => {
    const buttons = buttonsOf(message);
    expect(buttons.filter(({ style }) => style !== undefined).length).toBeLessThanOrEqual(1);
    expect(new Set(buttons.map(({ action_id }) => action_id)).size).toBe(buttons.length);
    expect(buttons.filter((button) => asked(button) !== button.action_id)).toEqual([]);
  });
});
