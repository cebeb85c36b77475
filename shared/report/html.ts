import type { Outcome } from '#shared/domain/outcome.ts';
import type { Block, Piece, Text } from './content.ts';
import type { Report } from './document.ts';
import { suiteMarkup } from './html-checks.ts';
import { html, nothing, table, type Markup } from './html-markup.ts';
import { probesPlot, stepsPlot, trafficPlot } from './html-plots.ts';
import { style } from './html-style.ts';
import { headOf, sectionsOf } from './sections.ts';

/**
 * The report as one page that needs nothing else: no script, no font, no picture from elsewhere. It says what the Markdown
 * says, in the same order, with every check's whole evidence and with pictures.
 * @param jsonHref where the document is, seen from the page
 */
export function renderHtml(report: Report, jsonHref?: string): string {
  const { headline, deploymentId, revision, request, outcome } = report;
  const sections = sectionsOf(report);
  const links = sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `);
  const json = jsonHref === undefined ? nothing : html` All of it as <a href="${jsonHref}">JSON</a>.`;
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:; base-uri &#39;none&#39;; form-action &#39;none&#39;"
      />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <title>${headline}</title>
      <style>
        ${{ markup: style }}
      </style>
    </head>
    <body>
      <header class="${outcome === null ? 'open' : looks[outcome]}">
        <h1>${headline}</h1>
        ${headOf(report).map((block) => blockIn(block, report))}
      </header>
      <nav aria-label="Sections">${links}</nav>
      <main>
        ${sections.map(
          ({ id, title, blocks }) =>
            html`<section aria-labelledby="${id}">
              <h2 id="${id}">${title}</h2>
              ${blocks.map((block) => blockIn(block, report))}
            </section> `,
        )}
      </main>
      <footer>
        Deployment <code>${deploymentId}</code>, record revision ${revision}, request
        <code>${request.id}</code>. Times are UTC.${json}
      </footer>
    </body>
  </html>`;
  return `<!DOCTYPE html>\n${page.markup}\n`;
}

const looks: Record<Outcome, 'good' | 'bad' | 'open'> = {
  live: 'good',
  'live-with-recommendations': 'good',
  failed: 'bad',
  'rolled-back': 'bad',
  'rollback-failed': 'bad',
  refused: 'open',
  superseded: 'open',
  cancelled: 'open',
};

function blockIn(block: Block, report: Report): Markup {
  switch (block.kind) {
    case 'paragraph':
      return html`<p>${textIn(block.text)}</p>`;
    case 'list':
      return html`<ul>
        ${block.items.map((item) => html`<li>${textIn(item)}</li>`)}
      </ul>`;
    case 'facts': {
      const rows = block.rows.map(
        ({ name, value }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${textIn(value)}</td>
          </tr>`,
      );
      return rows.length === 0
        ? nothing
        : html`<table class="facts">
            <tbody>
              ${rows}
            </tbody>
          </table>`;
    }
    case 'table': {
      const head = block.head.map((name) => html`<th scope="col">${name}</th>`);
      const rows = block.rows.map(
        (row) =>
          html`<tr>
            ${row.map((value) => html`<td>${textIn(value)}</td>`)}
          </tr>`,
      );
      return table(head, rows);
    }
    case 'lines':
      return html`<pre>${block.text.split('\n').map((line) => html`${line} `)}</pre>`;
    case 'suite':
      return suiteMarkup(block.suite);
    case 'figure':
      return figureIn(block.figure, report);
  }
}

function figureIn(figure: Extract<Block, { kind: 'figure' }>['figure'], report: Report): Markup {
  switch (figure) {
    case 'steps':
      return stepsPlot(report);
    case 'traffic':
      return trafficPlot(report);
    case 'probes':
      return html`${probesPlot(report)}`;
  }
}

const textIn = (text: Text): Markup[] => text.map(pieceIn);

function pieceIn(piece: Piece): Markup {
  switch (piece.kind) {
    case 'plain':
      return spaced(piece.text);
    case 'words':
      return html`${piece.text}`;
    case 'strong':
      return html`<strong>${piece.text}</strong>`;
    case 'code':
      return html`<code>${piece.text}</code>`;
    case 'link':
      return html`<a href="${piece.url}" rel="noreferrer">${piece.text}</a>`;
  }
}

/** Ours, and its spaces at both ends are between two pieces. */
function spaced(text: string): Markup {
  const trimmed = text.trim();
  const inner = trimmed === '' ? nothing : html`${trimmed}`;
  return html`${{ markup: text.startsWith(' ') ? ' ' : '' }}${inner}${{ markup: text.endsWith(' ') && trimmed !== '' ? ' ' : '' }}`;
}
