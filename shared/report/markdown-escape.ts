import { oneLine } from './text.ts';

/**
 * Foreign text in Markdown. Escaping by backslash is not enough on GitHub: addresses and @mentions become links after the
 * Markdown was read. Nothing of that happens inside a code span, so that is where everything goes that is not calm.
 */

/** A code span, whatever the text holds. */
export function code(text: string): string {
  const line = oneLine(text);
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A shell command as a block, or lines of a log. */
export function fenced(text: string, language: 'sh' | 'text' = 'sh'): string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, text, fence];
}

const longestRun = (text: string): number =>
  Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));

/** Words as they are when no character of them means anything in Markdown, else a code span. */
export function prose(text: string): string {
  const line = oneLine(text);
  return calm.test(line) && !linked.test(line) ? line : code(line);
}

/** Starts with a letter or a digit, so that it opens no list, quote or heading. */
const calm = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,;:()%/'"×·→…–=+?-]*$/u;
/** `1.` opens a list; `www.` and `://` become links. */
const linked = /^\d+[.)]( |$)|www\.|:\/\//iu;

/** What was escaped, put into a cell of a table: there a bar ends the cell even inside a code span. */
export const cell = (markdown: string): string =>
  // A backslash before the bar would be taken for the bar's own.
  markdown.replace(/\\\|/g, '\\ |').replaceAll('|', '\\|');
