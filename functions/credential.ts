const names = ['authorization', 'x-serverless-authorization'];

/**
 * The one credential of a request. Of several Cloud Run checks one only (X-Serverless-Authorization goes first:
 * https://cloud.google.com/run/docs/authenticating/service-to-service), and another could name whomever it likes.
 * @param rawHeaders names and values in turn, with repeats
 * @returns undefined when there is none, or more than one
 */
export function onlyCredential(rawHeaders: readonly string[]): string | undefined {
  const found = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && names.includes(name.toLowerCase()) ? [rawHeaders[index + 1] ?? ''] : [],
  );
  return found.length === 1 ? found[0] : undefined;
}
