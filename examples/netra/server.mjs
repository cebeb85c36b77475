// A chat backend as small as it can be and still have what the scenario is about: HTTP, WebSockets, a connection pool with
// settings from the environment, health of database and cache.
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { attachChat } from './chat.mjs';
import { createDatabase } from './database.mjs';
import { createPool } from './pool.mjs';
import { settingsOf } from './settings.mjs';

const settings = settingsOf(process.env);
const pool = createPool({ ...createDatabase({ connectMilliseconds: 5 }), ...settings.pool });
/** Users by their token. */
const cache = new Map();
const longestBody = 64 * 1024;

/** `x-drill: lose, refuse=2`, where drills are on. */
function drillOf(request) {
  const words = settings.drills ? String(request.headers['x-drill'] ?? '').split(/,\s*/) : [];
  const refuse = words.map((word) => /^refuse=(\d)$/.exec(word)?.[1]).find((count) => count !== undefined);
  return { lose: words.includes('lose'), away: words.includes('away'), refuse: Number(refuse ?? 0) };
}

async function userOf({ headers }) {
  const token = String(headers['x-token'] ?? '');
  if (!cache.has(token)) {
    const { result } = await pool.query((rows) => rows.get(`token/${token}`));
    if (result) cache.set(token, result);
  }
  return cache.get(token);
}

const store = (user, text) =>
  pool.query((rows) => void rows.set(`messages/${user.id}`, [...messagesOf(rows, user.id), text]));
const messagesOf = (rows, id) => rows.get(`messages/${id}`) ?? [];

async function health(request) {
  const started = performance.now();
  const failure = await pool.probe(drillOf(request)).then(
    () => undefined,
    (error) => error.message,
  );
  const { size, overflow, timeoutSeconds, open } = pool;
  const database = {
    status: failure ?? 'ok',
    milliseconds: Math.round(performance.now() - started),
    pool: { size, overflow, timeoutSeconds, open },
  };
  const body = {
    status: failure === undefined ? 'healthy' : 'unhealthy',
    release: settings.release,
    secrets: settings.secrets,
    checks: { database, cache: { status: 'ok', entries: cache.size } },
  };
  return [failure === undefined ? 200 : 503, body];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: there is no name in it either.
    return undefined;
  }
}

async function signUp(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > longestBody) return [413, { error: 'too long' }];
  }
  const { name } = parsed(text) ?? {};
  if (typeof name !== 'string' || name === '') return [400, { error: 'expected {"name": "…"}' }];
  const [user, token] = [{ id: randomUUID(), name }, randomBytes(24).toString('base64url')];
  await pool.query((rows) => void rows.set(`token/${token}`, user), { drill: drillOf(request) });
  return [201, { ...user, token }];
}

async function query(request, url) {
  const milliseconds = Math.min(Number(url.searchParams.get('milliseconds') ?? 1), 1000);
  // Whoever says who it is has its own connections counted.
  const owner = String(request.headers['x-run'] ?? '');
  const { open, waits } = await pool.query(() => undefined, { milliseconds, drill: drillOf(request), owner });
  return [200, { open, waits }];
}

async function answer(request) {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, owner] = /^\/users\/([\w-]+)\/messages$/.exec(url.pathname) ?? [];
  switch (`${request.method} ${owner === undefined ? url.pathname : '/messages'}`) {
    case 'GET /health':
      return health(request);
    case 'POST /users':
      return signUp(request);
    case 'GET /messages': {
      const user = await userOf(request);
      if (user?.id !== owner) return [403, { error: 'these are not yours' }];
      const { result } = await pool.query((rows) => messagesOf(rows, owner));
      return [200, { count: result.length, messages: result }];
    }
    case 'GET /query':
      return query(request, url);
    default:
      return [404, { error: `nothing at ${request.method} ${url.pathname}` }];
  }
}

const server = createServer((request, response) => {
  void answer(request)
    .catch((error) => [503, { error: error.message }])
    .then(([status, body]) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`),
    );
});
const endChats = attachChat(server, { userOf, store, idleSeconds: settings.webSocketIdleSeconds });

// Whoever gets a request has a database to ask.
void pool
  .query(() => undefined)
  .then(
    () =>
      server.listen(settings.port, () =>
        process.stdout.write(`netra listens on port ${server.address().port}\n`),
      ),
    (error) => {
      process.stderr.write(`netra has no database: ${error.message}\n`);
      process.exit(1);
    },
  );

process.once('SIGTERM', () => {
  endChats();
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
