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
  it.each(['rollback-failed'])(
    'of one that is %s has no element, no attribute and no request more, whatever its texts are',
    async (stage) => {
      const { page, tried } = await show('');
      const elements = async (text: string): Promise<string[]> => {
        await page.setContent(renderHtml(buildReport(withForeign(stages[stage]!(), () => text))));
        const all = await page
          .locator('*')
          .evaluateAll((found) =>
            found.map((one) => [one.tagName, ...one.getAttributeNames()].join(' ').toLowerCase()),
          );
        return [...new Set(all)];
      };
      const plain = await elements('calm');
      expect(plain.length).toBeGreaterThan(30);
      // Shortened: a browser without fonts for them needs minutes to lay out thousands of wide characters.
      for (const text of Object.values(nasty).map((whole) => whole.slice(0, 200)))
        expect((await elements(text)).filter((one) => !plain.includes(one))).toEqual([]);
      expect(tried).toEqual([]);
      await page.close();
    },
  );

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
    expect(await page.locator('html').evaluate((one) => one.scrollWidth)).toBeLessThanOrEqual(390);
    await page.close();
  });
});
