import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport } from '#shared/report/report.ts';
import { deploymentOf, waitingOf } from '#test/support/deployment.ts';
import { anyDeployment, nasty, stages, withForeign } from '#test/support/hostile.ts';
import { finishedAs } from '#test/support/outcomes.ts';

/** Without fenced blocks and code spans, as CommonMark finds them: what is left is read as Markdown. */
function outsideCode(markdown: string): string {
  const unfenced = markdown.replace(/^(`{3,})(?:sh|text)\n[^]*?\n\1$/gm, '');
  return unfenced.replace(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '');
}

/** Bars that end a cell: those without a backslash before them, and so too when backslashes pair up. */
function cellsOf(row: string): number {
  const simple = row.match(/(?<!\\)\|/g)?.length ?? 0;
  const paired = row.replace(/\\[^]/g, '').match(/\|/g)?.length ?? 0;
  return simple === paired ? simple : Number.NaN;
}

/** What foreign text brought about; nothing is right. */
function harm(markdown: string): string[] {
  const read = outsideCode(markdown).replace(/<https:\/\/example\.com\/[^<>\s]*>/g, '');
  const markup = read.match(/[<>[\]@&`\\_~]|:\/\/|www\.|^- \d+[.)] /gim) ?? [];
  const tables = markdown.split('\n').filter((line) => line.startsWith('|'));
  let width = 0;
  const broken = tables.filter((row, index) => {
    if (/^\|(---\|)+$/.test(tables[index + 1] ?? '')) width = cellsOf(row);
    return cellsOf(row) !== width;
  });
  return [...markup, ...broken];
}

describe('a report in Markdown', () => {
  it('is read from what serves and what failed, over what was done, to what was seen and what follows', () => {
    const request = {
      ...deploymentOf().request,
      change: {
        id: '1278',
        title: 'database timeout',
        url: 'https://example.com/1278',
        claims: ['timeout is 90 s'],
      },
    };
    const text = renderMarkdown(buildReport(finishedAs('rolled-back', { request })));
    const order = [
      '# Rolled back: hello 1.1.0 to staging',
      '**Serving:** hello-d1f3k0000aaa 100 % serves again',
      '**Action:** No action needed now: the rollback is verified.',
      "**Mind:** The service's template still holds the failed release",
      '## What failed',
      'observed `200 ×2, 503 ×3`, expected `200, never 3 failures in a row`',
      'At most 25 % of the requests met the release, for at most 18 s',
      'Rollback verified, 2026-01-01 00:00:30 UTC',
      '## Deployment summary',
      'by `ana@example.com`, CLI or API, 2026-01-01 00:00:00 UTC',
      '## Build and push',
      '| Build | Not run: the request names an image that exists |',
      '41.0 MB compressed',
      '## Cloud Run deployment',
      '| 2026-01-01 00:00:13 UTC | 25 % |',
      '## Steps and times',
      '| From the failure to the verified way back | 10 s |',
      '## Change and claims',
      '1278: database timeout (<https://example.com/1278>)',
      'timeout is 90 s: **not verified** (no check is bound to it)',
      '## Test results',
      '| Health | at 25 % of the traffic | 0/1 passed |',
      '### Answers 2/2 before traffic',
      '## Recommendations',
      'None: no advisory check failed.',
      '## Infrastructure status',
      '### Health 0/1 at 25 % of the traffic',
      '## Golden path',
      'Not run: the service file declares no ordered suite',
      '## Impact',
      'Not run: nothing to compare with: what was live before is not on record',
      '## Next steps',
      'Make this pass: Healthy at 25 % of the traffic',
      '## Conclusion',
    ];
    let from = 0;
    const places = order.map((part) => {
      from = text.indexOf(part, from);
      return from;
    });
    expect(places).not.toContain(-1);
  });

  it('has the rescue command ready to paste when the rollback failed', () => {
    expect(renderMarkdown(buildReport(finishedAs('rollback-failed')))).toContain(
      '\n```sh\ngcloud run services update-traffic hello --project slipway-local --region us-central1 --to-revisions=hello-d1f3k0000aaa=100\n```\n',
    );
  });

  it('says of one that never started that nothing was run', () => {
    const text = renderMarkdown(buildReport(waitingOf()));
    expect(text).toContain('Not run: no check was made: no step was run');
    expect(text).toContain('No step was run.');
  });

  it.each(Object.entries(nasty))('shows %s as text only', (_, text) => {
    for (const make of Object.values(stages)) {
      expect(harm(renderMarkdown(buildReport(withForeign(make(), () => text))))).toEqual([]);
    }
  });

  it('shows any text as text only', () => {
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        expect(harm(renderMarkdown(buildReport(deployment)))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
