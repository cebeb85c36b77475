import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { messageOf } from '#shared/errors.ts';
import {
  WorkflowSourceError,
  type Limits,
  type Position,
  type SourceProblem,
} from '#local/workflows/program.ts';
import { hasStandIns, masked, onOneLine, unmasked } from '#local/workflows/yaml-text.ts';

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

/** Deeper than anything one writes; what reads and runs a source goes down its levels by recursion. */
const deepest = 100;

/**
 * Reads YAML 1.2 (JSON is part of it) and what yaml-text.ts adds. An alias stands for a copy of its anchor's value (that
 * Google allows them is unverified). Own tags, duplicate keys and the merge
 * key of YAML 1.1 (that Google reads it is unverified) are refused.
 * @throws WorkflowSourceError with every syntax problem
 */
export function readSource(text: string, limits: Limits): SourceNode {
  const start = { line: 1, column: 1 };
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.sourceBytes) {
    throw sourceError(`the source has ${bytes} bytes, the limit is ${limits.sourceBytes}`, start);
  }
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  const mask = !hasStandIns(text);
  const document = documentOf(text, mask);
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: SourceProblem[] = [...document.errors, ...document.warnings].map((problem) => ({
    message:
      problem.code === 'MULTIPLE_DOCS' ? 'the source has more than one YAML document' : problem.message,
    position: positionAt(problem.pos[0]),
  }));
  const expanded = { nodes: 0 };

  function read(node: unknown, parent: Position, depth: number): SourceNode {
    const range = (node as { range?: readonly number[] | null } | null)?.range;
    const position = range?.[0] === undefined ? parent : positionAt(range[0]);
    const nothing = { kind: 'scalar' as const, value: null, position };
    // An alias of an alias of an alias … grows without end.
    expanded.nodes += 1;
    if (depth > deepest || expanded.nodes > limits.sourceBytes) {
      throw sourceError(`the source is nested deeper than ${deepest} levels or too large`, position);
    }
    if (isAlias(node)) {
      const anchored = node.resolve(document);
      if (anchored) return read(anchored, parent, depth + 1);
      problems.push({ message: `the alias '${node.source}' has no anchor before it`, position });
      return nothing;
    }
    if (isSeq(node)) {
      return { kind: 'list', items: node.items.map((item) => read(item, position, depth + 1)), position };
    }
    if (isMap(node)) {
      const entries = node.items.map((pair): SourceEntry => {
        const key = read(pair.key, position, depth + 1);
        const value = read(pair.value, key.position, depth + 1);
        if (isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.value === '<<') {
          const message = "the merge key '<<' is not part of YAML 1.2: write out what it would merge";
          problems.push({ message, position: key.position });
        }
        if (key.kind === 'scalar') return { key: String(key.value), position: key.position, value };
        problems.push({ message: 'a map key must be a string', position: key.position });
        return { key: '', position: key.position, value };
      });
      return { kind: 'map', entries, position };
    }
    const value: unknown = isScalar(node) ? node.value : node;
    if (value === null || ['boolean', 'bigint', 'number', 'string'].includes(typeof value)) {
      const scalar = mask && typeof value === 'string' ? unmasked(value) : value;
      return { kind: 'scalar', value: scalar as null | boolean | bigint | number | string, position };
    }
    problems.push({
      message: 'this YAML node is not a string, number, boolean, null, list or map',
      position,
    });
    return nothing;
  }

  const root = read(document.contents, start, 0);
  if (problems.length > 0) throw new WorkflowSourceError(problems);
  return root;
}

type Document = ReturnType<typeof parseDocument>;

function documentOf(text: string, mask: boolean): Document {
  const parse = (yaml: string): Document => parseDocument(yaml, { intAsBigInt: true, prettyErrors: false });
  try {
    if (!mask) return parse(text);
    const yaml = masked(text);
    const document = parse(yaml);
    const flat = document.errors.length === 0 ? undefined : onOneLine(yaml);
    const other = flat === undefined ? document : parse(flat);
    return other.errors.length === 0 ? other : document;
  } catch (error) {
    // The YAML reader goes down by recursion, too, and stumbles over some malformed input.
    throw sourceError(`the source cannot be read: ${messageOf(error)}`, { line: 1, column: 1 });
  }
}

function sourceError(message: string, position: Position): WorkflowSourceError {
  return new WorkflowSourceError([{ message, position }]);
}
