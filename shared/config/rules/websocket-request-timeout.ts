import { longestRequest } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const webSocketRequestTimeout: Rule = {
  id: 'websocket-request-timeout',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'Cloud Run keeps a WebSocket open as long as it is needed',
  why: `A WebSocket is a request: Cloud Run cuts it at the request timeout, which is ${longestRequest} s at most.`,
  keys: ['app.webSocket.longestConnection', 'runtime.requestTimeout'],
  docs: { url: 'https://cloud.google.com/run/docs/triggering/websockets', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (app?.webSocket === undefined) return withoutSection(config, 'webSocket');
    const { longestConnection: longest } = app.webSocket;
    if (longest === undefined) return undeclared('app.webSocket.longestConnection');
    const change =
      longest <= longestRequest
        ? `Raise runtime.requestTimeout to ${longest}s, and let clients reconnect`
        : `Set runtime.requestTimeout to ${longestRequest}s and let clients reconnect: Cloud Run keeps no request longer`;
    return judged(longest <= runtime.requestTimeout, {
      observed: `WebSockets of up to ${longest} s`,
      expected: `at most the request timeout of ${runtime.requestTimeout} s`,
      change,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1 }
app: { webSocket: { longestConnection: 1h } }`,
    silent: `
runtime: { minInstances: 1, requestTimeout: 1h }
app: { webSocket: { longestConnection: 1h } }`,
  },
};
