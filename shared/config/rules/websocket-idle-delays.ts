import { databaseOf, webSocketOf } from './facts.ts';
import { judged, undeclared, type Rule } from './rule.ts';
import { unknownDatabaseTimeout, withoutSection } from './without-section.ts';

export const webSocketIdleDelays: Rule = {
  id: 'websocket-idle-delays',
  suite: 'Infrastructure timeouts',
  severity: 'advisory',
  title: 'A WebSocket outlives a pause of the infrastructure',
  why: 'While the service waits for its database or for a connector that grows, it sends nothing. A WebSocket that is closed for being silent by then loses the answer.',
  keys: ['app.webSocket.idleTimeout', 'app.infrastructureDelay', 'app.database.timeout'],
  judge({ config }) {
    const webSocket = webSocketOf(config);
    if (webSocket === undefined) return withoutSection(config, 'webSocket');
    const { idleTimeout } = webSocket;
    if (idleTimeout === undefined) return undeclared('app.webSocket.idleTimeout');
    const delay = config.app?.infrastructureDelay;
    const database = databaseOf(config)?.timeout;
    const longest = Math.max(delay ?? 0, database ?? 0);
    // What is known may be enough to fail, and not to pass.
    const unknown =
      delay === undefined ? undeclared('app.infrastructureDelay') : unknownDatabaseTimeout(config);
    if (idleTimeout >= longest && unknown) return unknown;
    const what =
      longest === delay ? 'that the infrastructure may pause' : 'that it may wait for the database';
    return judged(idleTimeout >= longest, {
      observed: `an idle timeout of ${idleTimeout} s`,
      expected: `at least the ${longest} s ${what}`,
      change: `Raise the idle timeout of WebSockets to ${longest} s or more`,
    });
  },
  examples: {
    firing: `
runtime: { minInstances: 1 }
app: { webSocket: { idleTimeout: 32s }, infrastructureDelay: 45s }`,
    silent: `
runtime: { minInstances: 1 }
app: { webSocket: { idleTimeout: 60s }, infrastructureDelay: 45s }`,
  },
};
