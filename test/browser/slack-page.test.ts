import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { chromium, type Browser, type Page } from 'playwright-core';
import { openTestStack } from '#test/support/stack.ts';
import { button, channel, openSlackWithApp, row, section } from '#test/local/slack/with-app.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const isThere = existsSync(executablePath);
if (!isThere) console.warn(`The Slack page is not tested: there is no ${executablePath} (CHROMIUM_PATH)`);

describe.skipIf(!isThere)('the page of the local Slack', () => {
  let browser: Browser;
  beforeAll(async () => {
    // The page is our own; a container often lets nobody make the sandbox's namespaces.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** The page of a Slack, with everything that goes wrong in it. */
  async function open(given?: Awaited<ReturnType<typeof openSlackWithApp>>, options = {}) {
    const opened = given ?? (await openSlackWithApp());
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(5000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== opened.origin) problems.push(`elsewhere: ${request.url()}`);
    });
    await page.goto(opened.slack.pageUrl());
    await page.getByRole('option', { name: 'ana' }).waitFor({ state: 'attached' });
    return { ...opened, page, problems };
  }
  const become = (page: Page, name: string) => page.getByLabel('You are').selectOption(name);
  const type = async (page: Page, line: string) => {
    await page.getByLabel('Slash command').fill(line);
    await page.keyboard.press('Enter');
  };
  const item = (page: Page, ts: string) => page.locator(`[data-ts="${ts}"]`);

  it('shows a message as soon as it is posted, and its edits in place', async () => {
    const { page, post, client, problems } = await open();
    const ts = await post({ text: 'x', blocks: [section('*Deploying* `v1`')] });
    await item(page, ts).getByText('Deploying v1').waitFor();
    const reply = await post({ text: 'a detail', thread_ts: ts });
    await page.getByText('1 reply').click();
    const other = await post({ text: 'another message' });
    await item(page, other).waitFor();

    await client.chat.update({ channel, ts, text: 'x', blocks: [section('*Deployed* `v1`')] });
    await item(page, ts).getByText('Deployed v1').waitFor();
    // The open thread stayed open, and the order as it was.
    expect(await item(page, reply).isVisible()).toBe(true);
    expect(
      await page.locator('#messages > li').evaluateAll((all) => all.map((one) => one.dataset['ts'])),
    ).toEqual([ts, other]);
    expect(problems).toEqual([]);
  });

  it('asks before a button with a confirmation acts, and sends the press signed', async () => {
    const { page, post, app, problems } = await open();
    const confirm = {
      title: { type: 'plain_text', text: 'Roll back?' },
      text: { type: 'mrkdwn', text: '`v2` → `v1`' },
      confirm: { type: 'plain_text', text: 'Roll Back' },
      deny: { type: 'plain_text', text: 'Go Back' },
    };
    await post({
      text: 'x',
      blocks: [row(button('Undo', 'roll-back', { style: 'danger', confirm }), button('Look', 'look'))],
    });

    // By keyboard alone: the way back, which is where the focus is first, then the way on.
    const dialog = page.getByRole('dialog', { name: 'Roll back?' });
    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    expect(await dialog.textContent()).toContain('v2 → v1');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect(app.requests).toEqual([]);

    await page.getByRole('button', { name: 'Undo' }).click();
    await dialog.getByRole('button', { name: 'Roll Back' }).click();
    await expect
      .poll(() => app.requests)
      .toMatchObject([
        { isSigned: true, payload: { user: { id: 'U0ANA' }, actions: [{ action_id: 'roll-back' }] } },
      ]);
    await page.getByRole('button', { name: 'Look' }).click();
    await expect
      .poll(() => app.requests)
      .toMatchObject([{}, { payload: { actions: [{ action_id: 'look' }] } }]);
    expect(problems).toEqual([]);
  });

  it('takes slash commands, and shows the answer to the person who gave them only', async () => {
    const opened = await open();
    const { page, app, problems } = opened;
    const { page: lees } = await open(opened);
    await become(lees, 'lee');
    app.answer = () => ({ body: { text: 'Accepted' } });
    await type(page, '/deploy status');
    await page.getByText('Only visible to you').waitFor();
    expect(await page.getByLabel('Slash command').inputValue()).toBe('');
    expect(app.requests).toMatchObject([{ isSigned: true, form: { user_id: 'U0ANA', text: 'status' } }]);

    await opened.post({ text: 'for all' });
    await lees.getByText('for all').waitFor();
    expect(await lees.getByText('Accepted').count()).toBe(0);
    // The same browser, another person: what ana alone saw is gone.
    await become(page, 'lee');
    await page.getByText('Accepted').waitFor({ state: 'detached' });
    await type(page, '/deploy history');
    await page.getByText('Accepted').waitFor();
    expect(app.requests[1]).toMatchObject({ form: { user_id: 'U0LEE', user_name: 'lee', text: 'history' } });
    await page.reload();
    await page.getByText('Accepted').waitFor();
    expect(await page.getByLabel('You are').inputValue()).toBe('U0LEE');
    expect(problems).toEqual([]);
  });

  it('says what failed, keeps the command, and lets the weather be changed', async () => {
    const { page, app, client } = await open();
    app.answer = () => ({ status: 500 });
    await type(page, '/deploy status');
    await page.getByRole('alert').getByText('/deploy failed with the error "dispatch_failed"').waitFor();
    expect(await page.getByLabel('Slash command').inputValue()).toBe('/deploy status');
    await page.getByLabel('Weather').selectOption('down');
    await expect.poll(() => client.auth.test().catch(String)).toContain('503');
    await page.getByLabel('Weather').selectOption('channel archived');
    await page.getByRole('option', { name: '#deployments (archived)' }).waitFor({ state: 'attached' });
  });

  it('shows hostile text as text, and links only where they may lead', async () => {
    const { page, post, problems } = await open();
    const hostile =
      '<img src=x onerror=alert(1)> <script>alert(1)</script> <javascript:alert(1)|click> *</b>*';
    const escaped = '&lt;img src=x onerror=alert(1)&gt; &amp;lt;b&amp;gt; &lt;!channel&gt;';
    const ts = await post({
      text: 'x',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: escaped } },
        section(escaped),
        section(hostile),
        {
          type: 'table',
          rows: [[{ type: 'raw_text', text: hostile }], [{ type: 'raw_text', text: escaped }]],
        },
        row(button(hostile.slice(0, 70), 'go')),
      ],
    });
    const said = item(page, ts);
    await said.getByRole('heading', { name: '<img src=x onerror=alert(1)> &lt;b&gt; <!channel>' }).waitFor();
    expect(await said.locator('img, script, a').count()).toBe(0);
    expect(await said.locator('.text').nth(1).textContent()).toContain('<javascript:alert(1)|click>');
    expect(problems).toEqual([]);
  });

  it('draws every block that messages are made of', async () => {
    const { page, post, problems } = await open();
    const points = [1, 2, 4].map((value, at) => ({ label: `${at} min`, value }));
    const ts = await post({
      text: 'x',
      blocks: [
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '<@U0LEE> <!subteam^S0ONCALL> <!here> <https://example.com/a?b=1&amp;c=2|the log> <!date^1767225600^{date_num} {time_secs}|then>\n```gcloud run```',
          },
          fields: [{ type: 'mrkdwn', text: '*Took* 5 min' }],
        },
        { type: 'divider' },
        {
          type: 'plan',
          title: 'Steps',
          tasks: [
            { type: 'task_card', task_id: '1', title: 'Build', status: 'complete' },
            { type: 'task_card', task_id: '2', title: 'Validate', status: 'error' },
          ],
        },
        {
          type: 'table',
          rows: [
            ['Check', 'Seen'],
            ['Latency', '12 ms'],
          ].map((cells) => cells.map((text) => ({ type: 'raw_text', text }))),
        },
        {
          type: 'data_visualization',
          title: 'Latency',
          chart: {
            type: 'line',
            series: [
              { name: 'stable', data: points },
              { name: 'candidate', data: points },
            ],
            axis_config: { categories: points.map(({ label }) => label), y_label: 'ms' },
          },
        },
        { type: 'context', elements: [{ type: 'mrkdwn', text: 'small print' }] },
        { type: 'card', title: { type: 'mrkdwn', text: 'x' } },
      ],
    });
    const said = item(page, ts);
    await said.getByText('small print').waitFor();
    expect(await said.locator('.mention').allTextContents()).toEqual(['@lee', '@on-call', '@here']);
    expect(await said.getByRole('link', { name: 'the log' }).getAttribute('href')).toBe(
      'https://example.com/a?b=1&c=2',
    );
    expect(await said.locator('time').textContent()).toBe('2026-01-01 01:00:00');
    expect(await said.locator('pre').textContent()).toBe('gcloud run');
    expect(await said.getByRole('listitem').allTextContents()).toEqual(['✓ Build', '✗ Validate']);
    expect(await said.getByRole('img', { name: 'failed' }).isVisible()).toBe(true);
    expect(await said.getByRole('cell').first().textContent()).toBe('Latency');
    expect(await said.getByRole('img', { name: 'Latency' }).locator('path').count()).toBe(3);
    await said.getByText('Numbers').click();
    expect(await said.getByRole('table').nth(1).innerText()).toContain('2 min\t4\t4');
    expect(await said.getByText('[card is not shown here]').isVisible()).toBe(true);
    expect(problems).toEqual([]);
  });

  it('fits a phone, in the dark too, and tells of a message that was deleted', async () => {
    const opened = await openSlackWithApp();
    const ts = await opened.post({ text: `root ${'long-name-'.repeat(20)}` });
    await opened.post({ text: 'a detail', thread_ts: ts });
    const { page, slack } = await open(opened, {
      viewport: { width: 360, height: 640 },
      colorScheme: 'dark',
    });
    await item(page, ts).first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await page.getByLabel('Slash command').isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(26, 29, 33)');
    slack.deleteMessage(channel, ts);
    await page.getByText('This message was deleted.').waitFor();
    await page.getByText('1 reply').click();
    await page.getByText('a detail').waitFor();
  });

  it('shows nothing to who came without the printed address', async () => {
    const { slack, origin, post } = await openSlackWithApp();
    await post({ text: 'a secret plan' });
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(`${origin}/slack`);
    await page.getByRole('alert').getByText('Open the page with the address that was printed').waitFor();
    expect(await page.getByText('a secret plan').count()).toBe(0);
    await page.goto(slack.pageUrl());
    await page.reload();
    await page.getByText('a secret plan').waitFor();
  });

  it('reaches the functions of a whole stack, whose answer comes later', async () => {
    const test = await openTestStack();
    onTestFinished(() => test.close());
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(test.stack.slack.pageUrl());
    await page.getByRole('option', { name: 'lee' }).waitFor({ state: 'attached' });
    await become(page, 'lee');
    await type(page, '/deploy status');
    await page.getByText('There is no service yet.').waitFor();
    expect(await page.getByText('Only visible to you').count()).toBeGreaterThan(0);
    expect(test.stack.slack.messages('deployments')).toEqual([]);
    expect(test.stack.slack.seen('deployments', 'lee').at(-1)?.text).toBe('There is no service yet.');
  });
});
