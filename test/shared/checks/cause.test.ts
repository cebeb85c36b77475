import { describe, expect, it } from 'vitest';
import { causeOf } from '#shared/checks/cause.ts';
import type { FailureFacts } from '#shared/checks/failure-facts.ts';
import type { Cause } from '#shared/domain/cause.ts';
import type { Check } from '#shared/domain/check.ts';
import { shellLine } from '#shared/report/command.ts';
import { candidate, checkOf, configOf, evidenceOf } from '#test/support/deployment.ts';

const config = configOf({
  runtime: { secrets: { DATABASE_URL: 'database-url:3', API_KEY: 'api-key:1' } },
  healthProbe: { path: '/healthz' },
});
const ready = checkOf({ id: 'ready', suite: 'Cloud Run service', step: 'deploy', outcome: 'fail' });
const causeIn = (facts: Partial<FailureFacts>): Cause =>
  causeOf({
    step: 'deploy',
    code: 'rejected',
    message: 'it did not work',
    lines: [],
    failed: [],
    config,
    revision: candidate.revision,
    ...facts,
  });

/** Cloud Run's own words: https://cloud.google.com/run/docs/troubleshooting */
const didNotListen = {
  reason: 'HEALTH_CHECK_CONTAINER_ERROR',
  message:
    'The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short.',
};
const probeFailed = {
  reason: 'HEALTH_CHECK_CONTAINER_ERROR',
  message: 'The user-provided container failed the configured startup probe checks.',
};
const tcpProbe =
  'Default STARTUP TCP probe failed 1 time consecutively for container "hello-1" on port 8080. The instance was not started. Connection failed with status DEADLINE_EXCEEDED.';
const exit1 = 'Container called exit(1).';
const notStarted = (...lines: string[]): Partial<FailureFacts> => ({
  condition: didNotListen,
  failed: [ready],
  lines,
});
/** What the health check of a revision saw that was ready. */
const probed = (answers: string[], ...lines: string[]): Partial<FailureFacts> => ({
  step: 'health-probe',
  lines,
  failed: [
    checkOf({
      id: 'healthy',
      suite: 'Health',
      outcome: 'fail',
      evidence: evidenceOf({
        attempts: answers.map((seen) => ({ at: evidenceOf().at, ok: seen === '200', seen, durationMs: 1 })),
      }),
    }),
  ],
});
const validated = (observed: string, ...lines: string[]): Partial<FailureFacts> => ({
  step: 'validate',
  lines,
  failed: [checkOf({ outcome: 'fail', evidence: evidenceOf({ observed }) })],
});
const platform = (reason: string, message: string): Partial<FailureFacts> => ({
  condition: { reason, message },
  failed: [ready],
});
const nodeCrash = [
  'node:net:1637',
  'Error: connect ECONNREFUSED 10.0.0.3:5432',
  'at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16) {',
  'errno: -111,',
  "code: 'ECONNREFUSED',",
  "syscall: 'connect',",
  '}',
  'Node.js v24.21.0',
  exit1,
];

describe('the cause of a failure', () => {
  it.each<[string, Partial<FailureFacts>, Cause['class'], RegExp]>([
    [
      'a container that ends at start, by its last word and exit code',
      notStarted('hello 3.0.0: cannot read its configuration, giving up', exit1),
      'does-not-start',
      /^The container ended with exit code 1 before it was ready; its last word: "hello 3\.0\.0: cannot read its configuration, giving up"\.$/,
    ],
    [
      'a container that ends without a word',
      notStarted(exit1),
      'does-not-start',
      /exit code 1 .* wrote nothing/,
    ],
    [
      'a container without a server, which ends well',
      notStarted('done', 'Container called exit(0).'),
      'does-not-start',
      /exit code 0/,
    ],
    [
      'a container that is killed',
      notStarted('up', 'Container terminated on signal 9.'),
      'crashes',
      /signal 9 before/,
    ],
    [
      'a stack trace, by its error',
      notStarted(
        'TypeError: x is not a function',
        'at main (/app/server.mjs:3:9)',
        'Node.js v24.21.0',
        exit1,
      ),
      'does-not-start',
      /its last word: "TypeError: x is not a function"/,
    ],
    [
      'memory',
      notStarted(
        'Memory limit of 512 MiB exceeded with 516 MiB used. Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits',
        'Container terminated on signal 9.',
      ),
      'crashes',
      /out of memory: "Memory limit of 512 MiB exceeded/,
    ],
    [
      'the heap of Node',
      notStarted(
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
        'Container terminated on signal 6.',
      ),
      'crashes',
      /memory/,
    ],
    [
      'a hard-coded port',
      notStarted('Server listening on http://0.0.0.0:3000', tcpProbe),
      'port',
      /^The container listens on port 3000, but Cloud Run asks port 8080/,
    ],
    [
      'a hard-coded port, ended by Cloud Run afterwards',
      notStarted('listening on port 3000', tcpProbe, 'Container called exit(0).'),
      'port',
      /port 3000/,
    ],
    [
      'loopback alone',
      notStarted('Uvicorn running on http://127.0.0.1:8080 (Press CTRL+C to quit)', tcpProbe),
      'port',
      /loopback/,
    ],
    ['silence', notStarted('warming up', tcpProbe), 'port', /nothing listens on port 8080 in time/],
    ['a start that is too slow', notStarted('hello listens on port 8080', tcpProbe), 'port', /too late/],
    [
      'a port that is taken',
      notStarted('Error: listen EADDRINUSE: address already in use :::8080', exit1),
      'port',
      /EADDRINUSE/,
    ],
    [
      'a port for root alone',
      notStarted('Error: listen EACCES: permission denied 0.0.0.0:80', exit1),
      'port',
      /EACCES/,
    ],
    [
      'an image of another machine',
      notStarted('terminated: Application failed to start: failed to load /server: exec format error'),
      'image',
      /exec format error/,
    ],
    [
      'a database out of reach',
      notStarted(...nodeCrash),
      'dependency',
      /^The container cannot reach what it needs: "Error: connect ECONNREFUSED 10\.0\.0\.3:5432", and ended with exit code 1\.$/,
    ],
    [
      'a name that is not found',
      notStarted('Error: getaddrinfo ENOTFOUND db.internal', exit1),
      'dependency',
      /ENOTFOUND/,
    ],
    [
      'a database that does not answer',
      notStarted('dial tcp 10.0.0.3:5432: i/o timeout', exit1),
      'dependency',
      /i\/o timeout/,
    ],
    [
      'a missing permission',
      notStarted('GaxiosError: 7 PERMISSION_DENIED: Missing or insufficient permissions.', exit1),
      'permission',
      /PERMISSION_DENIED/,
    ],
    [
      'a limit of an API',
      notStarted('Error: 8 RESOURCE_EXHAUSTED: Quota exceeded for quota metric', exit1),
      'quota',
      /RESOURCE_EXHAUSTED/,
    ],
    [
      'a wrong password',
      notStarted('error: password authentication failed for user "app"', exit1),
      'secret',
      /password authentication/,
    ],
    [
      'a variable of a secret that is not there',
      notStarted('Error: DATABASE_URL is not set', exit1),
      'secret',
      /DATABASE_URL is not set/,
    ],
    [
      'another variable that is not there',
      notStarted('Error: GREETING is not set', exit1),
      'does-not-start',
      /GREETING/,
    ],
    [
      'a startup probe',
      { ...notStarted('up', 'Container called exit(0).'), condition: probeFailed },
      'probe',
      /startup probe \(TCP port 8080\)/,
    ],
    [
      'a revision that stays pending',
      { failed: [ready], message: 'revision hello-1 is not ready after 600 s' },
      'does-not-start',
      /not ready after 600 s/,
    ],
    [
      'a secret that may not be read',
      platform(
        'SECRETS_ACCESS_CHECK_FAILED',
        'Permission denied on secret: projects/1/secrets/api-key/versions/1 for Revision service account x.',
      ),
      'secret',
      /^Cloud Run says: Permission denied on secret/,
    ],
    ['an image that is gone', platform('CONTAINER_MISSING', "Image 'a/b' not found."), 'image', /not found/],
    [
      'an image that may not be read',
      platform(
        'CONTAINER_IMAGE_UNAUTHORIZED',
        'Google Cloud Run Service Agent must have permission to read the image.',
      ),
      'permission',
      /Service Agent/,
    ],
    [
      'a key that may not be used',
      platform('ENCRYPTION_KEY_PERMISSION_DENIED', ''),
      'permission',
      /ENCRYPTION_KEY_PERMISSION_DENIED/,
    ],
    ['too many revisions', platform('ACTIVE_REVISION_LIMIT_REACHED', 'limit'), 'quota', /limit/],
    [
      'a quota in the text',
      platform('INTERNAL', 'Project quota exceeded for CPU in us-central1'),
      'quota',
      /CPU/,
    ],
    [
      'a network that is not there',
      platform('VPC_NETWORK_NOT_FOUND', 'network "x" not found'),
      'dependency',
      /network/,
    ],
    ['a failure of the platform', platform('INTERNAL', 'try again'), 'does-not-start', /try again/],
    [
      'a health check that says 503',
      probed(['200', '503', '503'], 'hello listens on port 41234'),
      'probe',
      /^GET \/healthz answered 503 instead of 200\.$/,
    ],
    [
      'a health check whose path is not there',
      probed(['404'], 'connect ECONNREFUSED 10.0.0.3:6379'),
      'probe',
      /answered 404/,
    ],
    [
      'a health check that takes too long',
      probed(['no answer in time', 'no answer in time']),
      'probe',
      /gave no answer in time/,
    ],
    ['a health check that may not be called', probed(['401', '403']), 'permission', /answered 401/],
    ['a health check that is throttled', probed(['429']), 'quota', /429/],
    ['nothing that answers', probed(['no answer', 'no answer']), 'port', /Nothing answered/],
    [
      'a container that ends after it was ready',
      probed(['503'], 'Error: boom', 'Container called exit(2).'),
      'crashes',
      /exit code 2 after it was ready; its last word: "Error: boom"/,
    ],
    [
      'an instance that was no longer needed',
      probed(['503'], 'bye', 'Container called exit(0).'),
      'probe',
      /503/,
    ],
    [
      'a health check that fails with its database',
      probed(['503'], 'redis: connection refused'),
      'dependency',
      /redis/,
    ],
    [
      'a candidate that Cloud Run gave up',
      { ...probed(['503'], 'up', exit1), condition: didNotListen },
      'crashes',
      /after/,
    ],
    [
      'a wrong answer',
      validated('greeting = null', 'Error: connect ECONNREFUSED 10.0.0.3:6379'),
      'check',
      /did not work/,
    ],
    [
      'a server error with a reason',
      validated('status 500', 'Error: connect ECONNREFUSED 10.0.0.3:6379'),
      'dependency',
      /6379/,
    ],
    ['a server error without', validated('status 500'), 'check', /did not work/],
    [
      'a secret that preflight misses',
      { step: 'preflight', failed: [checkOf({ suite: 'Secrets', outcome: 'fail' })] },
      'secret',
      /did not work/,
    ],
    [
      'a service that is not as declared',
      { step: 'preflight', failed: [checkOf({ outcome: 'fail' })] },
      'check',
      /did not work/,
    ],
    ['a tag that is not in the registry', { step: 'push' }, 'image', /did not work/],
    ['a build', { step: 'build', buildId: 'b1' }, 'image', /did not work/],
    [
      'traffic that somebody else set',
      { step: 'shift-traffic', message: 'somebody changed the traffic' },
      'unknown',
      /somebody/,
    ],
    [
      'a call that is throttled',
      { code: 'unavailable', message: 'GET https://run.googleapis.com answered 429: RESOURCE_EXHAUSTED' },
      'quota',
      /429/,
    ],
    [
      'a call that may not be made',
      { code: 'permission-denied', message: 'PATCH https://… answered 403' },
      'permission',
      /403/,
    ],
    [
      'a call without an answer',
      { code: 'unavailable', message: 'GET https://… gave no answer' },
      'unknown',
      /no answer/,
    ],
  ])('of %s', (_, facts, wanted, sentence) => {
    const cause = causeIn(facts);
    expect({ class: cause.class, sentence: cause.sentence }).toEqual({
      class: wanted,
      sentence: expect.stringMatching(sentence),
    });
    expect(cause.nextStep).toMatch(/^[A-Z].{20,}/);
  });
});

describe('the next step', () => {
  const line = (facts: Partial<FailureFacts>): string => shellLine(causeIn(facts).command ?? []);

  it('for a container is its log, ready to paste', () => {
    expect(line(notStarted(exit1))).toBe(
      `gcloud logging read 'resource.type="cloud_run_revision" AND resource.labels.revision_name="${candidate.revision}"' --project slipway-local --limit 50`,
    );
  });

  it.each<[string, Partial<FailureFacts>, string]>([
    [
      'the secret that Google names',
      platform('SECRETS_ACCESS_CHECK_FAILED', 'secrets/api-key/versions/1'),
      'gcloud secrets versions list api-key --project slipway-local',
    ],
    [
      'the secret behind the variable that is named',
      notStarted('DATABASE_URL is not set', exit1),
      'gcloud secrets versions list database-url --project slipway-local',
    ],
    [
      'all secrets when none is named',
      notStarted('password authentication failed', exit1),
      'gcloud secrets list --project slipway-local',
    ],
    [
      'what the registry has',
      platform('CONTAINER_MISSING', 'not found'),
      'gcloud artifacts docker images list us-central1-docker.pkg.dev/slipway-local/apps/hello --include-tags --limit 10',
    ],
    [
      'the build’s log',
      { step: 'build', buildId: 'b1' },
      'gcloud builds log b1 --region us-central1 --project slipway-local',
    ],
    ['no log before there is a revision', { step: 'preflight', failed: [checkOf({ outcome: 'fail' })] }, ''],
    ['no log where the revision was refused', { message: 'not declared: x' }, ''],
  ])('shows %s', (_, facts, command) => {
    expect(line(facts)).toBe(command);
  });

  it.each<[Partial<FailureFacts>, string]>([
    [notStarted('listening on port 3000'), 'set runtime.port to 3000'],
    [notStarted('Memory limit of 512 MiB exceeded with 516 MiB used.'), 'Raise runtime.memory above 512Mi'],
    [notStarted('exec format error'), 'linux/amd64'],
    [probed(['403']), 'roles/run.invoker'],
    [platform('CONTAINER_IMAGE_UNAUTHORIZED', 'no'), 'roles/artifactregistry.reader'],
    [validated('status 418'), 'expectation in services/hello.yaml'],
  ])('says what to do', (facts, words) => {
    expect(causeIn(facts).nextStep).toContain(words);
  });
});

it('a check that was not run is no reason to fail over', () => {
  const failed: Check[] = [checkOf({ outcome: 'not-run', reason: 'no job' })];
  expect(causeIn({ step: 'validate', failed }).class).toBe('check');
});
