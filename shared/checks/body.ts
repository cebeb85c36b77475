/** A field of a JSON body by its name, or with dots for what is inside; undefined when it is not there. */
export function fieldOf(body: string, field: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // A body that is not JSON has no fields.
    return undefined;
  }
  if (hasOwn(value, field)) return value[field];
  for (const part of field.split('.')) {
    if (!hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

const hasOwn = (value: unknown, name: string): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name);

/** A field as it was seen, short. */
export const seenField = (value: unknown): string =>
  value === undefined ? 'missing' : excerpt(JSON.stringify(value));

/** Is the text in the body, and not as a part of longer words? "unhealthy" does not say "healthy". */
export function says(body: string, text: string): boolean {
  const [begins, ends] = [beginsAsWord(text), endsAsWord(text)];
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + 1)) {
    const end = at + text.length;
    // Two units are enough for any character.
    const goesOn = ends && beginsAsWord(body.slice(end, end + 2));
    if (!goesOn && !(begins && endsAsWord(body.slice(Math.max(0, at - 2), at)))) return true;
  }
  return false;
}

const beginsAsWord = (text: string): boolean => /^[\p{L}\p{N}_]/u.test(text);
const endsAsWord = (text: string): boolean => /[\p{L}\p{N}_]$/u.test(text);

/** One line, short enough for a message. */
export function excerpt(text: string, characters = 80): string {
  // What is cut away is not searched for white space: it may be long.
  const line = text
    .slice(0, characters * 4)
    .replace(/\s+/g, ' ')
    .trim();
  const rest = text.length > characters * 4;
  return rest || line.length > characters ? `${line.slice(0, characters)}…` : line || '(empty)';
}
