import { judged, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const webSocketMinInstances: Rule = {
  id: 'websocket-min-instances',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'A WebSocket is opened by an instance that runs',
  why: 'Clients open a WebSocket and wait for it. Without a minimum of instances the first of them waits for a start, and all of them do after each time that clients reconnect to none.',
  keys: ['app.webSocket', 'runtime.minInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/configuring/min-instances', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (app?.webSocket === undefined) return withoutSection(config, 'webSocket');
    return judged(runtime.minInstances > 0, {
      observed: `minInstances: ${runtime.minInstances}, with WebSockets`,
      expected: 'at least 1',
      change: 'Set runtime.minInstances to 1',
    });
  },
  examples: {
    firing: `
app: { webSocket: { longestConnection: 5m } }`,
    silent: `
runtime: { minInstances: 1 }
app: { webSocket: { longestConnection: 5m } }`,
  },
};
