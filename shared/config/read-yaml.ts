import { isAlias, isMap, isScalar, isSeq, parseDocument, type ErrorCode, type ParsedNode } from 'yaml';
import { pathInWords, type Path, type Position, type Problem } from './problems.ts';
import type { Tree } from './tree.ts';

const maximumBytes = 256 * 1024;
const maximumDepth = 32;
const maximumSyntaxProblems = 20;

/**
 * YAML text → values with positions. Takes what JSON could say too: one document of maps with plain keys, lists, text,
 * numbers, booleans and null. Refuses aliases and merge keys (a few lines of them stand for gigabytes, and environments
 * do their work), unknown tags, keys set twice, more than 256 KiB, nesting deeper than 32. Never throws.
 *
 * Messages of syntax errors do not quote the text around them: it may be a secret's value.
 * @returns no tree when the syntax is broken, as everything after that would be guessing
 */
export function readYaml(text: string, file: string): { tree?: Tree; problems: Problem[] } {
  const start = { line: 1, column: 1 };
  const problems: Problem[] = [];
  const report = (at: Position, path: Path, message: string): void => {
    const words = pathInWords(path);
    problems.push({ file, ...at, path: words, message: words === '' ? message : `${words}: ${message}` });
  };

  const bytes = Buffer.byteLength(text);
  if (bytes > maximumBytes) {
    report(start, [], `the file has ${bytes} bytes — expected at most ${maximumBytes}`);
    return { problems };
  }

  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  // The parser's own LineCounter misses line ends inside a scalar that stands where none may be.
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const position = (offset: number): Position => {
    const line = lastNotAfter(lineStarts, offset);
    return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 };
  };
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    for (const error of errors.slice(0, maximumSyntaxProblems)) {
      report(position(error.pos[0]), [], `not valid YAML: ${syntaxProblems[error.code]}`);
    }
    return { problems };
  }

  const at = (node: ParsedNode): Position => position(node.range[0]);

  function read(node: ParsedNode | null, path: Path, key: Position): Tree {
    if (node === null) return { kind: 'scalar', value: null, path, key, at: key };
    const origin = { path, key, at: at(node) };
    const nothing: Tree = { kind: 'scalar', value: null, ...origin };
    if (path.length > maximumDepth) {
      report(origin.at, path.slice(0, 3), `nested too deeply — expected at most ${maximumDepth} levels`);
      return nothing;
    }
    if (isMap(node)) return { kind: 'map', entries: readEntries(node, path), ...origin };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => read(item, [...path, index], at(item)));
      return { kind: 'list', items, ...origin };
    }
    if (isAlias(node)) {
      report(origin.at, path, 'an alias (*) — expected the value itself');
      return nothing;
    }
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
    ) {
      return { kind: 'scalar', value, ...origin };
    }
    report(
      origin.at,
      path,
      'an unsupported kind of value — expected text, a number, true, false, a list or a map',
    );
    return nothing;
  }

  function readEntries(
    map: ParsedNode & { items: { key: ParsedNode; value: ParsedNode | null }[] },
    path: Path,
  ) {
    const entries = new Map<string, Tree>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? keyText(key.value) : undefined;
      if (name === undefined) {
        report(at(key), path, 'a key that is empty or not a word — expected a plain key');
      } else if (name === '<<') {
        report(at(key), path, 'a merge key (<<) — expected the keys themselves');
      } else if (name === '__proto__') {
        report(at(key), [...path, name], 'not allowed as a key — expected another name');
      } else {
        const first = entries.get(name);
        if (first === undefined) entries.set(name, read(value, [...path, name], at(key)));
        else report(at(key), [...path, name], `set again — expected once, and line ${first.key.line} has it`);
      }
    }
    return entries;
  }

  const tree = read(document.contents, [], start);
  return { tree, problems };
}

/** A key as text, as JSON would have it. */
function keyText(key: unknown): string | undefined {
  return typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean'
    ? String(key)
    : undefined;
}

/** Our own words for each kind of syntax error: the parser's quote the text around it. */
const syntaxProblems: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'an alias (*) with an anchor or tag — expected the value itself',
  BAD_ALIAS:
    'a name of an anchor or alias that is empty or ends in ":" — expected the value itself, in quotes if it starts with & or *',
  BAD_COLLECTION_TYPE: 'a tag that does not fit its list or map — expected no tag',
  BAD_DIRECTIVE: 'an unknown directive — expected no line that starts with %',
  BAD_DQ_ESCAPE:
    'an escape that YAML does not know — expected one such as \\n or \\", or single quotes around the text',
  BAD_INDENT: 'wrong indentation — expected keys of one map to start in one column',
  BAD_PROP_ORDER: 'an anchor or tag before the indicator — expected none',
  BAD_SCALAR_START: 'text that starts with a reserved character — expected it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a map on the line of another key — expected it indented on the next line, or quotes around text with ": "',
  BLOCK_IN_FLOW: 'an indented list or map inside [] or {} — expected one form or the other',
  DUPLICATE_KEY: 'a key set twice — expected it once',
  IMPOSSIBLE: 'something the parser cannot read — expected YAML',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters — expected a shorter one',
  MISSING_CHAR: 'a missing character — expected a closing quote or bracket, a comma or ": " here',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines — expected "key: value" on one line',
  MULTIPLE_ANCHORS: 'several anchors on one value — expected none',
  MULTIPLE_DOCS: 'a second document (---) — expected one document',
  MULTIPLE_TAGS: 'several tags on one value — expected none',
  NON_STRING_KEY: 'a key that is not a word — expected a plain key',
  RESOURCE_EXHAUSTION: 'too many nested values — expected fewer levels',
  TAB_AS_INDENT: 'a tab as indentation — expected spaces',
  TAG_RESOLVE_FAILED: 'an unknown tag — expected none; text that starts with ! needs quotes',
  UNEXPECTED_TOKEN: 'something unexpected — expected a key, a value or the end of the line',
};

/** Index of the last number that is not above `limit`, by halving: a large file asks for tens of thousands of positions. */
function lastNotAfter(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((ascending[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
