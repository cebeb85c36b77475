/**
 * What Google's reader of YAML takes beyond YAML 1.2, told by Google's own samples. Characters are replaced one by one,
 * so every place in the text stays what it was.
 */

/** What YAML takes as its own inside a flow list; then what a text across lines is folded to: nothing, and a new line. */
const signs = ['{', '}', '[', ']', ',', '', '\n'];
const standIns = '\uF8F0\uF8F1\uF8F2\uF8F3\uF8F4\uF8F5\uF8F6';
const nothing = standIns.charAt(5);
const newLine = standIns.charAt(6);

/** A source with a stand-in of its own is left alone. */
export function hasStandIns(text: string): boolean {
  return /[\uF8F0-\uF8F6]/.test(text);
}

/**
 * Hides the signs of expressions on one line without escapes, so that they need no quotes in a flow list or map (Google's
 * samples have `fieldPaths: [${key}]`); those that need more need quotes, too.
 */
export function masked(text: string): string {
  return text.replaceAll(/\$\{(?:[^{}"'\n\\]|"[^"\n\\]*")*\}/g, (expression) =>
    expression.replaceAll(/[{}[\],]/g, (sign) => standIns.charAt(signs.indexOf(sign))),
  );
}

export function unmasked(text: string): string {
  return text.replaceAll(/[\uF8F0-\uF8F6]/g, (standIn) => signs[standIns.indexOf(standIn)] ?? standIn);
}

/**
 * Puts each flow collection and quoted text on one line, as their lines may be indented less than YAML 1.2 wants (Google's
 * sample parallel-summaries-connector, JSON pasted as a body). Undefined when it has no such lines, or is no YAML at all.
 */
export function onOneLine(text: string): string | undefined {
  const flat = text.split('');
  let at = 0;

  /** Folds the line breaks of a quoted text, which begins here, as YAML folds them. */
  function quoted(): void {
    const isDouble = text[at] === '"';
    const [whole = ''] = matchHere(isDouble ? /"(?:[^"\\]|\\[^])*"/y : /'(?:[^']|'')*'/y);
    for (const fold of whole.matchAll(/\r?\n(?:[ \t]*\r?\n)*[ \t]*/g)) {
      const line = at + fold.index;
      const gap = startOfRun(line, ' \t');
      const isEscape = isDouble && (gap - startOfRun(gap, '\\')) % 2 === 1;
      // The backslash is of the line break, or else of a space before it.
      const isLineEscape = isEscape && gap === line;
      const start = isLineEscape ? gap - 1 : gap + (isEscape ? 1 : 0);
      const emptyLines = fold[0].split('\n').length - (isLineEscape ? 3 : 2);
      flat.fill(nothing, start, line + fold[0].length);
      if (emptyLines === 0) flat[start] = ' ';
      else flat.fill(newLine, start, start + Math.max(emptyLines, 0));
    }
    at += Math.max(whole.length, 1);
  }

  /** Where a run of these signs that ends here begins. */
  function startOfRun(end: number, of: string): number {
    let start = end;
    while (start > 0 && of.includes(text.charAt(start - 1))) start -= 1;
    return start;
  }

  /** @returns whether it ends, and no unquoted text in it goes over lines */
  function flow(): boolean {
    let depth = 0;
    let isUnquoted = false;
    do {
      const sign = text[at] ?? '';
      if (sign === '') return false;
      const [comment = ''] = matchHere(/(?<=\s)#[^\n]*/y);
      const [gap = ''] = matchHere(/\s+/y);
      if (comment !== '') {
        flat.fill(' ', at, at + comment.length);
        at += comment.length;
      } else if (gap.includes('\n')) {
        if (isUnquoted && !/[}\],:#]/.test(text[at + gap.length] ?? '')) return false;
        flat.fill(' ', at, at + gap.length);
        at += gap.length;
      } else if (/["']/.test(sign) && !isUnquoted) {
        quoted();
      } else {
        if (gap === '') isUnquoted = !/[{}[\],:]/.test(sign);
        if (/[{[]/.test(sign)) depth += 1;
        if (/[}\]]/.test(sign)) depth -= 1;
        at += Math.max(gap.length, 1);
      }
    } while (depth > 0);
    return true;
  }

  function matchHere(pattern: RegExp): readonly (string | undefined)[] {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? [];
  }

  let indent = 0;
  while (at < text.length) {
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const [skipped] = matchHere(/\s+|-(?=\s)|#[^\n]*|[&!][^\s,[\]{}]*/y);
    const [block] = matchHere(/[|>][-+\d]*[ \t]*(?:#[^\n]*)?(?=\r?\n)/y);
    if (skipped !== undefined) {
      if (skipped === '-') indent = at - lineStart;
      at += skipped.length;
    } else if (block !== undefined) {
      at += block.length;
      const lines = new RegExp(`(?:\\r?\\n(?:[ \\t]*(?=\\r?\\n|$)| {${indent + 1},}[^\\n]*))*`, 'y');
      at += matchHere(lines)[0]?.length ?? 0;
    } else if (/[{[]/.test(text[at] ?? '')) {
      if (!flow()) return undefined;
    } else {
      // A key, or a text; behind a key comes its value.
      const start = at;
      if (/["']/.test(text[at] ?? '')) quoted();
      else at += matchHere(/(?:[^\s:]|:(?=\S)|[ \t]+(?![#\s]))+/y)[0]?.length ?? 1;
      const [colon] = matchHere(/[ \t]*:(?=\s)/y);
      if (colon !== undefined) {
        indent = start - lineStart;
        at += colon.length;
      }
    }
  }
  const result = flat.join('');
  return result === text ? undefined : result;
}
