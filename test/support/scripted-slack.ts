import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Given = Record<string, string>;
/** What a method answers: Slack's word for a "no", or the fields of a "yes". `down` cuts the connection. */
type Answer = string | Record<string, unknown>;

/** A workspace that answers as the test says, over a real socket; a method that is not in the script is unknown. */
export interface ScriptedSlack {
  /** As SLACK_API_ENDPOINT. */
  endpoint: string;
  /** `METHOD given` of every call, in order. */
  calls: { method: string; given: Given; token: string | undefined }[];
  close(): Promise<void>;
}

export async function scriptedSlack(
  script: Record<string, Answer | ((given: Given) => Answer)>,
  scopes?: string[],
): Promise<ScriptedSlack> {
  const calls: ScriptedSlack['calls'] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const method = new URL(request.url ?? '', 'http://localhost').pathname.slice('/api/'.length);
      const given = Object.fromEntries(new URLSearchParams(body));
      calls.push({ method, given, token: request.headers.authorization?.replace('Bearer ', '') });
      const found = script[method] ?? 'unknown_method';
      const answer = typeof found === 'function' ? found(given) : found;
      if (answer === 'down') {
        response.destroy();
        return;
      }
      response.setHeader('content-type', 'application/json');
      if (scopes) response.setHeader('x-oauth-scopes', scopes.join(','));
      response.end(
        JSON.stringify(typeof answer === 'string' ? { ok: false, error: answer } : { ok: true, ...answer }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
