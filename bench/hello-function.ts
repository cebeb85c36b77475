import type { ServerResponse } from 'node:http';

/** The least a function can be: what `chatops` is measured against. */
export function hello(_request: unknown, response: ServerResponse): void {
  response.end('hello');
}
