import { longestBalanced } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const loadBalancerRequestTimeout: Rule = {
  id: 'load-balancer-request-timeout',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'The load balancer waits as long as the service',
  why: `What gives up before the service does answers 502 or 504 to a request that is still being worked on, and the client sends it again. A load balancer of Google’s waits ${longestBalanced} s for Cloud Run, which cannot be set; what stands before it may not.`,
  keys: ['app.loadBalancer.timeout', 'app.loadBalancer.host', 'runtime.requestTimeout'],
  docs: {
    url: 'https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts',
    trust: 'documented',
  },
  judge({ config }) {
    const { app, runtime } = config;
    if (app?.loadBalancer === undefined) return withoutSection(config, 'loadBalancer');
    const { host, timeout } = app.loadBalancer;
    if (timeout === undefined) return undeclared('app.loadBalancer.timeout');
    return judged(timeout >= runtime.requestTimeout, {
      observed: `${host} waits ${timeout} s`,
      expected: `at least the request timeout of ${runtime.requestTimeout} s`,
      change: `Raise the timeout in front of the service to ${runtime.requestTimeout} s, or lower runtime.requestTimeout`,
    });
  },
  examples: {
    firing: `
app: { loadBalancer: { host: api.example.com, timeout: 30s } }`,
    silent: `
app: { loadBalancer: { host: api.example.com, timeout: 5m } }`,
  },
};
