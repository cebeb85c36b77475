import { GoogleError } from '#local/google-error.ts';

/**
 * The part of Cloud Build's filter language answered here: `status="…"` and `tags="…"` (the build has that tag), joined by AND.
 * @throws GoogleError INVALID_ARGUMENT for anything else.
 */
export function matcherOf(
  filter: string,
): (build: { status: string; tags?: string[] | undefined }) => boolean {
  const terms = filter.trim() === '' ? [] : filter.trim().split(/\s+AND\s+/);
  const wanted = terms.map((term) => {
    const { field, value } = /^(?<field>status|tags)\s*=\s*"(?<value>[^"]*)"$/.exec(term)?.groups ?? {};
    if (field === undefined || value === undefined) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `filter "${term}": the local Cloud Build knows status="…" and tags="…", joined by AND`,
      );
    }
    return { field, value };
  });
  return (build) =>
    wanted.every(({ field, value }) =>
      field === 'status' ? build.status === value : (build.tags ?? []).includes(value),
    );
}
