/**
 * `v*` matches `v1.2`; without `*` the tag must be the very same. Each part between stars is taken at its first place,
 * which is enough and needs no second look: a regular expression would take minutes over a pattern of many stars.
 */
export function matchesTag(pattern: string, tag: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === tag;
  if (!tag.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = tag.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return tag.length - last.length >= at && tag.endsWith(last);
}
