import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readModule, root, type Block } from './module.ts';

/** Who is called at night reads the alarm, and then a section of docs/operations.md: each has the other. */

const { resources, locals } = readModule('terraform');
const sections = [...readFileSync(`${root}docs/operations.md`, 'utf8').matchAll(/^## (.+)$/gm)].map(
  ([, title = '']) => title,
);
const metrics = Object.entries(
  locals['log_metrics'] as Record<string, { alert: string | null; section: string }>,
);
const byMetric = '${each.value.alert}; docs/operations.md, section ${each.value.section}.';
const policies = resources
  .filter(({ type }) => type === 'google_monitoring_alert_policy')
  .map(({ address, body }) => ({
    address,
    text: (body['documentation'] as Block[])[0]?.['content'] as string,
  }));

/** What is told of, with the section that its text names. */
const told = [
  ...metrics.map(([name, { section }]) => ({ name, section })),
  ...policies
    .filter(({ text }) => text !== byMetric)
    .map(({ address, text }) => ({
      name: address,
      section: /docs\/operations\.md, section ([^.;]+)\.$/.exec(text)?.[1],
    })),
];

test('what is said of a metric is said by its alarm and by the metric itself', () => {
  expect(policies.filter(({ text }) => text === byMetric).map(({ address }) => address)).toEqual([
    'google_monitoring_alert_policy.log',
  ]);
  const metric = resources.find(({ address }) => address === 'google_logging_metric.main');
  expect(metric?.body['description']).toContain('docs/operations.md, section ${each.value.section}.');
});

test.each(told)('$name: what to do is in section $section', ({ section }) => {
  expect(sections).toContain(section);
});

test('each section for alarms and charts, from the first to Workflow failures, is named by one', () => {
  const from = sections.indexOf('Rollback failed');
  const forThese = sections.slice(from, sections.indexOf('Workflow failures') + 1);
  expect(forThese.length).toBeGreaterThan(5);
  expect(forThese.filter((title) => !told.some(({ section }) => section === title))).toEqual([]);
});
