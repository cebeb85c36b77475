import { describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport } from '#shared/report/report.ts';
import { renderTerminal } from '#shared/report/terminal.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import { finishedAs } from '#test/support/outcomes.ts';

/** The cause of a failure in everything that people read: what it was, what to do, what the container wrote. */
const sentence = 'The container ended with exit code 1 before it was ready.';
const nextStep = 'Read the log of the revision.';
const command = ['gcloud', 'logging', 'read', 'resource.type="cloud_run_revision"', '--limit', '50'];
const line = `gcloud logging read 'resource.type="cloud_run_revision"' --limit 50`;

const failedWith = (more: Partial<NonNullable<Deployment['failure']>> = {}): Deployment => {
  const { failure } = finishedAs('failed');
  const cause = { class: 'does-not-start' as const, sentence, nextStep, command };
  const lastLines = ['cannot read `its` configuration', 'Container called exit(1).'];
  return finishedAs('failed', { failure: { ...failure!, cause, lastLines, ...more } });
};
/** The parts that stand in the text, each after the one before. */
function foundIn(text: string, parts: string[]): string[] {
  let from = 0;
  return parts.filter((part) => {
    const at = text.indexOf(part, from);
    if (at >= 0) from = at + part.length;
    return at >= 0;
  });
}

describe('the cause of a failure', () => {
  it('is in the JSON report, its command as a line and as arguments', () => {
    expect(buildReport(failedWith()).failure).toMatchObject({
      cause: { class: 'does-not-start', sentence, nextStep, command: { line, arguments: command } },
      lastLines: ['cannot read `its` configuration', 'Container called exit(1).'],
    });
  });

  it('opens what failed in Markdown, with the command to paste, and the lines close it', () => {
    const parts = [
      '## What failed\n\n**Cause** (does-not-start): The container ended',
      `**Next step:** ${nextStep}`,
      `\n\`\`\`sh\n${line}\n\`\`\`\n`,
      'validate (rejected): Answers: status 500',
      'The container wrote last (secrets redacted):',
      '\n```text\ncannot read `its` configuration\nContainer called exit(1).\n```\n',
    ];
    expect(foundIn(renderMarkdown(buildReport(failedWith())), parts)).toEqual(parts);
  });

  it('opens what failed in the terminal, with the command to paste, and the lines close it', () => {
    const parts = [
      `✗ does-not-start: ${sentence}`,
      `Next: ${nextStep}`,
      `\n\n${line}\n\n`,
      ' validate: Answers: status 500',
      '│ cannot read `its` configuration\n  │ Container called exit(1).',
    ];
    expect(foundIn(renderTerminal(buildReport(failedWith()), { color: false, width: 100 }), parts)).toEqual(
      parts,
    );
  });

  it('is the first failing sentence of the root message, in its blocks and in its text', () => {
    const { text, blocks } = rootMessage(failedWith(), 0);
    expect(text).toMatch(/Failed in validate: The container ended with exit code 1 before it was ready\.$/);
    expect(JSON.stringify(blocks)).toContain(`Failed in validate: ${sentence}`);
  });

  it('opens the thread, with next step, command and lines', () => {
    const [evidence] = threadMessages(failedWith());
    expect(evidence?.text).toContain(`${sentence} ${nextStep}`);
    const shown = evidence?.blocks.map((block) => (block as { text: { text: string } }).text.text).join('\n');
    const parts = [
      '*Cause* (does-not-start), ',
      sentence,
      `*Next step:* ${nextStep}`,
      `\`\`\`${line}\`\`\``,
      "```cannot read 'its' configuration\nContainer called exit(1).```",
      '*What ended it*',
    ];
    expect(foundIn(shown ?? '', parts)).toEqual(parts);
  });

  it('keeps the newest lines and the end of its block in Slack when there are too many', () => {
    const lastLines = Array.from({ length: 15 }, (_, index) => `${index} ${'&'.repeat(290)}`);
    const [evidence] = threadMessages(failedWith({ lastLines }));
    const blocks = (evidence?.blocks ?? []) as { text: { text: string } }[];
    const shown = blocks.find(({ text }) => text.text.includes('wrote last'))?.text.text;
    expect(shown).toMatch(/14 (&amp;)+```$/);
    expect(shown?.length).toBeLessThanOrEqual(3000);
  });

  it('shows no command that holds what cannot be seen', () => {
    const cause = { class: 'image' as const, sentence, nextStep, command: ['gcloud', 'x\u202Ey'] };
    expect(buildReport(failedWith({ cause })).failure?.cause?.command).toBeNull();
  });

  it('is missing where a person said stop, and then nothing is made up', () => {
    const { failure } = buildReport(finishedAs('cancelled'));
    expect(failure).toMatchObject({ cause: null, lastLines: [] });
    expect(renderMarkdown(buildReport(finishedAs('cancelled')))).not.toContain('Cause');
  });
});
