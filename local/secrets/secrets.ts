import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type LocalRequest, type LocalService, type Route } from '#local/http.ts';
import { changedPolicy, grants, SetPolicyBody, shownPolicy, type Policy } from '#local/secrets/policy.ts';
import { crc32c } from '#local/storage/crc32c.ts';
import type { Store } from '#local/store.ts';

/**
 * Secret Manager v1. A value is shown by `:access` only, to those who may read it: never in an error or a log.
 */
export interface LocalSecrets extends LocalService {
  /**
   * A version's value, as Cloud Run reads it at the start of a container.
   * @param secret `projects/P/secrets/S`
   * @param version a number or `latest`
   * @param reader e-mail of the account that must have been granted access; everybody when left out
   * @returns undefined when it does not exist, is not enabled, or that account may not read it
   */
  value(secret: string, version: string, reader?: string): string | undefined;
}

interface Secret {
  name: string;
  createTime: string;
  labels?: Record<string, string> | undefined;
  policy: Policy;
  versions: Version[];
}

interface Version {
  name: string;
  createTime: string;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  destroyTime?: string;
  /** base64; gone once destroyed. */
  data?: string;
}

const Labels = z.record(z.string(), z.string()).optional();
const SecretBody = z.strictObject({
  name: z.string().optional(),
  replication: z.strictObject({ automatic: z.strictObject({}) }),
  labels: Labels,
});
const AddBody = z.strictObject({
  payload: z.strictObject({ data: z.base64(), dataCrc32c: z.union([z.string(), z.number()]).optional() }),
});

export function createSecrets(options: {
  store: Store;
  clock: Clock;
  /** Whether a grant on the project, or above it, lets an account read a secret (`projects/P/secrets/S`); none unless told otherwise. */
  mayReadAll?: (email: string, secret: string) => boolean;
}): LocalSecrets {
  const { clock, mayReadAll = () => false } = options;
  const secrets = options.store.collection<Secret>('secrets');
  const now = (): string => new Date(clock.now()).toISOString();

  const nameOf = ({ params }: LocalRequest): string =>
    `projects/${params['project']}/secrets/${params['secret']}`;

  function secretOf(request: LocalRequest): Secret {
    const secret = secrets.get(nameOf(request));
    if (!secret) throw new GoogleError('NOT_FOUND', `Secret [${nameOf(request)}] not found.`);
    return secret;
  }

  function find(secret: Secret | undefined, version: string): Version | undefined {
    if (version === 'latest') return secret?.versions.at(-1);
    return secret?.versions.find(({ name }) => name.endsWith(`/versions/${version}`));
  }

  function versionOf(request: LocalRequest): Version {
    const version = find(secretOf(request), request.params['version'] ?? '');
    if (!version) {
      throw new GoogleError(
        'NOT_FOUND',
        `Secret Version [${nameOf(request)}/versions/${request.params['version']}] not found.`,
      );
    }
    return version;
  }

  const mayRead = (secret: Secret, email: string): boolean =>
    mayReadAll(email, secret.name) || grants(secret.policy, 'roles/secretmanager.secretAccessor', email);

  function change(request: LocalRequest, state: Version['state']): LocalAnswer {
    parsedBody(request, z.strictObject({}));
    const secret = secretOf(request);
    const version = versionOf(request);
    if (version.state === 'DESTROYED') {
      throw new GoogleError('FAILED_PRECONDITION', `Secret Version [${version.name}] is in DESTROYED state.`);
    }
    const next: Version =
      state === 'DESTROYED' ? { ...withoutData(version), state, destroyTime: now() } : { ...version, state };
    secrets.put(secret.name, {
      ...secret,
      versions: secret.versions.map((other) => (other.name === version.name ? next : other)),
    });
    return shown(next);
  }

  function create(request: LocalRequest): LocalAnswer {
    const id = request.url.searchParams.get('secretId') ?? '';
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `secretId "${id}" is not valid: expected 1 to 255 letters, digits, "_" or "-".`,
      );
    }
    const name = `projects/${request.params['project']}/secrets/${id}`;
    if (secrets.get(name)) throw new GoogleError('ALREADY_EXISTS', `Secret [${name}] already exists.`);
    const { labels } = parsedBody(request, SecretBody);
    const secret: Secret = { name, createTime: now(), labels, policy: { bindings: [] }, versions: [] };
    secrets.put(name, secret);
    return described(secret);
  }

  function addVersion(request: LocalRequest): LocalAnswer {
    const secret = secretOf(request);
    const { data, dataCrc32c } = parsedBody(request, AddBody).payload;
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length === 0 || bytes.length > 65_536) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `The payload has ${bytes.length} bytes: expected 1 to 65536.`,
      );
    }
    if (dataCrc32c !== undefined && Number(dataCrc32c) !== crc32c(bytes)) {
      throw new GoogleError('INVALID_ARGUMENT', 'The payload does not match its dataCrc32c.');
    }
    const name = `${secret.name}/versions/${secret.versions.length + 1}`;
    const version: Version = { name, createTime: now(), state: 'ENABLED', data };
    secrets.put(secret.name, { ...secret, versions: [...secret.versions, version] });
    return shown(version);
  }

  function access(request: LocalRequest): LocalAnswer {
    const secret = secrets.get(nameOf(request));
    const resource = `${nameOf(request)}/versions/${request.params['version']}`;
    if (!secret || !mayRead(secret, request.principal)) {
      throw new GoogleError(
        'PERMISSION_DENIED',
        `Permission 'secretmanager.versions.access' denied for resource '${resource}' (or it may not exist).`,
      );
    }
    const { name, state, data } = versionOf(request);
    if (state !== 'ENABLED' || data === undefined) {
      throw new GoogleError('FAILED_PRECONDITION', `Secret Version [${name}] is in ${state} state.`);
    }
    return { name, payload: { data, dataCrc32c: String(crc32c(Buffer.from(data, 'base64'))) } };
  }

  function setPolicy(request: LocalRequest): LocalAnswer {
    const secret = secretOf(request);
    const next = changedPolicy(secret.policy, parsedBody(request, SetPolicyBody));
    secrets.put(secret.name, { ...secret, policy: next });
    return shownPolicy(next);
  }

  const root = '/v1/projects/{project}/secrets';
  const version = `${root}/{secret}/versions/{version}`;
  const route = (method: string, path: string, answer: (request: LocalRequest) => LocalAnswer): Route => ({
    method,
    path,
    handle: (request) => ({ json: answer(request) }),
  });

  return {
    routes: [
      route('POST', root, create),
      route('GET', root, ({ params }) => {
        const own = secrets.list().filter(({ name }) => name.startsWith(`projects/${params['project']}/`));
        return { secrets: own.map(described), totalSize: own.length };
      }),
      route('GET', `${root}/{secret}:getIamPolicy`, (request) => shownPolicy(secretOf(request).policy)),
      route('POST', `${root}/{secret}:setIamPolicy`, setPolicy),
      route('POST', `${root}/{secret}:addVersion`, addVersion),
      route('GET', `${root}/{secret}`, (request) => described(secretOf(request))),
      route('DELETE', `${root}/{secret}`, (request) => {
        secrets.delete(secretOf(request).name);
        return {};
      }),
      route('GET', `${root}/{secret}/versions`, (request) => {
        const newestFirst = secretOf(request).versions.toReversed().map(shown);
        return { versions: newestFirst, totalSize: newestFirst.length };
      }),
      route('GET', `${version}:access`, access),
      route('GET', version, (request) => shown(versionOf(request))),
      route('POST', `${version}:enable`, (request) => change(request, 'ENABLED')),
      route('POST', `${version}:disable`, (request) => change(request, 'DISABLED')),
      route('POST', `${version}:destroy`, (request) => change(request, 'DESTROYED')),
    ],
    value(name, number, reader) {
      const secret = secrets.get(name);
      if (!secret || (reader !== undefined && !mayRead(secret, reader))) return undefined;
      const { state, data } = find(secret, number) ?? {};
      return state === 'ENABLED' && data !== undefined
        ? Buffer.from(data, 'base64').toString('utf8')
        : undefined;
    },
  };
}

type LocalAnswer = Record<string, unknown>;

function described({ name, createTime, labels }: Secret): LocalAnswer {
  return { name, createTime, replication: { automatic: {} }, ...(labels ? { labels } : {}) };
}

/** A version without its value. */
function shown(version: Version): LocalAnswer {
  return { ...withoutData(version), replicationStatus: { automatic: {} } };
}

function withoutData(version: Version): Version {
  const rest = { ...version };
  delete rest.data;
  return rest;
}
