import { judged, undeclared, type Rule } from './rule.ts';

export const loadBalancerWebSocket: Rule = {
  id: 'load-balancer-websocket',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The load balancer keeps a WebSocket open as long as it is needed',
  why: 'To a load balancer the timeout of its backend is the longest life of a WebSocket, whether something is sent or not.',
  keys: ['app.loadBalancer.timeout', 'app.webSocket.longestConnection'],
  docs: { url: 'https://cloud.google.com/load-balancing/docs/https', trust: 'unverified' },
  judge({ config: { app } }) {
    if (app?.loadBalancer === undefined || app.webSocket === undefined) return undefined;
    const { timeout, host } = app.loadBalancer;
    const { longestConnection: longest } = app.webSocket;
    if (timeout === undefined) return undeclared('app.loadBalancer.timeout');
    if (longest === undefined) return undeclared('app.webSocket.longestConnection');
    return judged(timeout >= longest, {
      observed: `${host} waits ${timeout} s`,
      expected: `at least the ${longest} s of a WebSocket`,
      change: `Raise the timeout in front of the service to ${longest} s`,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1, requestTimeout: 1h }
app: { webSocket: { longestConnection: 1h }, loadBalancer: { host: api.example.com, timeout: 30s } }`,
    silent: `
runtime: { minInstances: 1, requestTimeout: 1h }
app: { webSocket: { longestConnection: 1h }, loadBalancer: { host: api.example.com, timeout: 1h } }`,
  },
};
