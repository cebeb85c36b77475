import { X509Certificate } from 'node:crypto';
import { messageOf } from '#shared/errors.ts';
import { fault } from '#local/workflows/fault.ts';
import {
  define,
  type Args,
  type CallContext,
  type LibraryFunction,
} from '#local/workflows/library/function.ts';
import { exchange } from '#local/workflows/http-exchange.ts';
import { isList, isMap, isNumber, textOf, typeName, type Value } from '#local/workflows/values.ts';

const more = 'headers?, query?, auth?, ca_certificate?';
const withBody = `url, timeout?, body?, ${more}`;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const timeoutSeconds = { standard: 300, longest: 1800 };

/** http.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/http/request */
export const httpFunctions: LibraryFunction[] = [
  define(`http.get(url, timeout?, ${more})`, (args, call) => send('GET', args, call), true),
  ...['post', 'put', 'patch', 'delete'].map((name) =>
    define(`http.${name}(${withBody})`, (args, call) => send(name.toUpperCase(), args, call), true),
  ),
  define(
    `http.request(method, ${withBody})`,
    (args, call) => {
      const method = args.string('method');
      if (methods.includes(method)) return send(method, args, call);
      throw args.invalid('method', `"${method}" is unknown: expected ${methods.join(', ')}`);
    },
    true,
  ),
].map((known) => ({
  ...known,
  refuses: { private_service_name: 'the local cloud has no Service Directory that could know the address' },
}));

async function send(method: string, args: Args, context: CallContext): Promise<Value> {
  const url = urlOf(args);
  if (!isInternal(url.hostname)) context.billExternal();
  const timeout = args.number('timeout', timeoutSeconds.standard);
  if (!(timeout > 0 && timeout <= timeoutSeconds.longest)) {
    throw args.invalid(
      'timeout',
      `must be above 0 and at most ${timeoutSeconds.longest} seconds: ${timeout}`,
    );
  }
  const headers = headersOf(args);
  const authorization = await authorizationOf(args, context);
  if (authorization !== undefined) headers.set('authorization', authorization);
  const body = args.optional('body');
  const caCertificate = authorityOf(args);
  return exchange({ method, url: url.href, headers, body, timeoutSeconds: timeout, caCertificate }, context);
}

const certificateIn = (pem: string): X509Certificate => new X509Certificate(pem);

/** That it is PEM, and that it takes the place of the usual authorities, is unverified. */
function authorityOf(args: Args): string | undefined {
  if (args.optional('ca_certificate') === undefined) return undefined;
  const pem = args.string('ca_certificate');
  try {
    certificateIn(pem);
    return pem;
  } catch (error) {
    throw args.invalid('ca_certificate', `is not a certificate in PEM: ${messageOf(error)}`);
  }
}

/**
 * Steps that reach these are billed as internal: https://cloud.google.com/workflows/pricing. A loopback address is
 * the local stack's stand-in for one of them.
 */
function isInternal(hostname: string): boolean {
  const google = ['googleapis.com', 'run.app', 'cloudfunctions.net', 'appspot.com', 'cloud.goog'];
  const local = ['127.0.0.1', 'localhost', '[::1]'];
  return local.includes(hostname) || google.some((domain) => hostname.endsWith(`.${domain}`));
}

function urlOf(args: Args): URL {
  const text = args.string('url');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw args.invalid('url', `is not an http or https URL: "${text}"`);
  }
  const query = args.optional('query');
  if (query === undefined) return url;
  for (const [name, value] of args.map('query')) {
    for (const item of isList(value) ? value : [value]) {
      if (typeof item !== 'string' && typeof item !== 'boolean' && !isNumber(item)) {
        throw args.invalid('query', `has a value of type ${typeName(item)} for "${name}"`);
      }
      url.searchParams.append(name, textOf(item));
    }
  }
  return url;
}

function headersOf(args: Args): Map<string, string> {
  const headers = new Map<string, string>();
  if (args.optional('headers') === undefined) return headers;
  for (const [name, value] of args.map('headers')) {
    if (typeof value !== 'string') {
      throw args.invalid(
        'headers',
        `has a value of type ${typeName(value)} for "${name}": expected a string`,
      );
    }
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** OIDC for Cloud Run and functions (audience: `url` as it was given, without `query`, unless told), OAuth2 for Google's APIs. */
async function authorizationOf(args: Args, { host }: CallContext): Promise<string | undefined> {
  const auth = args.optional('auth');
  if (auth === undefined) return undefined;
  const known = isMap(auth) ? auth : args.map('auth');
  const unknown = [...known.keys()].find((key) => !['type', 'audience', 'scope', 'scopes'].includes(key));
  if (unknown !== undefined) throw args.invalid('auth', `has the unknown key '${unknown}'`);
  const type = known.get('type') ?? null;
  if (type === 'OAuth2') return `Bearer ${host.accessToken()}`;
  if (type !== 'OIDC') throw args.invalid('auth', 'must have the type OIDC or OAuth2');
  const audience = known.get('audience') ?? args.string('url');
  if (typeof audience !== 'string') throw args.invalid('auth', 'has an audience that is not a string');
  try {
    return `Bearer ${await host.idToken(audience)}`;
  } catch (error) {
    throw fault('AuthError', `no identity token for the audience "${audience}": ${messageOf(error)}`);
  }
}
