import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { limits, WorkflowSourceError, type Position, type SourceProblem } from '#local/workflows/program.ts';

/** YAML or JSON with the place of every part; map keys are strings. */
export type SourceNode = { position: Position } & (
  | { kind: 'scalar'; value: null | boolean | bigint | number | string }
  | { kind: 'list'; items: readonly SourceNode[] }
  | { kind: 'map'; entries: readonly SourceEntry[] }
);

export interface SourceEntry {
  key: string;
  position: Position;
  value: SourceNode;
}

/**
 * Reads YAML 1.2 (JSON is part of it). Anchors, tags and duplicate keys are refused.
 * @throws WorkflowSourceError with every syntax problem
 */
export function readSource(text: string): SourceNode {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.sourceBytes) {
    const message = `the source has ${bytes} bytes, the limit is ${limits.sourceBytes}`;
    throw new WorkflowSourceError([{ message, position: { line: 1, column: 1 } }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { intAsBigInt: true, lineCounter: lines, prettyErrors: false });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: SourceProblem[] = [...document.errors, ...document.warnings].map((problem) => ({
    message: problem.message,
    position: positionAt(problem.pos[0]),
  }));

  function read(node: unknown, parent: Position): SourceNode {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    const position = range?.[0] === undefined ? parent : positionAt(range[0]);
    if (node === null) return { kind: 'scalar', value: null, position };
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => read(item, position)), position };
    if (isMap(node)) {
      const entries = node.items.map((pair): SourceEntry => {
        const key = read(pair.key, position);
        if (key.kind === 'scalar') {
          return { key: String(key.value), position: key.position, value: read(pair.value, key.position) };
        }
        problems.push({ message: 'a map key must be a string', position: key.position });
        return { key: '', position: key.position, value: read(pair.value, key.position) };
      });
      return { kind: 'map', entries, position };
    }
    if (isScalar(node)) {
      const value: unknown = node.value;
      const known = value === null || ['boolean', 'bigint', 'number', 'string'].includes(typeof value);
      if (known)
        return { kind: 'scalar', value: value as null | boolean | bigint | number | string, position };
    }
    const what = isAlias(node) ? 'YAML aliases are' : 'this YAML node is';
    problems.push({ message: `${what} not supported by the local runtime`, position });
    return { kind: 'scalar', value: null, position };
  }

  const root = read(document.contents, { line: 1, column: 1 });
  if (problems.length > 0) throw new WorkflowSourceError(problems);
  return root;
}
