import { describe, expect, it } from 'vitest';
import { DeploymentView } from '#cli/answers.ts';
import { changedLines, progressLines } from '#cli/progress.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { at, deploymentOf, start, stepOf, waitingOf } from '#test/support/deployment.ts';

const view = (overrides: Partial<Deployment> = {}): DeploymentView =>
  DeploymentView.parse(JSON.parse(JSON.stringify(deploymentOf(overrides))));
const now = start + 20_000;
const stepsOf = (deployment: DeploymentView): string[] =>
  progressLines(deployment, now)
    .slice(1)
    .map((line) => line.trim().replace(/ +/g, ' '));

const result: NonNullable<Deployment['result']> = {
  outcome: 'rolled-back',
  verdict: { status: 'fail', explanation: '1 required check failed' },
  explanation: 'validate: 500',
  serving: [
    { revision: 'hello-a', percent: 75 },
    { revision: 'hello-b', percent: 25 },
  ],
  finishedAt: at(60),
};

describe('progressLines', () => {
  it.each([
    ['succeeded', stepOf('deploy', 1), '✓ deploy 1 s deploy did its work'],
    ['rejected', stepOf('validate', 1, { status: 'rejected', summary: '500' }), '✗ validate 1 s 500'],
    ['failed', stepOf('push', 1, { status: 'failed', summary: 'timeout' }), '✗ push 1 s timeout'],
    [
      'skipped',
      stepOf('build', 1, { status: 'skipped', summary: 'image exists' }),
      '– build 1 s image exists',
    ],
    ['retried', stepOf('push', 3, { attempt: 3 }), '✓ push 1 s push did its work · attempt 3'],
    ['looked at often', stepOf('build', 4), '✓ build 1 s build did its work · looked 4 times'],
    [
      'repeated at a share',
      stepOf('validate', 1, { phase: 'traffic-50' }),
      '✓ validate at 50 % 1 s validate did its work',
    ],
    [
      'settling traffic',
      stepOf('shift-traffic', 1, { phase: 'after' }),
      '✓ shift-traffic at the end 1 s shift-traffic did its work',
    ],
  ])('shows a step that is %s', (_, step, line) => {
    expect(stepsOf(view({ steps: [step] }))).toEqual([line]);
  });

  it('counts the looks of each step from the number of the one before it', () => {
    const steps = [stepOf('preflight', 1), stepOf('build', 6, { attempt: 2 }), stepOf('deploy', 7)];
    expect(stepsOf(view({ steps })).map((line) => line.split(' · ').slice(1))).toEqual([
      [],
      ['attempt 2', 'looked 4 times'],
      [],
    ]);
  });

  it('turns a spinner for what runs, with the time so far', () => {
    const steps = [{ ...stepOf('deploy', 1, { status: 'pending' as const }), endedAt: undefined }] as never;
    const [, first] = progressLines(view({ steps }), start + 12_000, { frame: 0 });
    const [, second] = progressLines(view({ steps }), start + 13_000, { frame: 1 });
    expect(first).toMatch(/⠋ deploy +10 s/);
    expect(second).toMatch(/⠙ deploy +11 s/);
  });

  it('never shows a negative time: the clocks of two machines differ', () => {
    expect(
      progressLines(view({ steps: [stepOf('deploy', 1, { endedAt: at(0) })] }), start - 99_000).join(),
    ).not.toMatch(/-\d/);
  });

  it('ends with the outcome and what serves', () => {
    const lines = progressLines(view({ status: 'finished', result }), now);
    expect(lines.slice(-2)).toEqual([
      'rolled-back: validate: 500',
      'Serves now: hello-a 75 % · hello-b 25 %',
    ]);
    const unread = { ...result, serving: null };
    expect(progressLines(view({ status: 'finished', result: unread }), now).at(-1)).toBe(
      'Serves now: not known',
    );
  });

  it('says that a deployment waits, and who wants it to stop', () => {
    expect(progressLines(DeploymentView.parse(waitingOf()), now)).toEqual([
      expect.stringContaining('waits: another deployment is on its way'),
    ]);
    const signal = { kind: 'cancel' as const, by: 'ana@example.com', reason: 'wrong branch', at: at(5) };
    expect(progressLines(view({ signal }), now).at(-1)).toBe(
      '  ! cancel asked for by ana@example.com: wrong branch',
    );
  });

  it('obeys nothing foreign and stays within the width', () => {
    const evil = '\u001B[2J\u0007\nlong'.repeat(50);
    const deployment = view({
      steps: [stepOf('deploy', 1, { summary: evil })],
      signal: { kind: 'cancel', by: evil, reason: evil, at: at(5) },
      status: 'finished',
      result: { ...result, explanation: evil, serving: [{ revision: evil, percent: 100 }] },
      request: { ...deploymentOf().request, tag: evil },
    });
    for (const width of [60, 80, 200]) {
      for (const line of progressLines(deployment, now, { width })) {
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  });
});

describe('changedLines', () => {
  const running = stepOf('health-probe', 2, { status: 'running' });
  it.each<[string, Deployment['steps'], Deployment['steps'], number]>([
    ['nothing', [running], [running], 0],
    ['another look', [running], [{ ...running, status: 'pending', seq: 3 }], 0],
    ['a new step', [running], [running, stepOf('validate', 3)], 1],
    ['an end', [running], [stepOf('health-probe', 2)], 1],
    ['another attempt', [running], [{ ...running, attempt: 2 }], 1],
  ])('of %s', (_, before, after, count) => {
    expect(changedLines(view({ steps: before }), view({ steps: after }), now)).toHaveLength(count);
  });

  it('begins with the headline and ends with the outcome, each once', () => {
    const finished = view({ status: 'finished', result });
    expect(changedLines(undefined, finished, now)[0]).toMatch(/^hello → staging/);
    expect(changedLines(view(), finished, now)).toEqual([
      'rolled-back: validate: 500',
      expect.stringContaining('Serves now'),
    ]);
    expect(changedLines(finished, finished, now)).toEqual([]);
  });
});
