import type { Path, Position } from './problems.ts';

/**
 * The file's values, each of which knows where it stands. An overlay keeps the nodes it is made of, so a problem of a
 * merged configuration leads back to the line it came from.
 */
export type Tree = Origin &
  (
    | { kind: 'map'; entries: ReadonlyMap<string, Tree> }
    | { kind: 'list'; items: readonly Tree[] }
    | { kind: 'scalar'; value: string | number | boolean | null }
  );

/** Where a node stands in the file. */
interface Origin {
  path: Path;
  /** Of its key; of a list's item, the item. */
  key: Position;
  /** Of the value itself. */
  at: Position;
}

/** Maps are merged key by key; lists and scalars replace what is below. A merged map stands where `below` stands. */
export function overlay(below: Tree, above: Tree): Tree {
  if (below.kind !== 'map' || above.kind !== 'map') return above;
  const entries = new Map(below.entries);
  for (const [key, value] of above.entries) {
    const covered = entries.get(key);
    entries.set(key, covered === undefined ? value : overlay(covered, value));
  }
  return { ...below, entries };
}

/** The plain value, as a schema reads it. */
export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toValue);
  return Object.fromEntries([...tree.entries].map(([key, value]) => [key, toValue(value)]));
}

/** Follows a path as far as it exists; `missing` is the rest of it. */
export function locate(tree: Tree, path: Path): { node: Tree; missing: Path } {
  const [step, ...rest] = path;
  if (step === undefined) return { node: tree, missing: [] };
  const child =
    tree.kind === 'map'
      ? tree.entries.get(String(step))
      : tree.kind === 'list'
        ? tree.items[Number(step)]
        : undefined;
  return child === undefined ? { node: tree, missing: path } : locate(child, rest);
}
