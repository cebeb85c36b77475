import { longestBalanced } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const loadBalancerWebSocket: Rule = {
  id: 'load-balancer-websocket',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The load balancer keeps a WebSocket open as long as it is needed',
  why: `To a load balancer its timeout is the longest life of a WebSocket, whether something is sent or not. Google’s waits ${longestBalanced} s for Cloud Run, which cannot be set.`,
  keys: ['app.loadBalancer.timeout', 'app.webSocket.longestConnection'],
  docs: {
    url: 'https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts',
    trust: 'documented',
  },
  judge({ config }) {
    const {
      loadBalancer = withoutSection(config, 'loadBalancer'),
      webSocket = withoutSection(config, 'webSocket'),
    } = config.app ?? {};
    if (loadBalancer === undefined || webSocket === undefined) return undefined;
    if ('outcome' in loadBalancer) return loadBalancer;
    if ('outcome' in webSocket) return webSocket;
    const { timeout, host } = loadBalancer;
    const { longestConnection: longest } = webSocket;
    if (timeout === undefined) return undeclared('app.loadBalancer.timeout');
    if (longest === undefined) return undeclared('app.webSocket.longestConnection');
    const kept = Math.min(timeout, longestBalanced);
    return judged(kept >= longest, {
      observed: `${host} waits ${kept} s`,
      expected: `at least the ${longest} s of a WebSocket`,
      change:
        longest <= longestBalanced
          ? `Raise the timeout in front of the service to ${longest} s`
          : `Let clients reconnect within ${longestBalanced} s: no load balancer of Google’s keeps it longer`,
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
