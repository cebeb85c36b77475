import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowFault } from '#local/workflows/fault.ts';
import { library } from '#local/workflows/library.ts';
import { Args, type CallContext, type LibraryFunction } from '#local/workflows/library/function.ts';
import { defaultLimits } from '#local/workflows/program.ts';
import { isList, isMap, typeName, type Value } from '#local/workflows/values.ts';

const bodies: [type: string, body: string | Buffer][] = [
  ['application/json', '{"a":1.0}'],
  ['application/json', '{a'],
  ['application/json', Buffer.from([0xff])],
  ['text/plain; charset=iso-8859-1', Buffer.from([0xe9])],
  ['text/html', '<p>'],
  ['application/xml', '<a/>'],
  ['', ''],
];

/** Answers what the path asks for: `/STATUS/NUMBER OF BODY`; `/reset` breaks the connection. */
let server: Server;
let origin = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, status = '', body = ''] = (request.url ?? '').split(/[/?#]/);
    if (status === 'reset') {
      request.socket.destroy();
      return;
    }
    const [type, text] = bodies[Number(body) % bodies.length] ?? ['', ''];
    request.resume();
    response.writeHead(Number(status) || 200, type === '' ? {} : { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function context(): CallContext {
  return {
    host: {
      clock: { now: () => 0, sleep: () => new Promise(() => undefined) },
      fetch,
      newId: () => 'id',
      env: { GOOGLE_CLOUD_PROJECT_ID: 'p', GOOGLE_CLOUD_LOCATION: 'l' },
      log: () => undefined,
      accessToken: () => 't',
      idToken: async (audience) => audience.replaceAll(/[^ -~]/g, ''),
      // A cluster that is not running, an execution that has no name: nothing is asked again.
      connectorOrigin: () => `${origin}/200/0?`,
      callbacks: { create: () => 'http://c', next: async () => undefined },
    },
    limits: defaultLimits,
    signal: new AbortController().signal,
    secondsLeft: () => 1000,
    wait: async () => undefined,
    billExternal: () => undefined,
    billAgain: () => undefined,
  };
}

const oddTexts = `a 👍 % %E0%A4%A $& /../ \u2028 € UTC Asia/Tokyo SHA224 POST HEAD utf-8
  2024-01-01T00:00:00Z 9999-12-31T23:59:59-23:59 0000-01-01T00:00:00+23:59
  ( [a- \\C (?P<n>a) a{1001} ((a{100}){100}){100}
  http://[::1 http://127.0.0.1:1/é?x#y http://a:b@127.0.0.1:1 https://127.0.0.1:1`
  .split(/\s+/)
  .concat(['', '\ud800', '\udc00x', '\0', 'a\nb', ' ', 'https://exa mple']);
const oddNumbers = [
  0n,
  -1n,
  7n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  1.5,
  -0,
  NaN,
  Infinity,
  -Infinity,
  1e300,
  5e-324,
];

const text = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: 'binary', maxLength: 5 }));
const scalar = fc.oneof(
  text,
  fc.constantFrom<Value>(null, true, false, ...oddNumbers),
  fc.uint8Array({ maxLength: 5 }),
);
const key = fc.oneof(
  text,
  fc.constantFrom(
    '__proto__',
    'type',
    'audience',
    'indent',
    'prefix',
    'url',
    'timeout',
    'content-type',
    'host',
  ),
  fc.constantFrom(
    'expect',
    'content-length',
    'connection',
    'te',
    'accept-encoding',
    'polling_policy',
    'metadata',
  ),
);
const odd: fc.Arbitrary<Value> = fc.oneof(
  { withCrossShrink: true },
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.array(fc.tuple(key, scalar), { maxLength: 3 }).map((pairs) => new Map(pairs)) },
  { weight: 1, arbitrary: fc.constantFrom('OIDC', 'OAuth2').map((type) => new Map([['type', type]])) },
);

const usesHttp = /^(http\.(?!default)|gke|experimental|googleapis)/;

const mapOf = (value: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.array(fc.tuple(key, value), { maxLength: 2 }).map((pairs) => new Map(pairs));
const path = fc
  .tuple(fc.constantFrom('200', '204', '304', '404', '503', 'reset'), fc.nat(bodies.length))
  .map((parts) => `/${parts.join('/')}`);

/** What functions that send requests do not refuse at once. */
const sent: Record<string, fc.Arbitrary<Value>> = {
  url: path.map((text) => `${origin}${text}`),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'),
  timeout: fc.constant(5n),
  headers: mapOf(text),
  query: mapOf(text),
  auth: fc.constantFrom('OIDC', 'OAuth2').map((type) => new Map([['type', type]])),
  body: fc.oneof(text, mapOf(scalar)),
  ca_certificate: fc.constant(null),
  connector_params: fc.constant(null),
};

function argumentsOf({ name, params }: LibraryFunction): fc.Arbitrary<ReadonlyMap<string, Value>> {
  const all = params.map((param) => {
    const usual = usesHttp.test(name) ? { weight: 12, arbitrary: sent[param.name] ?? text } : undefined;
    const argument = usual ? fc.oneof({ weight: 1, arbitrary: odd }, usual) : odd;
    const pair = argument.map((value): [string, Value] => [param.name, value]);
    return param.required ? pair : fc.option(pair, { nil: undefined, freq: 2 });
  });
  return fc.tuple(...all).map((pairs) => new Map(pairs.filter((pair) => pair !== undefined)));
}

/** What the language has no value for. */
function isForeign(value: Value): boolean {
  if (isList(value)) return value.some(isForeign);
  if (isMap(value)) return [...value.values()].some(isForeign);
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) !== value;
  return value === undefined || (typeName(value) === 'string' && typeof value !== 'string');
}

/** How a call ended; anything else it throws is a defect. */
async function end(known: LibraryFunction, values: ReadonlyMap<string, Value>): Promise<string> {
  try {
    const answer = await known.run(new Args(known.name, values), context());
    return isForeign(answer) ? 'answered what is no value' : 'answered';
  } catch (error) {
    if (!(error instanceof WorkflowFault)) throw error;
    const { value } = error;
    const tags = isMap(value) ? value.get('tags') : undefined;
    return error.catchable && isMap(value) && typeof value.get('message') === 'string' && isList(tags ?? null)
      ? 'raised'
      : 'raised something without message or tags';
  }
}

describe('whatever its arguments', () => {
  const connectors = [...library.values()].filter(({ name }) =>
    // One of each form: the others are rows of the same table.
    /^googleapis\.(pubsub\.v1\.projects\.topics\.publish|storage\.v1\.objects\.\w+|secretmanager|workflowexecutions)/.test(
      name,
    ),
  );
  const others = [...library.values()].filter(({ name }) => !name.startsWith('googleapis.'));

  it.each([...others, ...connectors])('$name answers a value or raises an error map', async (known) => {
    await fc.assert(
      fc.asyncProperty(argumentsOf(known), async (values) => {
        expect(await end(known, values)).toMatch(/^(answered|raised)$/);
      }),
      { numRuns: usesHttp.test(known.name) ? 60 : 300 },
    );
  });

  it('an exception from inside would be found', async () => {
    const broken: LibraryFunction = {
      name: 'broken',
      params: [{ name: 'x', required: true }],
      blocking: false,
      run: (args) => encodeURIComponent(args.string('x')),
    };
    const property = fc.asyncProperty(argumentsOf(broken), async (values) => {
      await end(broken, values);
    });
    const found = await fc.check(property, { numRuns: 1000 });
    expect(found.failed).toBe(true);
  });
});
