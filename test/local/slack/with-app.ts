import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebClient } from '@slack/web-api';
import { serve } from '#local/http.ts';
import { createSlack, type SlackOptions } from '#local/slack/slack.ts';
import { openStore } from '#local/store.ts';
import { systemClock } from '#shared/clock.ts';

export const channel = 'C0DEPLOYS';
const signingSecret = 'shhh';

/** What reached the app. */
interface AppRequest {
  /** Whether the signature is the one of this body and time. */
  isSigned: boolean;
  timestamp: number;
  contentType: string;
  form: Record<string, string>;
  /** Of a button press. */
  payload: Record<string, unknown>;
}

interface AppAnswer {
  status?: number;
  /** Sent as JSON, or as text if it is a string; without it the answer is empty. */
  body?: unknown;
  /** No answer at all. */
  silent?: boolean;
}

/** A local Slack that listens, and an app of a few lines behind it whose answer is `app.answer`. */
export async function openSlackWithApp(options: Partial<SlackOptions> = {}) {
  const app = { requests: [] as AppRequest[], answer: (): AppAnswer => ({}) };
  const receiver = createServer((message, response) => {
    let body = '';
    message.setEncoding('utf8').on('data', (text: string) => (body += text));
    message.on('end', () => {
      const timestamp = message.headers['x-slack-request-timestamp'];
      const mac = createHmac('sha256', signingSecret)
        .update(`v0:${String(timestamp)}:${body}`)
        .digest('hex');
      const form = Object.fromEntries(new URLSearchParams(body));
      const request: AppRequest = {
        isSigned: message.headers['x-slack-signature'] === `v0=${mac}`,
        timestamp: Number(timestamp),
        contentType: message.headers['content-type'] ?? '',
        form,
        payload: JSON.parse(form['payload'] ?? '{}') as Record<string, unknown>,
      };
      app.requests.push(request);
      const answer = app.answer();
      if (answer.silent) return;
      const isText = typeof answer.body === 'string';
      response.writeHead(answer.status ?? 200, {
        'content-type': isText ? 'text/plain' : 'application/json',
      });
      response.end(isText ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  let origin = '';
  const slack = createSlack({
    store: openStore(':memory:'),
    clock: systemClock,
    botToken: 'xoxb-local-token',
    channels: [
      { id: channel, name: 'deployments' },
      { id: 'C0OTHER', name: 'other' },
    ],
    app: {
      origin: () => origin,
      requestUrl: () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/chatops`,
      signingSecret,
      appId: 'A0LOCAL',
    },
    rateLimits: false,
    ...options,
  });
  const server = await serve({ routes: slack.routes, authenticate: () => undefined });
  ({ origin } = server);
  onTestFinished(async () => {
    await slack.stop?.();
    await server.close();
    receiver.closeAllConnections();
    receiver.close();
  });
  const client = new WebClient('xoxb-local-token', {
    slackApiUrl: `${origin}/api/`,
    retryConfig: { retries: 0 },
  });
  return {
    slack,
    app,
    origin,
    client,
    /** @returns its `ts` */
    post: async (message: Record<string, unknown>): Promise<string> => {
      const { ts } = (await client.apiCall('chat.postMessage', { channel, ...message })) as { ts?: string };
      return ts!;
    },
  };
}

export const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } }) as const;
export const button = (text: string, action: string, more: object = {}) => ({
  type: 'button' as const,
  text: { type: 'plain_text' as const, text },
  action_id: action,
  value: `{"action":"${action}"}`,
  ...more,
});
export const row = (...elements: ReturnType<typeof button>[]) => ({ type: 'actions' as const, elements });
