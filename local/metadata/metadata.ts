import { GoogleError } from '#local/google-error.ts';
import type { LocalRequest, LocalResponse, LocalService, Route } from '#local/http.ts';
import { tokenLifetimeSeconds, type Identity } from '#local/identity/identity.ts';

const root = '/computeMetadata/v1';
const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * The metadata server of one instance, as Google's client libraries ask it (`GCE_METADATA_HOST=127.0.0.1:PORT`).
 * It answers for one service account only, so every function host gets one with a listener of its own.
 * Directory listings and `recursive=true` are not supported.
 */
export function createMetadata(options: {
  identity: Identity;
  /** The service account this instance runs as. */
  email: string;
  projectId: string;
  projectNumber: string;
  region: string;
}): LocalService {
  const { identity, email, projectId, projectNumber, region } = options;

  const own = (request: LocalRequest): void => {
    const account = request.params['account'] ?? '';
    if (account !== 'default' && account !== email) {
      throw new GoogleError(
        'NOT_FOUND',
        `Service account "${account}" is not attached to this instance: it runs as ${email}`,
      );
    }
  };
  const account = (
    path: string,
    handle: (request: LocalRequest) => LocalResponse | Promise<LocalResponse>,
  ): Route =>
    metadata(`/instance/service-accounts/{account}/${path}`, async (request) => {
      own(request);
      return handle(request);
    });

  return {
    routes: [
      // Asked only to find out whether there is a metadata server at all.
      metadata('/instance', () => text('region\nservice-accounts/\n')),
      metadata('/project/project-id', () => text(projectId)),
      metadata('/project/numeric-project-id', () => text(projectNumber)),
      metadata('/instance/region', () => text(`projects/${projectNumber}/regions/${region}`)),
      metadata('/universe/universe-domain', () => text('googleapis.com')),
      account('email', () => text(email)),
      account('scopes', () => text(`${scope}\n`)),
      account('token', () =>
        answer({
          json: {
            access_token: identity.accessToken(email),
            expires_in: tokenLifetimeSeconds - 1,
            token_type: 'Bearer',
          },
        }),
      ),
      account('identity', async ({ url }) => {
        const audience = url.searchParams.get('audience') ?? '';
        if (audience === '')
          throw new GoogleError('INVALID_ARGUMENT', 'non-empty audience parameter required');
        return text(await identity.idToken(email, audience));
      }),
    ],
  };
}

/** The header is asked for because no browser and no forwarded request can send it by accident. */
function metadata(
  path: string,
  handle: (request: LocalRequest) => LocalResponse | Promise<LocalResponse>,
): Route {
  return {
    method: 'GET',
    path: `${root}${path}`,
    public: true,
    handle(request) {
      if (request.headers['metadata-flavor'] !== 'Google') {
        throw new GoogleError('PERMISSION_DENIED', 'Missing Metadata-Flavor:Google header.');
      }
      if (request.headers['x-forwarded-for'] !== undefined) {
        throw new GoogleError(
          'PERMISSION_DENIED',
          'Forwarded requests get no metadata (X-Forwarded-For is set)',
        );
      }
      return handle(request);
    },
  };
}

function text(body: string): LocalResponse {
  return answer({ body, headers: { 'content-type': 'application/text' } });
}

function answer(response: LocalResponse): LocalResponse {
  return {
    ...response,
    headers: { 'metadata-flavor': 'Google', server: 'Metadata Server for VM', ...response.headers },
  };
}
