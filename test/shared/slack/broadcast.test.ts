import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { callFor, failureFingerprint } from '#shared/slack/broadcast.ts';
import { checkOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';
import { inProduction, now, slack, states, withPeople } from './gallery.ts';
import { calledIn } from './problems.ts';

interface Past {
  previousOutcome?: Outcome;
  sameFailureWithin30min?: number;
}
const call = (deployment: Deployment, past: Past = {}) =>
  callFor(deployment, { previousOutcome: undefined, sameFailureWithin30min: 0, nowMs: now, ...past });

const quiet = [{ name: 'always', start: '2025-01-01T00:00', end: '2027-01-01T00:00', timeZone: 'UTC' }];
const atNight = (outcome: Outcome, environment: string): Deployment =>
  withPeople(finishedAs(outcome), { environment, slack: { ...slack, quiet } });
const pushed = (deployment: Deployment): Deployment => {
  const { slackUser: _nobody, ...request } = deployment.request;
  return { ...deployment, request: { ...request, source: 'image-push', requestedBy: 'topic gcr' } };
};

describe('the call at the end of a deployment', () => {
  it.each<[string, Deployment, Past, string, string[]]>([
    ['still runs', states['running']!, {}, 'none', []],
    ['was refused', states['refused']!, {}, 'none', []],
    ['was superseded', states['superseded']!, {}, 'none', []],
    ['was cancelled', states['cancelled']!, {}, 'none', []],
    ['is live', states['live']!, { previousOutcome: 'live' }, 'none', []],
    ['is the first', states['live']!, {}, 'none', []],
    ['is live after a failed one', states['live']!, { previousOutcome: 'failed' }, 'reply', []],
    ['is live after one rolled back', states['live']!, { previousOutcome: 'rolled-back' }, 'reply', []],
    [
      'is live after an alarm',
      states['live with recommendations']!,
      { previousOutcome: 'rollback-failed' },
      'reply',
      [],
    ],
    ['failed', states['failed']!, {}, 'reply', ['U0ANA']],
    ['failed in production', inProduction(finishedAs('failed')), {}, 'broadcast', ['U0ANA', 'S0OWNERS']],
    ['was rolled back', withPeople(finishedAs('rolled-back')), {}, 'reply', ['U0ANA']],
    ['was rolled back in production', states['rolled back']!, {}, 'broadcast', ['U0ANA', 'S0OWNERS']],
    ['was pushed and failed in production', pushed(states['rolled back']!), {}, 'broadcast', ['S0OWNERS']],
    ['failed as before', states['failed']!, { sameFailureWithin30min: 2 }, 'none', []],
    ['failed in production as before', states['rolled back']!, { sameFailureWithin30min: 1 }, 'none', []],
    ['could not be rolled back', states['not rolled back']!, {}, 'alarm', ['S0ONCALL', 'U0ONCALL']],
    [
      'could not be rolled back, as before',
      states['not rolled back']!,
      { sameFailureWithin30min: 3 },
      'alarm',
      ['S0ONCALL', 'U0ONCALL'],
    ],
    [
      'was not rolled back on purpose',
      states['not rolled back on purpose']!,
      {},
      'alarm',
      ['S0ONCALL', 'U0ONCALL'],
    ],
    ['called for somebody who came', states['not rolled back, somebody is on it']!, {}, 'alarm', ['U0ANA']],
    ['failed in quiet hours', atNight('failed', 'staging'), {}, 'reply', []],
    ['could not be rolled back in quiet hours', atNight('rollback-failed', 'staging'), {}, 'alarm', []],
    [
      'failed in production in quiet hours',
      atNight('failed', 'production'),
      {},
      'broadcast',
      ['U0ANA', 'S0OWNERS'],
    ],
    [
      'could not be rolled back in production in quiet hours',
      atNight('rollback-failed', 'production'),
      {},
      'alarm',
      ['S0ONCALL', 'U0ONCALL'],
    ],
  ])('of one that %s', (_, deployment, past, kind, called) => {
    const said = call(deployment, past);
    expect([said.kind, said.kind === 'none' ? [] : calledIn(said.message)]).toEqual([kind, called]);
  });

  it('calls people in its text and in its blocks', () => {
    for (const state of ['failed', 'rolled back', 'not rolled back']) {
      const said = call(states[state]!);
      if (said.kind === 'none') throw new Error(`${state} says nothing`);
      const called = calledIn(said.message);
      expect(calledIn({ text: said.message.text, blocks: [] })).toEqual(called);
      expect(calledIn({ text: '', blocks: said.message.blocks })).toEqual(called);
    }
  });

  it('names who asked by address where Slack knows nobody', () => {
    const { slackUser: _unknown, ...request } = states['failed']!.request;
    const said = call({ ...states['failed']!, request });
    expect(said.kind === 'reply' && said.message.text).toMatch(/^ana@example\.com\n\*Deployment failed/);
  });

  it('calls the owners where nobody is on call', () => {
    const said = call(withPeople(finishedAs('rollback-failed'), { slack: { ...slack, onCall: [] } }));
    expect(said.kind === 'alarm' && calledIn(said.message)).toEqual(['S0OWNERS']);
  });
});

describe('the fingerprint of a failure', () => {
  const failed = finishedAs('rolled-back');
  const { failure } = failed;

  it('is the same for another release that fails alike', () => {
    const other = {
      ...failed,
      id: 'd1f3k7q2zzzz',
      release: { ...failed.release!, digest: `sha256:${'f'.repeat(64)}` },
      failure: { ...failure!, message: 'unhealthy under traffic: 200 ×9, 503 ×3', phase: 'traffic-50' },
    };
    expect(failureFingerprint(other)).toBe(failureFingerprint(failed));
  });

  it.each<[string, Deployment]>([
    ['service', { ...failed, service: 'other' }],
    ['environment', { ...failed, environment: 'production' }],
    ['step', { ...failed, failure: { ...failure!, step: 'validate' } }],
    [
      'cause',
      { ...failed, failure: { ...failure!, cause: { class: 'port', sentence: 'x', nextStep: 'y' } } },
    ],
    ['check', { ...failed, checks: [checkOf({ id: 'another', outcome: 'fail' })] }],
  ])('is another one for another %s', (_, deployment) => {
    expect(failureFingerprint(deployment)).toBeDefined();
    expect(failureFingerprint(deployment)).not.toBe(failureFingerprint(failed));
  });

  it.each(['running', 'live', 'cancelled', 'refused'])('is none for one that is %s', (state) => {
    expect(failureFingerprint(states[state]!)).toBeUndefined();
  });
});
