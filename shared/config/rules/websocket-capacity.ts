import { judged, undeclared, type Rule } from './rule.ts';
import { withoutSection } from './without-section.ts';

export const webSocketCapacity: Rule = {
  id: 'websocket-capacity',
  suite: 'Scaling',
  severity: 'advisory',
  title: 'All WebSockets fit into all instances',
  why: 'An open WebSocket is a request all the time and takes one of the places that concurrency gives an instance. When they are all taken, new clients and plain requests get 429.',
  keys: ['app.webSocket.connections', 'runtime.concurrency', 'runtime.maxInstances'],
  docs: { url: 'https://cloud.google.com/run/docs/triggering/websockets', trust: 'documented' },
  judge({ config }) {
    const { app, runtime } = config;
    if (app?.webSocket === undefined) return withoutSection(config, 'webSocket');
    const { connections } = app.webSocket;
    if (connections === undefined) return undeclared('app.webSocket.connections');
    const { concurrency, maxInstances } = runtime;
    const places = concurrency * maxInstances;
    const enough = Math.ceil(connections / concurrency);
    return judged(connections <= places, {
      observed: `${connections} WebSockets at once`,
      expected: `at most ${concurrency} × ${maxInstances} instances = ${places}`,
      change: `Raise runtime.maxInstances to ${enough} or more, or runtime.concurrency if an instance can hold more`,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1, maxInstances: 4 }
app: { webSocket: { connections: 500 } }`,
    silent: `
runtime: { minInstances: 1, maxInstances: 8 }
app: { webSocket: { connections: 500 } }`,
  },
};
