import { z } from 'zod';
import { nearest } from './nearest.ts';
import type { Path } from './problems.ts';

/** What a schema or a rule holds against one place of a configuration, before that place is looked up in the file. */
export interface Finding {
  path: Path;
  /** `key`: the last part of the path is itself what is wrong. */
  about: 'value' | 'key' | 'unknown-key';
  /** `expected …` or `did you mean …` */
  expected: string;
}

/** Everything a schema holds against a value; none means that it is valid. */
export function findingsOf<T>(
  schema: z.ZodType<T>,
  value: unknown,
): { findings: []; data: T } | { findings: Finding[]; data?: never } {
  const parsed = schema.safeParse(value, { error: words });
  return parsed.success
    ? { findings: [], data: parsed.data }
    : { findings: parsed.error.issues.flatMap((issue) => explain(issue, [])) };
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, above: Path): Finding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const hints = issue.message.split('\n');
      return issue.keys.map((key, index) => ({
        path: [...path, key],
        about: 'unknown-key',
        expected: hints[index] ?? issue.message,
      }));
    }
    case 'invalid_key':
      return [{ path, about: 'key', expected: issue.issues.map((inner) => inner.message).join('; ') }];
    case 'invalid_union':
      // No branch was tried: what tells them apart is none of their words.
      if (issue.errors.length === 0) return [{ path, about: 'value', expected: issue.message }];
      return explainUnion(issue.errors, path);
    default:
      return [{ path, about: 'value', expected: issue.message }];
  }
}

/** Of a union's branches the one that fits the keys best; when none fits the kind of value at all, every kind is named. */
function explainUnion(branches: readonly (readonly Issue[])[], path: Path): Finding[] {
  const kinds = branches.map(([first]) =>
    first?.code === 'invalid_type' && first.path.length === 0 ? first.message : '',
  );
  if (kinds.every((kind) => kind !== '')) {
    const names = [...new Set(kinds)].map((kind, index) =>
      index === 0 ? kind : kind.replace(/^expected /, ''),
    );
    return [{ path, about: 'value', expected: names.join(' or ') }];
  }
  const strange = (branch: readonly Issue[]): number =>
    branch.reduce(
      (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length * 100 : 1),
      0,
    );
  const [best = []] = branches.toSorted((a, b) => strange(a) - strange(b));
  return best.flatMap((issue) => explain(issue, path));
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
};

/** Zod's issues in our words; a message written in the schema goes before these. One line per unknown key. */
const words: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = `expected ${kinds[issue.expected] ?? issue.expected}`;
      const unquoted = typeof issue.input === 'number' || typeof issue.input === 'boolean';
      return issue.expected === 'string' && unquoted ? `${kind}, so put it in quotes` : kind;
    }
    case 'too_small':
    case 'too_big': {
      const [bound, limit] =
        issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
      return `expected ${bound} ${limit}${units[issue.origin] ?? ''}`;
    }
    case 'invalid_format':
      return `expected ${issue.format === 'email' ? 'an e-mail address' : issue.format}`;
    case 'invalid_value': {
      const values = issue.values.map(String);
      const meant = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
      return `expected one of ${values.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    }
    case 'invalid_union': {
      if (issue.errors.length > 0) return undefined;
      const options = Array.isArray(issue.options) ? (issue.options as unknown[]) : [];
      return `expected one of ${options.filter((one) => typeof one === 'string').join(', ')}`;
    }
    case 'unrecognized_keys': {
      const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
      return issue.keys
        .map((key) => nearest(key, known))
        .map((meant) =>
          meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`,
        )
        .join('\n');
    }
    default:
      return undefined;
  }
};

const units: Record<string, string> = { array: ' in the list', string: ' characters' };
