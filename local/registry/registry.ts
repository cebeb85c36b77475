import type { LocalRequest, LocalResponse, LocalService, Route } from '#local/http.ts';
import type { Store } from '#local/store.ts';
import type { Clock } from '#shared/clock.ts';
import { blobRoutes } from './blob-routes.ts';
import { createBlobs } from './blobs.ts';
import { createCatalog, type Catalog, type RegistryEvent } from './catalog.ts';
import { createImageSource, type ImageSource } from './image-source.ts';
import { manifestRoutes } from './manifest-routes.ts';
import { namePattern } from './reference.ts';
import { RegistryError } from './registry-error.ts';

/** A route of the registry: `params.name` is a checked image name in a repository that exists. */
export type RegistryRoute = Pick<Route, 'method' | 'path' | 'handle'>;

/**
 * An OCI distribution v2 registry in the shape of Artifact Registry's: names are `PROJECT/REPOSITORY/IMAGE…`, and a push
 * to a repository nobody created is refused. Its routes want a listener of their own, as `/v2/` is Cloud Run's elsewhere.
 * Any identity of the stack may push and pull; roles are not told apart.
 */
export function createRegistry(options: {
  store: Store;
  /** Where the blobs are kept. */
  directory: string;
  /** The canonical host, `us-central1-docker.pkg.dev`, whatever address a push came to. */
  host: string;
  /** `PROJECT/REPOSITORY` of each repository there is. */
  repositories: readonly string[];
  clock: Clock;
  newId: () => string;
  /** E-mail of an access token's owner, or undefined. */
  authenticate: (token: string) => string | undefined;
  announce: (event: RegistryEvent) => void | Promise<void>;
}): LocalService & { catalog: Catalog; images: ImageSource } {
  const blobs = createBlobs(options);
  const catalog = createCatalog(options);
  const routes: RegistryRoute[] = [
    { method: 'GET', path: '/v2/', handle: () => ({ json: {} }) },
    ...blobRoutes(blobs, catalog),
    ...manifestRoutes(blobs, catalog, options.clock),
  ];

  async function guarded(route: RegistryRoute, request: LocalRequest): Promise<LocalResponse> {
    try {
      if (!isAuthenticated(request.headers.authorization, options.authenticate)) return challenge();
      if (request.params['name'] !== undefined) checkName(request.params['name'], catalog);
      return await route.handle(request);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return { status: error.httpCode, json: error };
    }
  }

  return {
    catalog,
    images: createImageSource(blobs, catalog),
    routes: routes.map((route) => ({
      ...route,
      public: true,
      handle: (request) => guarded(route, request),
    })),
  };
}

function isAuthenticated(
  header: string | undefined,
  authenticate: (token: string) => string | undefined,
): boolean {
  const { scheme, credentials = '' } =
    /^(?<scheme>\w+) +(?<credentials>.+)$/.exec(header ?? '')?.groups ?? {};
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      return authenticate(credentials) !== undefined;
    case 'basic': {
      const [user, ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
      return user === 'oauth2accesstoken' && authenticate(password.join(':')) !== undefined;
    }
    default:
      return false;
  }
}

function challenge(): LocalResponse {
  const message = 'Expected an access token of this stack: Bearer, or Basic as user oauth2accesstoken';
  return {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="Slipway local registry"' },
    json: new RegistryError(401, 'UNAUTHORIZED', message),
  };
}

function checkName(name: string, catalog: Catalog): void {
  if (!namePattern.test(name)) {
    throw new RegistryError(400, 'NAME_INVALID', `Image name "${name}" is not PROJECT/REPOSITORY/IMAGE`);
  }
  const repository = name.split('/', 2).join('/');
  if (!catalog.repositories.includes(repository)) {
    throw new RegistryError(404, 'NAME_UNKNOWN', `Repository "${repository}" not found`);
  }
}
