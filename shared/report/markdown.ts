import type { Check } from '#shared/domain/check.ts';
import type { Block, Piece, Text } from './content.ts';
import type { Report } from './document.ts';
import { cell, code, fenced, prose } from './markdown-escape.ts';
import { headOf, sectionsOf } from './sections.ts';
import { oneLine } from './text.ts';
import { durationInWords, markOf, outcomeInWords, phaseInWords, suiteInWords, utc } from './words.ts';

/**
 * The report in GitHub-flavoured Markdown, readable as plain text too.
 * @param page where the same is as a page: an address, or the command that shows it
 */
export function renderMarkdown(report: Report, page?: { url: string } | { command: string }): string {
  const { headline, deploymentId, revision, request } = report;
  const parts = [
    `# ${prose(headline)}`,
    ...headOf(report).map(blockIn),
    ...sectionsOf(report).flatMap(({ title, blocks }) => [`## ${title}`, ...blocks.map(blockIn)]),
    `Deployment ${code(deploymentId)}, record revision ${revision}, request ${code(request.id)}. Times are UTC.${pageIn(page)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function pageIn(page: { url: string } | { command: string } | undefined): string {
  if (page === undefined) return '';
  return 'url' in page ? ` As a page: <${new URL(page.url).href}>` : ` As a page: ${code(page.command)}`;
}

function blockIn(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return textIn(block.text);
    case 'list':
      return block.items.map((item) => `- ${textIn(item)}`).join('\n');
    case 'facts':
      if (block.rows.length === 0) return '';
      return table(
        ['', ''],
        block.rows.map(({ name, value }) => [name, textIn(value)]),
      );
    case 'table':
      return table(
        block.head,
        block.rows.map((row) => row.map(textIn)),
      );
    case 'lines':
      return fenced(block.text.split('\n').map(oneLine).join('\n'), block.language).join('\n');
    case 'suite':
      return [
        `### ${prose(suiteInWords(block.suite))}`,
        table(
          ['', 'Check', 'Observed', 'Expected', 'When', 'Source'],
          block.suite.rounds.flatMap(({ checks }) => checks.map(checkRow)),
        ),
      ].join('\n\n');
    case 'figure':
      return '';
  }
}

const textIn = (text: Text): string => text.map(pieceIn).join('');

function pieceIn(piece: Piece): string {
  switch (piece.kind) {
    case 'plain':
      return piece.text;
    case 'strong':
      return `**${piece.text}**`;
    case 'words':
      return prose(piece.text);
    case 'code':
      return code(piece.text);
    case 'link':
      return `<${piece.url}>`;
  }
}

const table = (head: readonly string[], rows: readonly string[][]): string =>
  [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

function checkRow(check: Check): string[] {
  const title = `${prose(check.title)}${check.severity === 'advisory' ? ' (advisory)' : ''}`;
  const mark = `${markOf(check.outcome)} ${outcomeInWords(check.outcome)}`;
  const when = prose(phaseInWords(check.phase));
  if (check.outcome === 'not-run') return [mark, title, `Not run: ${prose(check.reason)}`, '', when, ''];
  const { observed, expected, at, durationMs, source } = check.evidence;
  const took = durationMs === undefined ? '' : `, ${durationInWords(durationMs)}`;
  return [mark, title, code(observed), code(expected), `${when}, ${utc(at)}${took}`, code(source)];
}
