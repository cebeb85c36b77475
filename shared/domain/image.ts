/** An image reference taken apart: `HOST/PROJECT/REPOSITORY/IMAGE[:TAG][@sha256:…]`. */
export interface ImageReference {
  /** Without tag and digest: what a service file names and what identifies the image. */
  name: string;
  host: string;
  /** Everything after the host: the name under which the registry's `/v2/` API knows it. */
  path: string;
  tag?: string;
  digest?: string;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;
const hostPattern = /^[a-z0-9][a-z0-9.-]*(:\d+)?$/;
const pathPattern = /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * Splits at `@`, then at the last `:` after the last `/` (gcp.md §1.1).
 * @returns undefined when it is not a reference with a host and at least two path segments
 */
export function parseImage(reference: string): ImageReference | undefined {
  const at = reference.indexOf('@');
  const digest = at < 0 ? undefined : reference.slice(at + 1);
  const rest = at < 0 ? reference : reference.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const slash = name.indexOf('/');
  const host = name.slice(0, slash);
  const path = name.slice(slash + 1);
  if (slash < 0 || !hostPattern.test(host) || !pathPattern.test(path)) return undefined;
  if (digest !== undefined && !digestPattern.test(digest)) return undefined;
  if (tag !== undefined && !tagPattern.test(tag)) return undefined;
  return {
    name,
    host,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

export const isDigest = (text: string): boolean => digestPattern.test(text);

/** `sha256:0123456789ab…` → `0123456789ab`, for people. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);
