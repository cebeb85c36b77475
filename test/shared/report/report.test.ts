import { describe, expect, it } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { Report } from '#shared/report/document.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport, reportName } from '#shared/report/report.ts';
import { failedChecks } from '#shared/report/suites.ts';
import { renderTerminal } from '#shared/report/terminal.ts';
import {
  at,
  candidate,
  checkOf,
  configOf,
  deploymentOf,
  evidenceOf,
  stableRevision,
  waitingOf,
} from '#test/support/deployment.ts';
import { stages } from '#test/support/hostile.ts';
import { finishedAs, withheld } from '#test/support/outcomes.ts';

describe('every report', () => {
  it.each(Object.entries(stages))(
    'of a deployment that is %s is what its schema says, as JSON',
    (_, make) => {
      const report = buildReport(make());
      expect(Report.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    },
  );

  it('is the same for the same record', () => {
    expect(buildReport(finishedAs('rolled-back'))).toEqual(buildReport(finishedAs('rolled-back')));
  });

  it('does not let a check stand without evidence', () => {
    const report = buildReport(finishedAs('live'));
    const [suite] = report.suites;
    const { evidence: _, ...bare } = suite!.rounds[0]!.checks[0] as { evidence: unknown };
    const rounds = [{ ...suite!.rounds[0]!, checks: [bare] }];
    expect(Report.safeParse({ ...report, suites: [{ ...suite, rounds }] }).success).toBe(false);
  });

  it('has a place of its own in the bucket', () => {
    expect(reportName(finishedAs('live'))).toBe('reports/hello/staging/d1f3k7q2x9ab');
  });
});

it('reads a document of before there were next steps, probes and changes', () => {
  const {
    nextSteps: _1,
    probes: _2,
    changes: _3,
    imageSize: _4,
    traffic: _5,
    ...old
  } = buildReport(finishedAs('live'));
  const { approvedBy: _6, overrides: _7, acknowledged: _8, ...older } = old;
  const { hash, source } = old.config;
  const suites = old.suites.map(({ title, rounds }) => ({ title, rounds }));
  const { requestedToLiveMs: _9, failedToRolledBackMs: _10, ...durations } = old.durations;
  expect(Report.parse({ ...older, config: { hash, source }, suites, durations })).toMatchObject({
    nextSteps: [],
    changes: null,
    suites: [{ ordered: false }],
  });
});

describe('what is said first', () => {
  const cases: [Outcome, string, string, boolean, string][] = [
    [
      'live',
      'Deployed hello 1.1.0 to staging',
      `${candidate.revision} 100 % (this release) serves now`,
      false,
      'No action',
    ],
    [
      'live-with-recommendations',
      'Deployed hello 1.1.0 to staging, with 1 recommendation',
      `${candidate.revision} 100 % (this release) serves now`,
      false,
      'see the recommendations',
    ],
    [
      'failed',
      'Deployment failed: hello 1.1.0 to staging',
      `${stableRevision} 100 % serves now`,
      false,
      'no user met the release',
    ],
    [
      'rolled-back',
      'Rolled back: hello 1.1.0 to staging',
      `${stableRevision} 100 % serves again`,
      false,
      'the rollback is verified',
    ],
    [
      'rollback-failed',
      'ROLLBACK FAILED: hello in staging needs a person',
      `${stableRevision} 75 % · ${candidate.revision} 25 % (this release) serve now`,
      true,
      'A person must act now',
    ],
    ['superseded', 'Superseded: hello 1.1 to staging', 'It never started', false, 'No action'],
    [
      'cancelled',
      'Cancelled: hello 1.1.0 to staging',
      `${stableRevision} 100 % serves now`,
      false,
      'No action',
    ],
    ['refused', 'Refused: hello 1.1 to staging', 'It never started', false, 'No action'],
  ];
  it.each(cases)(
    'of %s: what serves, and whether somebody must act',
    (outcome, headline, serving, needed, action) => {
      const report = buildReport(finishedAs(outcome));
      expect(report.headline).toBe(headline);
      expect(report.serving.sentence).toContain(serving);
      expect(report.action).toMatchObject({ needed, sentence: expect.stringContaining(action) });
    },
  );

  it.each<[string, Partial<NonNullable<Deployment['failure']>>, Partial<Deployment>, string]>([
    ['a fault', { ending: 'fault' }, {}, 'The release was not judged and can be tried again.'],
    ['an interruption', { ending: 'interrupted' }, {}, 'The release was not judged and can be tried again.'],
    ['a person', { ending: 'cancelled' }, {}, 'It was stopped; the release was not judged.'],
    [
      'a person who took it back',
      { ending: 'cancelled' },
      { signal: { kind: 'rollback', by: 'ana', reason: 'slow', at: at(13) } },
      'A person took it back',
    ],
    ['the preflight', { step: 'preflight' }, {}, 'Put right what it says, then deploy again'],
    ['its checks', {}, {}, 'Fix or revert the release before it is pushed again.'],
  ])('of a failure by %s says what that means for the release', (_, failure, more, words) => {
    const failed = finishedAs('failed', more);
    const { sentence } = buildReport({ ...failed, failure: { ...failed.failure!, ...failure } }).action;
    expect(sentence).toContain(`no user met the release. ${words}`);
  });

  it('says that it could not read what serves, instead of what should', () => {
    const { serving, action } = buildReport(withResult('live', { serving: null }));
    expect(serving).toEqual({
      sentence: 'What serves now could not be read from Cloud Run.',
      targets: null,
      readAt: null,
    });
    expect(action.sentence).toContain('Look at what serves.');
  });

  it('says that nothing serves', () => {
    expect(buildReport(withResult('failed', { serving: [] })).serving.sentence).toBe(
      'Nothing serves users now.',
    );
  });

  it('does not say "again" when something else serves than before', () => {
    const report = buildReport(
      withResult('rolled-back', { serving: [{ revision: 'hello-by-hand', percent: 100 }] }),
    );
    expect(report.serving.sentence).toMatch(/^hello-by-hand 100 % serves now/);
  });

  it.each<[string, Deployment, string]>([
    ['waits', waitingOf(), 'Nothing was changed yet.'],
    ['has no candidate yet', bare(deploymentOf()), 'The traffic is as it was before.'],
    [
      'makes the first revision',
      deploymentOf({ stable: { first: true, targets: [] } }),
      'No user is served: the service is not open yet.',
    ],
    ['shifts traffic', deploymentOf({ trafficMoved: true }), `${stableRevision} 100 %, as written last.`],
  ])('says of one that %s what users get', (_, deployment, sentence) => {
    expect(buildReport(deployment)).toMatchObject({ outcome: null, serving: { sentence } });
  });
});

describe('a failed rollback', () => {
  it('comes with the command that puts the traffic back as it was', () => {
    const stable = {
      first: false,
      targets: [
        { revision: 'hello-a', percent: 75 },
        { revision: 'hello-b', percent: 25, tag: 'beta' },
        { revision: 'hello-c', percent: 0, tag: 'old' },
      ],
    };
    expect(buildReport(finishedAs('rollback-failed', { stable })).action.command?.line).toBe(
      'gcloud run services update-traffic hello --project slipway-local --region us-central1 --to-revisions=hello-a=75,hello-b=25',
    );
  });

  it('of a first deployment comes with the command that closes the service', () => {
    const { action } = buildReport(finishedAs('rollback-failed', { stable: { first: true, targets: [] } }));
    expect(action.sentence).toContain('closes the service to the public');
    expect(action.command?.line).toBe(
      'gcloud run services update hello --project slipway-local --region us-central1 --invoker-iam-check',
    );
  });

  it('comes without a command that would hold what is no name of a revision', () => {
    const stable = { first: false, targets: [{ revision: 'a\u001B[2J', percent: 100 }] };
    expect(buildReport(finishedAs('rollback-failed', { stable })).action).toEqual({
      needed: true,
      sentence: 'A person must act now: look at the service and its traffic.',
      command: null,
    });
  });

  it('says that users may still meet the release', () => {
    expect(buildReport(finishedAs('rollback-failed')).exposure).toEqual({
      percent: 25,
      from: at(12),
      until: null,
    });
  });
});

describe('after a deployment that did not go live', () => {
  const sentence =
    "The service's template still holds the failed release: the next edit in the console would deploy it.";
  it.each<[Outcome, string[]]>([
    ['rolled-back', [sentence]],
    ['failed', [sentence]],
    ['cancelled', [sentence.replace('failed', 'cancelled')]],
    ['superseded', []],
    ['live', []],
  ])('%s warns of the template the service is left with, if there is one', (outcome, warnings) => {
    expect(buildReport(finishedAs(outcome)).warnings).toEqual(warnings);
  });

  it('does not warn when the revision was never made', () => {
    const { candidate: _, ...deployment } = finishedAs('failed');
    const rollback = { ...deployment.rollback!, remains: [] };
    expect(buildReport({ ...deployment, rollback }).warnings).toEqual([]);
  });

  it('names what was not cleaned up, and what a person changed meanwhile', () => {
    const { rollback, ...deployment } = finishedAs('failed');
    const notes = ['somebody changed the traffic'];
    const report = buildReport({
      ...deployment,
      rollback: { ...rollback!, result: 'failed', observed: 'tag is there', notes },
    });
    expect(report.warnings.slice(1)).toEqual([
      'What this deployment left behind is not cleaned up: tag is there.',
      ...notes,
    ]);
  });

  it('bounds which share of the requests met it, and for how long', () => {
    expect(buildReport(finishedAs('rolled-back')).exposure).toEqual({
      percent: 25,
      from: at(12),
      until: at(30),
    });
    expect(buildReport(finishedAs('failed')).exposure).toBeNull();
  });
});

it('says why it was asked for, in the words of who asked', () => {
  const { request } = deploymentOf();
  const report = buildReport(deploymentOf({ request: { ...request, reason: 'the shop is slow' } }));
  expect(renderMarkdown(report)).toContain('the shop is slow');
  expect(renderTerminal(report, { color: false, width: 100 })).toContain('the shop is slow');
  expect(renderMarkdown(buildReport(deploymentOf()))).not.toContain('Reason');
});

describe('checks', () => {
  it('are counted by suite and by when they were asked', () => {
    const checks = [
      checkOf(),
      checkOf({ id: 'b' }),
      checkOf({ phase: 'traffic-25' }),
      checkOf({ id: 'b', phase: 'traffic-25', outcome: 'inconclusive', evidence: evidenceOf() }),
    ];
    const [answers] = buildReport(deploymentOf({ checks })).suites;
    expect(answers).toMatchObject({
      title: 'Answers',
      rounds: [
        { phase: 'candidate', passed: 2, total: 2 },
        { phase: 'traffic-25', passed: 1, total: 2 },
      ],
    });
  });

  it('that sum others up are shown, and the others are counted', () => {
    const failed = { outcome: 'fail', evidence: evidenceOf() } as const;
    const checks = [
      checkOf({ ...failed, id: 'tests', title: 'The tests', isSum: true }),
      checkOf({ ...failed, id: 'tests/a', title: 'a' }),
      checkOf({ id: 'tests/b' }),
    ];
    const report = buildReport(deploymentOf({ checks }));
    expect(report.suites).toMatchObject([{ rounds: [{ passed: 1, total: 2, checks }] }]);
    const advised = checks.map((check) => ({ ...check, severity: 'advisory' as const }));
    const { recommendations } = buildReport(deploymentOf({ checks: advised }));
    expect(recommendations.map(({ check }) => check)).toEqual(['a']);
    expect(failedChecks(report.suites).map(({ id }) => id)).toEqual(['tests/a']);
  });

  it('that are required and could not be run stand with what failed, those whose turn never came do not', () => {
    const failed = finishedAs('failed', {
      checks: [
        checkOf({
          id: 'tls',
          title: 'The certificate is valid',
          outcome: 'not-run',
          reason: 'it has no TLS',
        }),
      ],
    });
    const { nextSteps } = buildReport(failed);
    const report = renderMarkdown(buildReport(failed));
    expect(nextSteps.map(({ sentence }) => sentence)).toContain('Have this run: The certificate is valid');
    expect(report).toMatch(
      /## What failed[\s\S]*The certificate is valid: Not run: it has no TLS[\s\S]*## Deployment/,
    );
    // Asked for by the service file, but the deployment ended before.
    expect(report).toContain('GET / says which service it is');
    expect(nextSteps.map(({ sentence }) => sentence).join()).not.toContain('GET /');
  });

  it('without an answer are questions, beside what was found', () => {
    const open = checkOf({ id: 'a', severity: 'advisory', outcome: 'not-run', reason: 'no key' });
    const found = checkOf({ id: 'b', severity: 'advisory', outcome: 'fail', evidence: evidenceOf() });
    const headline = (...checks: Check[]) =>
      buildReport(finishedAs('live-with-recommendations', { checks })).headline;
    expect(headline(open)).toMatch(/, with 1 question open$/);
    expect(headline(found)).toMatch(/, with 1 recommendation$/);
    expect(headline(open, found)).toMatch(/, with 1 recommendation, 1 question open$/);
  });

  it('of the service file that were never asked are there as not run, with the reason', () => {
    const deployment = finishedAs('failed', { checks: [] });
    expect(buildReport(deployment).suites).toMatchObject([
      {
        title: 'Answers',
        rounds: [
          {
            passed: 0,
            total: 2,
            checks: [
              { outcome: 'not-run', reason: 'the deployment ended in validate before this was asked' },
              { outcome: 'not-run' },
            ],
          },
        ],
      },
    ]);
  });

  it.each<[string, Parameters<typeof checkOf>[0], object]>([
    [
      'its own words',
      {
        outcome: 'fail',
        evidence: evidenceOf(),
        recommendation: { change: 'More CPU', measured: '2 s', limit: '1 s', rule: 'r' },
      },
      { change: 'More CPU', measured: '2 s', limit: '1 s', rule: 'r' },
    ],
    [
      'its evidence when it has none',
      { outcome: 'fail', evidence: evidenceOf({ observed: '2 s', expected: '1 s' }) },
      {
        change: 'Look at this: GET / says which service it is',
        measured: '2 s',
        limit: '1 s',
        rule: 'names-itself',
      },
    ],
    [
      'that it has no answer',
      { outcome: 'inconclusive', evidence: evidenceOf({ observed: '403' }) },
      { outcome: 'inconclusive', measured: '403' },
    ],
    ['that it was not run', { outcome: 'not-run', reason: 'no key' }, { measured: 'Not run: no key' }],
  ])('that are advisory and did not pass become a recommendation with %s', (_, check, advice) => {
    const checks = [checkOf(), checkOf({ severity: 'advisory', ...check })];
    expect(buildReport(deploymentOf({ checks })).recommendations).toMatchObject([advice]);
  });

  it('that are asked often give one recommendation', () => {
    const failing = { severity: 'advisory', outcome: 'fail', evidence: evidenceOf() } as const;
    const checks = ['candidate', 'traffic-25', 'traffic-100'].map((phase) => checkOf({ ...failing, phase }));
    expect(buildReport(deploymentOf({ checks })).recommendations).toHaveLength(1);
  });
});

it('measures from the request to the outcome, and the wait before', () => {
  expect(buildReport(finishedAs('live')).durations).toEqual({
    requestedToFinishedMs: 41_000,
    waitedMs: 1000,
    ranMs: 39_000,
    requestedToLiveMs: 19_000,
    failedToRolledBackMs: null,
  });
  expect(buildReport(finishedAs('rolled-back')).durations).toMatchObject({
    requestedToLiveMs: null,
    failedToRolledBackMs: 10_000,
  });
});

it('keeps the values of the configuration to itself', () => {
  const config = configOf({ runtime: { env: { PASSWORD: 'hunter2' } } });
  expect(JSON.stringify(buildReport(finishedAs('live', { config })))).not.toContain('hunter2');
});

const withResult = (outcome: Outcome, change: Partial<NonNullable<Deployment['result']>>): Deployment => {
  const deployment = finishedAs(outcome);
  return { ...deployment, result: { ...deployment.result!, ...change } };
};

function bare(deployment: Deployment): Deployment {
  const { trafficWritten: _, ...rest } = deployment;
  return rest;
}

describe('a release that was left under traffic on purpose', () => {
  const report = buildReport(withheld());
  const caution = 'may do harm: the release is marked as not safe to roll back';

  it('is a decision of a person, with the way back and what speaks against it', () => {
    expect(report.headline).toBe('NOT ROLLED BACK: hello in staging needs a person');
    expect(report.action).toMatchObject({
      needed: true,
      sentence: expect.stringContaining(caution),
      command: { line: expect.stringContaining(`--to-revisions=${stableRevision}=100`) },
    });
    expect(report.rollback).toMatchObject({ result: 'failed', withheld: 'policy.rollBack is never' });
  });

  it('has no command where there is none to paste, and says the same of going back', () => {
    const { stable: _, ...without } = withheld();
    const { action } = buildReport(without);
    expect(action.command).toBeNull();
    expect(action.sentence).toContain(`Going back ${caution}`);
  });

  it.each([
    ['Markdown', renderMarkdown(report)],
    ['the terminal', renderTerminal(report, { color: false, width: 4000 })],
  ])('says so in %s: before the command what speaks against it, and what was done to the data', (_, text) => {
    const [warned, command] = [text.indexOf(caution), text.indexOf('gcloud run services update-traffic')];
    expect(warned).toBeGreaterThan(0);
    expect(command).toBeGreaterThan(warned);
    expect(text).toMatch(/Rollback withheld/i);
    expect(text).toContain(
      'The migration (job migrate, execution migrate-abcde) was run and was not undone.',
    );
    expect(text).toContain('https://example.com/logs?a=1&b=%22%3E');
  });

  it.each([
    ['succeeded', 'was run and was not undone.'],
    ['failed', 'failed; what it changed until then was not undone.'],
    ['stopped', 'was cancelled; what it changed until then was not undone.'],
    ['running', 'may still run: nobody saw its end.'],
    ['starting', 'was to be run; whether it was is not known.'],
  ] as const)('has a migration that %s: %s', (status, words) => {
    const { migration, ...rest } = withheld();
    const warnings = buildReport({ ...rest, migration: { ...migration!, status } }).warnings.join(' ');
    expect(warnings).toContain(`execution migrate-abcde) ${words}`);
    const live = buildReport({
      ...rest,
      migration: { ...migration!, status },
      result: finishedAs('live').result!,
    });
    expect(live.warnings).toEqual([]);
  });
});
