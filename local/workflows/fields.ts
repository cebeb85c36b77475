import { reserved } from '#local/workflows/expression.ts';
import type { Name, Position } from '#local/workflows/program.ts';
import type { SourceEntry, SourceNode } from '#local/workflows/source.ts';
import { PlacedError } from '#local/workflows/template.ts';

/** Readers of source nodes that say what they wanted. All of them throw PlacedError. */

export type Fields = ReadonlyMap<string, SourceEntry>;

/** The entries of a map whose keys are all in `allowed`. */
export function fieldsOf(node: SourceNode, what: string, allowed: readonly string[]): Fields {
  const entries = entriesOf(node, what);
  for (const entry of entries) {
    if (!allowed.includes(entry.key)) {
      throw new PlacedError(
        `unexpected key '${entry.key}' in ${what}: expected ${allowed.join(', ')}`,
        entry.position,
      );
    }
  }
  return new Map(entries.map((entry) => [entry.key, entry]));
}

export function entriesOf(node: SourceNode, what: string): readonly SourceEntry[] {
  if (node.kind === 'map') return node.entries;
  throw new PlacedError(`${what} must be a map`, node.position);
}

export function itemsOf(node: SourceNode, what: string): readonly SourceNode[] {
  if (node.kind === 'list') return node.items;
  throw new PlacedError(`${what} must be a list`, node.position);
}

/** The one entry of a map such as `- name: value`. */
export function onlyEntry(node: SourceNode, what: string): SourceEntry {
  const [entry, ...more] = entriesOf(node, what);
  if (entry && more.length === 0) return entry;
  throw new PlacedError(`${what} must have exactly one key`, node.position);
}

export function stringAt(node: SourceNode, what: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  throw new PlacedError(`${what} must be a string`, node.position);
}

export function variableAt(node: SourceNode, what: string): Name {
  return { name: checkedName(stringAt(node, what), what, node.position), position: node.position };
}

/** Of a variable or workflow: a letter or underscore first, then letters, digits and underscores; no word of expressions. */
export function checkedName(name: string, what: string, position: Position): string {
  if (reserved.has(name)) {
    throw new PlacedError(`${what} '${name}' is not a valid name: expressions know it as a word`, position);
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new PlacedError(
    `${what} '${name}' is not a valid name: letters, digits and underscores only`,
    position,
  );
}
