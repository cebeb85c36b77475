import { webSocketOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';

export const webSocketPing: Rule = {
  id: 'websocket-ping',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'Pings come before a WebSocket counts as idle',
  why: 'A ping that comes later than the shortest idle timeout on the way finds the connection closed.',
  keys: ['app.webSocket.pingInterval', 'app.webSocket.idleTimeout'],
  judge({ config }) {
    const webSocket = webSocketOf(config);
    if (webSocket?.pingInterval === undefined) return undefined;
    const { pingInterval, idleTimeout } = webSocket;
    if (idleTimeout === undefined) return undeclared('app.webSocket.idleTimeout');
    return judged(pingInterval < idleTimeout, {
      observed: `a ping every ${pingInterval} s`,
      expected: `sooner than the idle timeout of ${idleTimeout} s`,
      change: `Ping at least every ${idleTimeout / 2} s`,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1 }
app: { webSocket: { pingInterval: 60s, idleTimeout: 32s } }`,
    silent: `
runtime: { minInstances: 1 }
app: { webSocket: { pingInterval: 15s, idleTimeout: 32s } }`,
  },
};
