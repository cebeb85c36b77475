import * as fc from 'fast-check';
import type { Deployment } from '#shared/domain/deployment.ts';
import { outcomes, type Outcome } from '#shared/domain/outcome.ts';
import { at, checkOf, deploymentOf, evidenceOf, waitingOf } from './deployment.ts';
import { finishedAs, withheld } from './outcomes.ts';

/** What people and programs have put into names to make trouble in Markdown, terminals and Slack. */
export const nasty: Record<string, string> = {
  'Slack markup': '<!channel> <@U1> <https://evil.example|click>',
  'Markdown links': '[click](https://evil.example) ![x](https://evil.example/x.png) @everyone',
  'an address': 'see https://evil.example/x now',
  'an address without scheme': 'www.evil.example',
  'a list': '1. list',
  HTML: '<script>alert(1)</script> &lt; <!-- ',
  bars: 'a | b \\| c \\\\| d',
  backticks: '``` `` ` ```\n# heading\n| a | b |\n|---|---|\n- list\n1. list',
  'terminal commands': '\u001B[31mred\u001B[0m\u001B]0;title\u0007 \u202Edesrever \u0000\u200B',
  'what grows when escaped': '&'.repeat(5000),
  'a long word': 'x'.repeat(9000),
  'wide characters': '漢字🚀👩‍👩‍👧e\u0301'.repeat(400),
  'half a character': '\uD83D',
  nothing: '',
  spaces: ' \n\t ',
  'shell words': 'it\'s $(rm -rf /) "quoted" \\',
};

/** The deployment with `text()` in every place that is not ours to choose. */
export function withForeign(deployment: Deployment, text: () => string): Deployment {
  const { release, failure, rollback, result, stable, request } = deployment;
  return {
    ...deployment,
    configSource: text(),
    request: {
      ...request,
      id: text(),
      requestedBy: text(),
      tag: text(),
      reason: text(),
      change: { id: text(), title: text(), url: 'https://example.com/a|b?c=<d>&e', claims: [text(), text()] },
    },
    ...(release && {
      release: {
        ...release,
        image: text(),
        tag: text(),
        version: text(),
        source: text(),
        platforms: [text()],
        change: { id: text(), title: text(), claims: [text(), `${text()} => config:${text()}`] },
      },
    }),
    ...(stable && {
      stable: {
        ...stable,
        targets: [
          { revision: text(), percent: 75 },
          { revision: `${text()}2`, percent: 25 },
        ],
      },
    }),
    ...(deployment.serviceUrl === undefined ? {} : { serviceUrl: text() }),
    steps: deployment.steps.map((run) => ({ ...run, summary: text() })),
    checks: deployment.checks.flatMap((check) => [
      { ...check, title: text() },
      checkOf({
        id: text(),
        title: text(),
        suite: text(),
        severity: 'advisory',
        outcome: 'fail',
        evidence: evidenceOf({ source: text(), observed: text(), expected: text() }),
        recommendation: { change: text(), measured: text(), limit: text(), rule: text() },
      }),
      checkOf({
        title: text(),
        suite: text(),
        outcome: 'fail',
        evidence: evidenceOf({ observed: text(), expected: text() }),
      }),
      checkOf({ title: text(), suite: text(), outcome: 'not-run', reason: text() }),
    ]),
    ...(failure && {
      failure: {
        ...failure,
        code: text(),
        message: text(),
        cause: {
          class: 'does-not-start' as const,
          sentence: text(),
          nextStep: text(),
          command: ['gcloud', text()],
        },
        lastLines: [text(), text(), text()],
      },
    }),
    ...(rollback && {
      rollback: {
        ...rollback,
        observed: text(),
        remains: [text(), text()],
        notes: [text()],
        ...(rollback.withheld === undefined ? {} : { withheld: text() }),
      },
    }),
    ...(deployment.migration && {
      migration: { ...deployment.migration, job: text(), execution: text() },
    }),
    ...(deployment.takeovers && {
      takeovers: deployment.takeovers.map((one) => ({ ...one, by: text(), reason: text() })),
    }),
    approvedBy: [text(), text()],
    overrides: [{ rule: 'freeze', what: text(), by: text(), reason: text(), at: at(1) }],
    acknowledged: { by: text(), at: at(50) },
    previous: {
      status: 'known',
      deploymentId: 'd1f3k0000aaa',
      at: at(0),
      release: {
        digest: text(),
        tag: text(),
        version: text(),
        source: text(),
        sizeBytes: 1,
      },
      config: [
        { path: text(), from: text(), to: text() },
        { path: text(), from: null, to: text() },
      ],
    },
    ...(result && {
      result: {
        ...result,
        verdict: { status: 'fail' as const, explanation: text() },
        explanation: text(),
        serving: result.serving && [
          { revision: text(), percent: 60 },
          { revision: `${text()}2`, percent: 40 },
        ],
      },
    }),
  };
}

/** A deployment in every state it can be in. */
export const stages: Record<string, () => Deployment> = {
  waiting: () => waitingOf(),
  running: () =>
    deploymentOf({
      signal: { kind: 'cancel', by: 'ana', reason: 'wrong tag', at: '2026-01-01T00:00:10.000Z' },
    }),
  ...Object.fromEntries(outcomes.map((outcome: Outcome) => [outcome, () => finishedAs(outcome)])),
  'not rolled back on purpose': withheld,
  'taken over': () =>
    deploymentOf({
      mode: 'recover',
      takeovers: [
        {
          by: 'ana@example.com',
          reason: 'it hangs',
          at: '2026-01-01T00:00:10.000Z',
          executionId: 'execution-1',
        },
      ],
    }),
};

/** Any stage with any texts. */
export const anyDeployment: fc.Arbitrary<Deployment> = fc
  .tuple(
    fc.constantFrom(...Object.values(stages)),
    fc.array(
      fc.oneof(fc.constantFrom(...Object.values(nasty)), fc.string({ unit: 'binary', maxLength: 400 })),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
  )
  .map(([make, texts]) => {
    let index = 0;
    return withForeign(make(), () => texts[(index += 1) % texts.length] ?? '');
  });
