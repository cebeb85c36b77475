import type { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';

/** Google's JSON rules at the edge: proto3 defaults, unknown names, enum numbers. */

/** Fields that are maps: a key in them is the user's own, an empty value is a value. */
const mapFields = new Set(['labels', 'annotations', 'limits', 'environmentVariables']);
/** `optional` in proto3: zero is not the same as absent. */
const explicitFields = new Set(['manualInstanceCount', 'maxRetries', 'gpuZonalRedundancyDisabled']);

/**
 * Reads a message. Values that proto3 does not tell from absent ones ('', 0, false, null, empty lists) are dropped, so
 * that a template read by a client and sent back with its defaults filled in equals the stored one.
 * @param root what the message is called in the request, for Google's error text: `service`
 * @throws GoogleError INVALID_ARGUMENT naming every field that is wrong
 */
export function readMessage<Schema extends z.ZodType>(
  schema: Schema,
  root: string,
  json: unknown,
): z.output<Schema> {
  // As it came first, so that an unknown name is seen whatever its value.
  const result = schema.safeParse(canonical(json, isNull));
  if (result.success) return schema.parse(canonical(json, isDefault));
  const violations = result.error.issues.flatMap((issue) => {
    const field = issue.path.reduce<string>(
      (path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${String(key)}`),
      root,
    );
    if (issue.code !== 'unrecognized_keys') {
      return [{ field, description: `Invalid value at '${field}': ${issue.message}` }];
    }
    return issue.keys.map((key) => ({
      field,
      description: `Invalid JSON payload received. Unknown name "${key}" at '${field}': Cannot find field.`,
    }));
  });
  throw new GoogleError('INVALID_ARGUMENT', violations.map((one) => one.description).join('\n'), [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations },
  ]);
}

/** True when the caller asked for `$alt=json;enum-encoding=int`, as the official clients do in REST mode. */
export function wantsEnumNumbers(url: URL): boolean {
  return (url.searchParams.get('$alt') ?? url.searchParams.get('alt') ?? '').includes('enum-encoding=int');
}

function canonical(value: unknown, isDropped: (field: unknown) => boolean): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      if (isNull(field)) return [];
      if (explicitFields.has(key)) return [[key, field]];
      if (mapFields.has(key)) return isObject(field) && Object.keys(field).length === 0 ? [] : [[key, field]];
      if (isDropped(field)) return [];
      if (!Array.isArray(field)) return [[key, canonical(field, isDropped)]];
      return [[key, field.map((item) => canonical(item, isDropped))]];
    }),
  );
}

function isNull(field: unknown): boolean {
  return field === null || field === undefined;
}

function isDefault(field: unknown): boolean {
  return field === '' || field === 0 || field === false || (Array.isArray(field) && field.length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
