import { GoogleError } from '#local/google-error.ts';

/** An image as people and APIs name it: `HOST/PROJECT/REPOSITORY/IMAGE…`, then `:tag` or `@sha256:…`. */
export interface ImageReference {
  host: string;
  /** `PROJECT/REPOSITORY/IMAGE…` */
  name: string;
  tag?: string;
  /** Wins over `tag` when both are given. */
  digest?: string;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';

/** Image names, tags and digests as the OCI distribution specification allows them; at least three parts, as Artifact Registry wants. */
export const namePattern = new RegExp(`^${component}(?:/${component}){2,}$`);
export const tagPattern = /^\w[\w.-]{0,127}$/;
export const digestPattern = /^sha256:[a-f0-9]{64}$/;

/** The tag is `latest` when neither tag nor digest is given, as for every client. @throws GoogleError INVALID_ARGUMENT */
export function parseReference(text: string): ImageReference {
  const { host, name, tag, digest } =
    /^(?<host>[^/@]+)\/(?<name>[^:@]+)(?::(?<tag>[^@]+))?(?:@(?<digest>.+))?$/.exec(text)?.groups ?? {};
  const isValid =
    host !== undefined &&
    name !== undefined &&
    namePattern.test(name) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest));
  if (!isValid) {
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `Image reference "${text}" is not HOST/PROJECT/REPOSITORY/IMAGE:tag or …@sha256:…`,
    );
  }
  if (digest !== undefined) return { host, name, ...(tag === undefined ? {} : { tag }), digest };
  return { host, name, tag: tag ?? 'latest' };
}
