import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, type Browser } from 'playwright-core';
import { renderHtml } from '#shared/report/html.ts';
import { buildReport } from '#shared/report/report.ts';
import { checkOf, evidenceOf } from '#test/support/deployment.ts';
import { nasty, stages, withForeign } from '#test/support/hostile.ts';
import { finishedAs } from '#test/support/outcomes.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);
if (!isThere) console.warn(`The report's page is not tested: there is no ${executablePath} (CHROMIUM_PATH)`);

describe.skipIf(!isThere)('the page of a report in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    // A container often lets nobody make the sandbox's namespaces, and no page here comes from elsewhere.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** @returns what is in the page, and what it tried to do */
  async function show(html: string) {
    const page = await browser.newPage();
    const tried: string[] = [];
    page.on('console', (line) => tried.push(line.text()));
    page.on('pageerror', (error) => tried.push(error.message));
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => tried.push('dialog')));
    await page.route('**/*', (route) => {
      tried.push(route.request().url());
      return route.abort();
    });
    await page.setContent(html);
    return { page, tried };
  }
  const elementsIn = (html: string) =>
    show(html).then(async ({ page, tried }) => {
      const names = await page.evaluate(() =>
        [...document.querySelectorAll('*')].map((one) =>
          [one.tagName, ...[...one.attributes].map(({ name }) => name)].join(' '),
        ),
      );
      await page.close();
      return { names: [...new Set(names)].sort(), tried };
    });

  it('has no element, no attribute and no request more, whatever its texts are', async () => {
    for (const make of Object.values(stages)) {
      const plain = await elementsIn(renderHtml(buildReport(withForeign(make(), () => 'calm'))));
      for (const text of Object.values(nasty)) {
        const { names, tried } = await elementsIn(renderHtml(buildReport(withForeign(make(), () => text))));
        expect(names.filter((name) => !plain.names.includes(name))).toEqual([]);
        expect(tried).toEqual([]);
      }
    }
  });

  it('shows closed evidence on paper too', async () => {
    const checks = [checkOf({ evidence: evidenceOf({ asked: 'only in the details' }) })];
    const { page } = await show(renderHtml(buildReport(finishedAs('live', { checks }))));
    const isSeen = () =>
      page
        .getByText('only in the details')
        .evaluate((one) => one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }));
    expect(await isSeen()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await isSeen()).toBe(true);
    await page.close();
  });

  it('is no wider than the window of a phone', async () => {
    const { page } = await show(renderHtml(buildReport(finishedAs('rolled-back'))));
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.close();
  });
});
