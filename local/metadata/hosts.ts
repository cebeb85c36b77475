import type { LocalServer, LocalService } from '#local/http.ts';
import type { Identity } from '#local/identity/identity.ts';
import { createMetadata } from '#local/metadata/metadata.ts';
import { place } from '#local/place.ts';

/** HOST:PORT of an account's metadata server. One answers for one account, so each has its own from when it is first needed. */
export function createMetadataHosts(
  identity: Identity,
  listen: (name: string, services: LocalService[]) => Promise<LocalServer>,
): (email: string) => Promise<string> {
  const servers = new Map<string, Promise<LocalServer>>();
  return async (email) => {
    let server = servers.get(email);
    if (server === undefined) {
      const { project: projectId, projectNumber, region } = place;
      server = listen(`metadata-${email}`, [
        createMetadata({ identity, email, projectId, projectNumber, region }),
      ]);
      servers.set(email, server);
    }
    return `127.0.0.1:${(await server).port}`;
  };
}
