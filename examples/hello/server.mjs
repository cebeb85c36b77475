// The smallest service worth deploying. release.json says which version it is and, for demonstrations, what is wrong with it.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const faults = [
  'none',
  'exit-at-start',
  'never-healthy',
  'wrong-answer',
  'breaks-under-traffic',
  'fails-some-requests',
];
const {
  version,
  fault = 'none',
  breaksAfterRequests = 20,
  failingRatio = 0.2,
} = JSON.parse(readFileSync(new URL('./release.json', import.meta.url), 'utf8'));

if (!faults.includes(fault))
  throw new Error(`release.json: fault "${fault}" is none of ${faults.join(', ')}`);
if (fault === 'exit-at-start') {
  process.stderr.write(`hello ${version}: cannot read its configuration, giving up\n`);
  process.exit(1);
}

let userRequests = 0;
/** Spread evenly: of 10 requests of users at a ratio of 0.2, the fifth and the tenth. */
const fails = (request) => Math.floor(request * failingRatio) > Math.floor((request - 1) * failingRatio);

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  // Slipway's own probes are not traffic.
  const isProbe = (request.headers['user-agent'] ?? '').startsWith('Slipway/');
  if (!isProbe) userRequests += 1;
  const [status, body] = answer(pathname, isProbe);
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});

function answer(pathname, isProbe) {
  if (pathname !== '/' && pathname !== '/healthz') return [404, { error: `nothing at ${pathname}` }];
  if (fault === 'breaks-under-traffic' && userRequests > breaksAfterRequests) {
    return [500, { error: 'connection pool exhausted' }];
  }
  if (pathname === '/healthz') {
    return fault === 'never-healthy' ? [503, { status: 'starting' }] : [200, { status: 'ok' }];
  }
  // Good in every check and to most users: only their own requests tell.
  if (fault === 'fails-some-requests' && !isProbe && fails(userRequests)) {
    return [500, { error: 'no connection left in the pool' }];
  }
  if (fault === 'wrong-answer') return [200, { service: 'hello', version: null, greeting: null }];
  return [200, { service: 'hello', version, greeting: `Hello from version ${version}` }];
}

const port = Number(process.env.PORT ?? 8080);
server.listen(port, () => process.stdout.write(`hello ${version} listens on port ${port}\n`));

process.once('SIGTERM', () => {
  server.close(() => process.stdout.write(`hello ${version} stopped\n`));
  server.closeIdleConnections();
});
