import { z } from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { MutableService } from './messages.ts';

/**
 * Which fields of the stored service an update replaces: those the mask names (snake_case or camelCase, nested ones with
 * dots), or every field a client may write when there is no mask or it is `*` (that an absent mask replaces all is
 * unverified). A named field that is absent in the update is cleared.
 * @throws GoogleError INVALID_ARGUMENT for a path that is not a field a client may write, or that goes into a list or map
 */
export function mergeMasked(
  stored: MutableService,
  given: MutableService,
  mask: string | null,
): MutableService {
  const paths = (mask ?? '')
    .split(',')
    .map((path) => path.trim().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .filter((path) => path !== '');
  if (paths.length === 0 || paths.includes('*')) return pickMutable(given);
  const merged: Record<string, unknown> = structuredClone(pickMutable(stored));
  for (const path of paths) {
    const keys = path.split('.');
    checkPath(path, keys);
    assign(merged, keys, read(given, keys));
  }
  return merged;
}

/** The part of a service that a client writes. */
export function pickMutable(service: MutableService): MutableService {
  const known = Object.keys(MutableService.shape);
  return Object.fromEntries(Object.entries(service).filter(([key]) => known.includes(key)));
}

function checkPath(path: string, keys: string[]): void {
  let schema: unknown = MutableService;
  for (const key of keys) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
    schema = schema instanceof z.ZodObject ? (schema.shape as Record<string, unknown>)[key] : undefined;
    if (schema === undefined) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `update_mask: "${path}" is not a field of Service that can be updated`,
      );
    }
  }
}

function read(from: unknown, keys: string[]): unknown {
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
    from,
  );
}

function assign(into: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (key === undefined) return;
  if (rest.length > 0) {
    const inner = { ...(into[key] as Record<string, unknown> | undefined) };
    assign(inner, rest, value);
    into[key] = inner;
  } else if (value === undefined) {
    delete into[key];
  } else {
    into[key] = value;
  }
}
