import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { renderHtml } from '#shared/report/html.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { probePoints } from '#shared/report/probes.ts';
import { buildReport } from '#shared/report/report.ts';
import { at, checkOf, deploymentOf, evidenceOf, waitingOf } from '#test/support/deployment.ts';
import { anyDeployment, nasty, stages, withForeign } from '#test/support/hostile.ts';
import { finishedAs, withheld } from '#test/support/outcomes.ts';

interface Element {
  name: string;
  attributes: Record<string, string>;
}

/** The page as a strict reader of XML sees it; what is not well-formed throws. */
function read(page: string): { elements: Element[]; text: string } {
  const elements: Element[] = [];
  let text = '';
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => elements.push({ name, attributes }));
  parser.on('text', (part) => (text += part));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(page.replace('<!DOCTYPE html>', '')).close();
  return { elements, text };
}

const page = (deployment: Deployment): string => renderHtml(buildReport(deployment), 'd1f3k7q2x9ab.json');

const elementNames = new Set(
  'html head meta title style body header h1 h2 h3 nav a main section p strong code ul li table thead tbody tr th td details summary pre footer figure figcaption svg text line rect path polyline circle g'.split(
    ' ',
  ),
);
const attributeNames = new Set(
  'lang charset http-equiv content name class href rel id scope colspan open aria-label aria-labelledby role viewBox x y x1 y1 x2 y2 cx cy r rx width height d points text-anchor'.split(
    ' ',
  ),
);

/** What foreign text brought about; nothing is right. */
function harm(html: string): string[] {
  const { elements } = read(html);
  return elements.flatMap(({ name, attributes }) => [
    ...(elementNames.has(name) ? [] : [`<${name}>`]),
    ...Object.entries(attributes).flatMap(([attribute, value]) => {
      if (!attributeNames.has(attribute)) return [`${attribute}=`];
      if (attribute === 'href')
        return /^(#[a-z-]+|[a-z0-9]+\.json|https:\/\/example\.com\/\S*)$/.test(value) ? [] : [value];
      if (attribute === 'class' || attribute === 'id') return /^[a-z -]*$/.test(value) ? [] : [value];
      return [];
    }),
  ]);
}

describe('a report as a page', () => {
  it('has the sections of the Markdown in the same order', () => {
    for (const make of Object.values(stages)) {
      const report = buildReport(make());
      const titles = [...renderHtml(report).matchAll(/<h2 id="[a-z-]+">([^<]*)</g)].map(([, title]) => title);
      const inMarkdown = [...renderMarkdown(report).matchAll(/^## (.*)$/gm)].map(([, title]) => title);
      expect(titles).toEqual(inMarkdown);
      expect(titles.length).toBeGreaterThanOrEqual(12);
    }
  });

  it('says first what serves, and whether somebody must act', () => {
    const { text } = read(page(finishedAs('rolled-back')));
    const order = [
      'Rolled back: hello',
      'serves again',
      'the rollback is verified',
      'What failed',
      'Test results',
    ];
    let from = text.indexOf('</');
    for (const part of order) {
      from = text.indexOf(part, from);
      expect(from).toBeGreaterThanOrEqual(0);
    }
  });

  it('needs nothing from elsewhere and lets nothing run', () => {
    const { elements } = read(page(finishedAs('live')));
    const policy = elements.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy?.attributes['content']).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; img-src data:/,
    );
    expect(elements.filter(({ name }) => ['script', 'link', 'img', 'iframe', 'form'].includes(name))).toEqual(
      [],
    );
    expect(
      elements.flatMap(({ attributes }) =>
        Object.keys(attributes).filter((key) => /^(on|src|style)/.test(key)),
      ),
    ).toEqual([]);
  });

  it('can be read without seeing: headings in order, heads of tables, names of pictures', () => {
    const html = page(finishedAs('rolled-back', { checks: probed(5) }));
    const { elements } = read(html);
    const levels = elements.flatMap(({ name }) => (/^h\d$/.test(name) ? [Number(name.slice(1))] : []));
    expect(levels[0]).toBe(1);
    expect(levels.every((level, index) => level - (levels[index - 1] ?? 0) <= 1)).toBe(true);
    const pictures = elements.filter(({ name }) => name === 'svg');
    expect(pictures).toHaveLength(3);
    expect(pictures.every(({ attributes }) => attributes['role'] === 'img' && attributes['aria-label'])).toBe(
      true,
    );
    expect(elements.filter(({ name }) => name === 'th').every(({ attributes }) => attributes['scope'])).toBe(
      true,
    );
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
  });

  it('has the whole evidence of every check, open where it did not pass', () => {
    const checks = [
      checkOf({
        outcome: 'fail',
        evidence: evidenceOf({
          asked: 'what was asked',
          attempts: attempts(3),
          logUri: 'https://example.com/log',
        }),
        recommendation: {
          change: 'More CPU',
          measured: '2 s',
          limit: '1 s',
          rule: 'cpu',
          link: 'https://example.com/cpu',
        },
      }),
    ];
    const html = page(finishedAs('failed', { checks }));
    expect(html).toMatch(/<details open="open"><summary>GET/);
    const { text } = read(html);
    for (const part of [
      'what was asked',
      '200 in 20 ms · 200 in 21 ms',
      'https://example.com/log',
      'More CPU',
      'https://example.com/cpu',
    ])
      expect(text).toContain(part);
  });

  it('says why there is nothing where there is nothing', () => {
    const { text } = read(page(waitingOf()));
    expect(text.match(/Not run: /g)?.length).toBeGreaterThan(7);
  });

  it('would show what is not escaped, to these tests', () => {
    const bad = '<html><p onclick="x">a</p><script>1</script><a href="javascript:1">b</a></html>';
    expect(harm(bad)).toEqual(['onclick=', '<script>', 'javascript:1']);
    expect(() => harm('<html>a < b</html>')).toThrow(/disallowed|expected|character/i);
  });

  it.each(Object.entries(nasty))('shows %s as text only', (_, text) => {
    // Together they have everything that a record can hold.
    for (const make of [withheld, () => finishedAs('cancelled'), waitingOf])
      expect(harm(page(withForeign(make(), () => text)))).toEqual([]);
  });

  it('shows any text as text only', () => {
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        expect(harm(page(deployment))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('stays small and quick with long watching and many checks', () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      checkOf({ id: `c${index}`, evidence: evidenceOf({ attempts: attempts(2000) }) }),
    );
    const deployment = finishedAs('live', { checks: [...probed(2000), ...many] });
    const start = performance.now();
    const html = page(deployment);
    const took = performance.now() - start;
    expect(html.length).toBeLessThan(120_000);
    // Wide of what it takes, for machines that are busy.
    expect(took).toBeLessThan(500);
  });
});

describe('the points of a plot', () => {
  it('are at most as many as asked for, and lose no slow answer and no failure', () => {
    const looks = fc.array(fc.record({ ok: fc.boolean(), durationMs: fc.integer({ min: 0, max: 9000 }) }), {
      minLength: 1,
      maxLength: 700,
    });
    fc.assert(
      fc.property(looks, fc.integer({ min: 1, max: 300 }), (seen, most) => {
        const all = seen.map((look, index) => ({ ...look, at: at(index), seen: '200' }));
        const points = probePoints(all, most);
        expect(points.length).toBeLessThanOrEqual(most);
        expect(Math.max(...points.map(({ slowestMs }) => slowestMs))).toBe(
          Math.max(...seen.map(({ durationMs }) => durationMs)),
        );
        expect(points.reduce((sum, { failed }) => sum + failed, 0)).toBe(seen.filter(({ ok }) => !ok).length);
        expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(seen.length);
      }),
    );
  });
});

it('tells how the health probe was answered, with percentiles of good answers and the limit', () => {
  const bad: Attempt = { at: at(9), ok: false, seen: '503', durationMs: 4000 };
  const [probe, ...others] = buildReport(deploymentOf({ checks: probed(4, [bad]) })).probes;
  expect(others).toEqual([]);
  expect(probe).toEqual({
    phase: 'candidate',
    attempts: 5,
    failed: 1,
    latency: { p50Ms: 21, p95Ms: 23, p99Ms: 23 },
    slowestMs: 4000,
    limitMs: 5000,
  });
});

function attempts(count: number): Attempt[] {
  return Array.from({ length: count }, (_, index) => ({
    at: at(index),
    ok: true,
    seen: '200',
    durationMs: 20 + index,
  }));
}

function probed(count: number, more: Attempt[] = []) {
  const evidence = evidenceOf({ attempts: [...attempts(count), ...more] });
  return [
    checkOf({
      id: 'healthy',
      title: 'Candidate is healthy',
      suite: 'Health',
      step: 'health-probe',
      evidence,
    }),
  ];
}
