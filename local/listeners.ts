import { messageOf } from '#shared/errors.ts';
import { serve, type LocalServer, type LocalService } from '#local/http.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Store } from '#local/store.ts';

/** Listens on loopback, each name on the port it had before. @throws Error when that is taken */
export function createListeners(options: {
  store: Store;
  identity: Identity;
  onError: (error: unknown) => void;
}): {
  listen: (name: string, services: LocalService[]) => Promise<LocalServer>;
  close: () => Promise<void>;
} {
  const { store, identity, onError } = options;
  const ports = store.collection<{ port: number }>('stack.ports');
  const opened: LocalServer[] = [];
  return {
    async listen(name, services) {
      const routes = services.flatMap((service) => service.routes);
      const port = ports.get(name)?.port ?? 0;
      const server = await serve({
        routes,
        port,
        authenticate: (token) => identity.authenticate(token),
        onError,
      }).catch((error: unknown) => {
        throw new Error(
          `The local cloud cannot listen on its port ${port}: ${messageOf(error)}. Is it running already?`,
        );
      });
      ports.put(name, { port: server.port });
      opened.push(server);
      return server;
    },
    async close() {
      for (const server of opened.toReversed()) await server.close();
    },
  };
}
