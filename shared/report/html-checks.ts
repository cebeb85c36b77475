import type { Check, Evidence } from '#shared/domain/check.ts';
import type { Suite } from './document.ts';
import { html, nothing, table, type Markup } from './html-markup.ts';
import { durationInWords, markOf, outcomeInWords, phaseInWords, suiteInWords, utc } from './words.ts';

/** Attempts that stand in the page one by one; of more there are counts and a picture, and all are in the JSON. */
const mostAttempts = 20;

/** The checks of a suite, each with its whole evidence; what did not pass is open. */
export function suiteMarkup(suite: Suite): Markup {
  const head = ['Outcome', 'Check', 'Observed', 'Expected', 'When'].map(
    (name) => html`<th scope="col">${name}</th>`,
  );
  const rows = suite.rounds.flatMap(({ checks }) => checks.map(checkRow));
  return html`<h3>${suiteInWords(suite)}</h3>
    ${table(head, rows)}`;
}

function checkRow(check: Check): Markup {
  const title = `${check.title}${check.severity === 'advisory' ? ' (advisory)' : ''}`;
  const mark = html`<td class="mark ${check.outcome}">
    ${`${markOf(check.outcome)} ${outcomeInWords(check.outcome)}`}
  </td>`;
  const when = phaseInWords(check.phase);
  if (check.outcome === 'not-run')
    return html`<tr>
      ${mark}
      <td>${title}</td>
      <td colspan="2">Not run: ${check.reason}</td>
      <td>${when}</td>
    </tr>`;
  const { evidence } = check;
  const isOpen = check.outcome === 'pass' ? nothing : html` open="open"`;
  return html`<tr>${mark}<td><details${isOpen}><summary>${title}</summary>${evidenceTable(check, evidence)}</details></td><td><code>${evidence.observed}</code></td><td><code>${evidence.expected}</code></td><td>${when}</td></tr>`;
}

function evidenceTable(check: Check, evidence: Evidence): Markup {
  const { source, asked, at, durationMs, attempts = [], logUri } = evidence;
  const advice = check.outcome === 'fail' ? check.recommendation : undefined;
  const rows: [string, Markup][] = [
    ['Source', html`<code>${source}</code>`],
    ['Asked', html`${asked}`],
    ['At', html`${utc(at)}`],
    ...(durationMs === undefined ? [] : [row('Took', durationInWords(durationMs))]),
    ...(attempts.length === 0 ? [] : [row('Attempts', attemptsInWords(attempts))]),
    ...(logUri === undefined ? [] : [link('Log', logUri)]),
    ...(advice ? [row('Advice', `${advice.change}: found ${advice.measured}, limit ${advice.limit}`)] : []),
    ...(advice ? [row('Rule', advice.rule)] : []),
    ...(advice?.link === undefined ? [] : [link('More', advice.link)]),
  ];
  return html`<table>
    <tbody>
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const row = (name: string, text: string): [string, Markup] => [name, html`${text}`];
const link = (name: string, url: string): [string, Markup] => {
  const { href } = new URL(url);
  return [name, html`<a href="${href}" rel="noreferrer">${href}</a>`];
};

function attemptsInWords(attempts: NonNullable<Evidence['attempts']>): string {
  if (attempts.length <= mostAttempts)
    return attempts.map(({ seen, durationMs }) => `${seen} in ${durationInWords(durationMs)}`).join(' · ');
  const failed = attempts.filter(({ ok }) => !ok).length;
  return `${attempts.length}, of them ${failed} failed; all are in the JSON document`;
}
