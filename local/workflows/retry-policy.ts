import { defaultBackoff } from '#local/workflows/backoff.ts';
import { dottedName } from '#local/workflows/expression.ts';
import { fieldsOf } from '#local/workflows/fields.ts';
import type { RetryPolicy, Template } from '#local/workflows/program.ts';
import type { SourceNode } from '#local/workflows/source.ts';
import { PlacedError, type TemplateReader } from '#local/workflows/template.ts';
import type { Value } from '#local/workflows/values.ts';

type Backoff = Pick<RetryPolicy, 'initialDelay' | 'maxDelay' | 'multiplier'>;

const constant = (value: Value): Template => ({ kind: 'constant', value });

const standardBackoff: Backoff = {
  initialDelay: constant(BigInt(defaultBackoff.initialDelay)),
  maxDelay: constant(BigInt(defaultBackoff.maxDelay)),
  multiplier: constant(defaultBackoff.multiplier),
};

/** The ready-made policies differ in their predicates: https://docs.cloud.google.com/workflows/docs/reference/stdlib/http/default_retry */
const policies = new Map([
  ['http.default_retry', 'http.default_retry_predicate'],
  ['http.default_retry_non_idempotent', 'http.default_retry_predicate_non_idempotent'],
]);

/**
 * A `retry` block: one of the two ready-made policies, or predicate, max_retries and backoff, all three.
 * @throws PlacedError
 */
export function parseRetry(node: SourceNode, read: TemplateReader): RetryPolicy {
  if (node.kind === 'scalar') {
    const name = policies.get(nameIn(read.template(node)) ?? '');
    if (name !== undefined) {
      return {
        predicate: { name, position: node.position },
        maxRetries: constant(BigInt(defaultBackoff.maxRetries)),
        ...standardBackoff,
      };
    }
    throw new PlacedError(
      `'retry' must be a map or one of ${[...policies.keys()].map((name) => `\${${name}}`).join(', ')}`,
      node.position,
    );
  }
  const fields = fieldsOf(node, "'retry'", ['predicate', 'max_retries', 'backoff']);
  const predicate = fields.get('predicate');
  const maxRetries = fields.get('max_retries');
  const backoff = fields.get('backoff');
  if (!predicate || !maxRetries || !backoff) {
    throw new PlacedError("'retry' needs 'predicate', 'max_retries' and 'backoff'", node.position);
  }
  const name = nameIn(read.template(predicate.value));
  if (name === undefined) {
    throw new PlacedError("'predicate' must be ${the name of a function}", predicate.position);
  }
  return {
    predicate: { name, position: predicate.value.position },
    maxRetries: read.template(maxRetries.value),
    ...parseBackoff(backoff.value, read),
  };
}

function parseBackoff(node: SourceNode, read: TemplateReader): Backoff {
  if (node.kind === 'scalar') {
    if (nameIn(read.template(node)) === 'retry.default_backoff') return standardBackoff;
    throw new PlacedError("'backoff' must be a map or ${retry.default_backoff}", node.position);
  }
  const fields = fieldsOf(node, "'backoff'", ['initial_delay', 'max_delay', 'multiplier']);
  const [initialDelay, maxDelay, multiplier] = ['initial_delay', 'max_delay', 'multiplier'].map((key) => {
    const entry = fields.get(key);
    return entry && read.template(entry.value);
  });
  if (!initialDelay || !maxDelay || !multiplier) {
    throw new PlacedError("'backoff' needs 'initial_delay', 'max_delay' and 'multiplier'", node.position);
  }
  return { initialDelay, maxDelay, multiplier };
}

function nameIn(template: Template): string | undefined {
  return template.kind === 'expression' ? dottedName(template.expression) : undefined;
}
