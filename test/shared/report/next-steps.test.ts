import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { buildReport } from '#shared/report/report.ts';
import { checkOf, deploymentOf, evidenceOf } from '#test/support/deployment.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const cause = {
  class: 'port' as const,
  sentence: 'It listens on 3000.',
  nextStep: 'Listen on $PORT.',
  command: ['gcloud', 'a b'],
};
const failedBy = (ending: NonNullable<Deployment['failure']>['ending']): Deployment => {
  const failed = finishedAs('failed', { checks: [] });
  return { ...failed, failure: { ...failed.failure!, ending, cause } };
};
const stepsOf = (deployment: Deployment) =>
  buildReport(deployment).nextSteps.map(({ when, sentence, command }) => [
    when,
    sentence,
    command?.line ?? null,
  ]);
const template = expect.stringContaining('template still holds');

describe('next steps', () => {
  it('are none when nothing failed and nothing is advised', () => {
    expect(buildReport(finishedAs('live')).nextSteps).toEqual([]);
  });

  it.each<[string, Deployment, unknown[]]>([
    [
      'of a release that was found bad are to mend it',
      failedBy('rejected'),
      [
        ['before', 'Listen on $PORT.', "gcloud 'a b'"],
        ['before', template, null],
      ],
    ],
    [
      'of a fault are also to try again, with the command',
      failedBy('fault'),
      [
        ['before', 'Listen on $PORT.', "gcloud 'a b'"],
        ['before', 'Deploy it again: the release was not judged', 'slipway deploy hello staging 1.1'],
        ['before', template, null],
      ],
    ],
    [
      'of a failed check are to make it pass',
      finishedAs('failed'),
      [
        ['before', 'Make this pass: GET / says which service it is', null],
        ['before', template, null],
      ],
    ],
    [
      'of a check without an answer are to find out why',
      finishedAs('failed', { checks: [checkOf({ outcome: 'inconclusive', evidence: evidenceOf() })] }),
      [
        ['before', 'Find out why this has no answer: GET / says which service it is', null],
        ['before', template, null],
      ],
    ],
    [
      'of advice are the advice',
      finishedAs('live-with-recommendations'),
      [['later', 'Raise the CPU to 2', null]],
    ],
    [
      'of a failed rollback begin with what a person does now',
      finishedAs('rollback-failed', { checks: [] }),
      [
        ['now', expect.stringContaining('A person must act now'), expect.stringContaining('--to-revisions')],
        ['before', template, null],
      ],
    ],
  ])('%s', (_, deployment, steps) => {
    const found = stepsOf(deployment);
    expect(found).toEqual(steps);
  });

  it('ask for what a change claims and nothing showed', () => {
    const request = {
      ...deploymentOf().request,
      change: { id: '1', title: 't', claims: ['faster', 'right => check:names-itself'] },
    };
    const checks = [
      checkOf({ outcome: 'fail', evidence: evidenceOf({ observed: 'status 500' }), severity: 'advisory' }),
    ];
    expect(buildReport(finishedAs('live', { request, checks })).nextSteps.slice(0, 2)).toMatchObject([
      { when: 'later', sentence: 'Have a check verify: faster', because: 'no check is bound to it' },
      {
        when: 'before',
        sentence: expect.stringContaining('what is claimed of it: right'),
        because: 'status 500',
      },
    ]);
  });
});
