import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '#shared/domain/outcome.ts';
import { buildReport } from '#shared/report/report.ts';
import { columns, cutToColumns, wrapped } from '#shared/report/terminal-text.ts';
import { narrowest } from '#shared/report/pen.ts';
import { renderTerminal } from '#shared/report/terminal.ts';
import { anyDeployment } from '#test/support/hostile.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const rendered = (outcome: Outcome, options = { color: false, width: 100 }): string =>
  renderTerminal(buildReport(finishedAs(outcome)), options);
const width = fc.integer({ min: narrowest, max: 140 });

describe('a report in a terminal', () => {
  it('is never wider than the terminal and never sends it a command', () => {
    fc.assert(
      fc.property(anyDeployment, width, (deployment, columnsOfTerminal) => {
        const report = buildReport(deployment);
        const text = renderTerminal(report, { color: false, width: columnsOfTerminal });
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        const widest = Math.max(...text.split('\n').map(columns));
        expect(widest).toBeLessThanOrEqual(columnsOfTerminal);
        const coloured = renderTerminal(report, { color: true, width: columnsOfTerminal });
        expect(stripVTControlCharacters(coloured)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it('says without colour what colour says', () => {
    const text = rendered('rollback-failed');
    expect(text).toMatch(/^✗ ROLLBACK FAILED: hello in staging needs a person\n/);
    expect(text).toMatch(/^! A person must act now/m);
    expect(text).toMatch(/^gcloud run services update-traffic hello/m);
    expect(text).toMatch(
      /^ {2}✗ Healthy at 25 % of the traffic: fail, observed 200 ×2, 503 ×3, expected 200/m,
    );
    expect(text).toMatch(/^ {2}✓ GET \/ says which service it is: status 200$/m);
    expect(text).toMatch(/^✗ rollback +1 s {2}rollback did its work$/m);
    expect(rendered('rolled-back')).toMatch(/^↩ Rolled back/);
    expect(rendered('live')).toMatch(/^✓ Deployed/);
    expect(rendered('failed', { color: false, width: 140 })).toMatch(
      /^ {2}– GET \/ answers within 250 ms \(advisory\): Not run, the deployment ended in validate/m,
    );
  });

  it('keeps both ends of a name that is too long', () => {
    const digest = /^Digest +(\S+)$/m.exec(rendered('live', { color: false, width: 60 }))?.[1];
    expect(digest).toMatch(/^sha256:0123.*….*cdef$/);
  });
});

describe('columns', () => {
  it.each([
    ['abc', 3],
    ['漢字', 4],
    ['🚀', 2],
    ['e\u0301', 1],
    ['✓ ✗ – …', 7],
  ])('of %j are %i', (text, expected) => expect(columns(text)).toBe(expected));

  it('of what is cut or wrapped are never more than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 60 }), (text, max) => {
        expect(columns(cutToColumns(text, max))).toBeLessThanOrEqual(max);
        for (const line of wrapped(text, max)) expect(columns(line)).toBeLessThanOrEqual(max);
      }),
    );
  });
});
