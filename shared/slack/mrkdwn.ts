import { cutEnd, oneLine } from '#shared/report/text.ts';
import { utc } from '#shared/report/words.ts';
import { escapeText } from './escape.ts';

/** Foreign text on one line, cut before it is escaped, so that no escape is cut. */
export const foreign = (text: string, max = 300): string => escapeText(cutEnd(oneLine(text), max));

/** Shown as it is. Slack knows no way to write a backtick inside, so that one becomes a quote. */
export const code = (text: string, max = 300): string => `\`${foreign(text.replaceAll('`', "'"), max)}\``;

export const preformatted = (text: string): string =>
  `\`\`\`${escapeText(cutEnd(text.replaceAll('`', "'"), 2500))}\`\`\``;

/** Lines as they are, each for itself; the oldest go when there are too many for a section. */
export function preformattedTail(lines: readonly string[]): string {
  const kept = lines.map((line) => foreign(line.replaceAll('`', "'"), 300));
  while (kept.length > 1 && kept.join('\n').length > 2500) kept.shift();
  return `\`\`\`${kept.join('\n')}\`\`\``;
}

/** A bar ends the address. @param url http or https, as the schema of a change holds it */
export const link = (url: string, label: string): string =>
  `<${escapeText(new URL(url).href).replaceAll('|', '%7C')}|${foreign(label.replaceAll('|', '¦'))}>`;

/** In the reader's own time zone; UTC where Slack cannot say it so. */
export const time = (iso: string): string =>
  `<!date^${Math.floor(Date.parse(iso) / 1000)}^{date_short_pretty} {time_secs}|${utc(iso)}>`;

/** At most `max`. Cuts neither a character nor an escape nor a `<…>`, of which a half would be read as something else. */
export function cutMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = text
    .slice(0, max - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .replace(/<[^>]*$/, '')
    .replace(/&[a-z]*$/, '');
  return `${head}…`;
}
