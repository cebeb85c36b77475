import { api } from '#functions/triggers/api.ts';
import type { ApiAnswer } from '#functions/triggers/answers.ts';
import type { World } from '#test/support/world.ts';

/** A call of the api, `METHOD /path?query`, with a token of that person. */
export function call(
  world: World,
  target: string,
  { body, by = 'ada@example.com' }: { body?: unknown; by?: string } = {},
): Promise<ApiAnswer> {
  const [method = '', address = ''] = target.split(' ');
  const { pathname, searchParams } = new URL(address, 'http://x');
  const token = Buffer.from(JSON.stringify({ email: by })).toString('base64url');
  return api(world.deps, {
    method,
    path: pathname,
    query: searchParams,
    authorization: `Bearer e30.${token}.x`,
    body,
  });
}
