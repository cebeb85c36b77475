import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/domain/fault.ts';
import type { PeerCertificate } from '#shared/ports/prober.ts';
import { override } from '#test/support/override.ts';
import { outcomes, validating } from './validating.ts';

const service = 'https://hello-424242424242.us-central1.run.app';

describe('a suite', () => {
  const suites = `
  - { title: Always, checks: [{ name: always, path: /always }] }
  - { title: Early, when: [candidate], checks: [{ name: early, path: /early }] }
  - { title: Rest, when: [traffic, after], checks: [{ name: rest, path: /rest }] }
  - { title: Public, through: load-balancer, address: 'https://api.example.com', checks: [{ name: public, path: /public }] }
`;

  it.each<[string, string[]]>([
    ['candidate', ['tag/always', 'tag/early']],
    ['traffic-50', ['tag/always', 'tag/rest']],
    ['traffic-100', ['service/always', 'service/rest', 'https://api.example.com/public']],
  ])('is asked when and where the file says: %s', async (phase, expected) => {
    const { validate, asked } = await validating(suites);
    expect((await validate(phase)).reply).toMatchObject({ status: 'succeeded' });
    const place = (url: string) => url.replace(/^https:\/\/d0+1---[^/]+/, 'tag').replace(service, 'service');
    expect(asked.map(({ url }) => place(url))).toEqual(expected);
    for (const { url, allowedOrigins } of asked) expect(allowedOrigins).toEqual([new URL(url).origin]);
  });

  it("gives a token to the service's own addresses only", async () => {
    const { validate, asked } = await validating(suites, undefined, 'private');
    await validate('traffic-100');
    expect(asked.map(({ audience }) => audience)).toEqual([service, service, undefined]);
  });

  it('is asked eight checks at a time', async () => {
    let open = 0;
    const most: number[] = [];
    const checks = Array.from({ length: 20 }, (_, index) => `{ name: c${index}, path: /${index} }`);
    const { world, validate } = await validating(
      `[{ title: Many, checks: [${checks.join(', ')}] }]`,
      async () => {
        most.push((open += 1));
        await world.clock.sleep(100);
        open -= 1;
        return {};
      },
    );
    expect((await validate()).reply).toMatchObject({ status: 'succeeded' });
    expect(Math.max(...most)).toBe(8);
  });

  it('that hangs goes on over several dispatches, asks nothing twice and ends', async () => {
    const checks = Array.from(
      { length: 20 },
      (_, index) => `{ name: c${index}, severity: advisory, timeout: 30s, path: /${index} }`,
    );
    const { world, toTheEnd, asked } = await validating(
      `[{ title: Hangs, checks: [${checks.join(', ')}] }]`,
      async () => {
        await world.clock.sleep(30_000);
        throw new Fault('timeout', 'no answer within 30 s');
      },
    );
    const { reply, record, dispatches } = await toTheEnd();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(dispatches).toBe(3);
    expect(asked).toHaveLength(20);
    expect(outcomes(record)).toHaveLength(20);
    expect(record.checks.every(({ outcome, step }) => step !== 'validate' || outcome === 'fail')).toBe(true);
  });
});

describe('a check with retries', () => {
  const suites = '[{ title: T, checks: [{ name: a, path: /, retries: 2 }] }]';

  it('that passes later says so and shows every attempt', async () => {
    let count = 0;
    const { validate } = await validating(suites, () => ({ status: (count += 1) < 3 ? 503 : 200 }));
    const { record } = await validate();
    expect(record.checks.find(({ id }) => id === 'a')).toMatchObject({
      outcome: 'pass',
      evidence: {
        observed: 'passed at attempt 3: status 200 in 5 ms',
        attempts: [
          { ok: false, seen: 'status 503' },
          { ok: false, seen: 'status 503' },
          { ok: true, seen: 'status 200 in 5 ms' },
        ],
      },
    });
  });

  it('that never passes fails', async () => {
    const { validate, asked } = await validating(suites, () => ({ status: 503 }));
    expect((await validate()).reply).toEqual({
      seq: 2,
      status: 'rejected',
      reason: 'T: a: at none of 3 attempts, the last: status 503',
    });
    expect(asked.map(({ atMs }) => atMs - asked[0]!.atMs)).toEqual([0, 1000, 2000]);
  });
});

describe('an ordered suite', () => {
  const order = `
  - title: Golden path
    ordered: true
    checks:
      - { name: log-in, path: /login, method: POST, capture: { token: { json: token } } }
      - { name: hint, severity: advisory, path: /hint, capture: { hint: { header: x-hint } } }
      - { name: order, path: /orders, method: POST, headers: { x-token: '\${token}' }, body: '{"t":"\${token}"}', expect: { status: 201 }, capture: { id: { json: id } } }
      - { name: use-hint, severity: advisory, path: '/hints/\${hint}' }
      - { name: look, path: '/orders/\${id}', expect: { contains: shipped } }
      - { name: last, path: /last }
`;
  const secret = 'tok/en"of-a-user';
  const shop =
    (change: Record<string, object> = {}) =>
    ({ url }: { url: string }) => {
      const { pathname } = new URL(url);
      const usual: Record<string, object> = {
        '/login': { body: JSON.stringify({ token: secret }) },
        '/hint': { headers: { 'x-hint': 'h1' } },
        '/orders': { status: 201, body: '{"id":7}' },
        '/orders/7': { body: 'shipped' },
      };
      return change[pathname] ?? usual[pathname] ?? {};
    };

  it('asks one after another and passes values on', async () => {
    const { validate, asked } = await validating(order, shop());
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(asked.map(({ url }) => new URL(url).pathname)).toEqual([
      '/login',
      '/hint',
      '/orders',
      '/hints/h1',
      '/orders/7',
      '/last',
    ]);
    expect(asked[2]).toMatchObject({ headers: { 'x-token': secret }, body: JSON.stringify({ t: secret }) });
    expect(record.checks.find(({ id }) => id === 'look')).toMatchObject({
      evidence: { source: expect.stringMatching(/^GET .*\/orders\/\$\{id\}$/) },
    });
  });

  it('stops after a required check that does not pass, and says of the rest why it was not run', async () => {
    const { validate } = await validating(order, shop({ '/orders': { status: 500 } }));
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'rejected' });
    expect(outcomes(record)).toEqual([
      ['log-in', 'pass'],
      ['hint', 'pass'],
      ['order', 'fail'],
      ['use-hint', 'not-run'],
      ['look', 'not-run'],
      ['last', 'not-run'],
    ]);
    expect(record.checks.find(({ id }) => id === 'last')).toMatchObject({
      reason: '"order" before it did not pass',
    });
  });

  it('goes on after an advisory one, without what only that could give', async () => {
    const { validate } = await validating(order, shop({ '/hint': { status: 404 } }));
    const { reply, record } = await validate();
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(record.checks.find(({ id }) => id === 'hint')).toMatchObject({
      outcome: 'fail',
      evidence: { observed: 'status 404, hint: nothing at header x-hint' },
    });
    expect(record.checks.find(({ id }) => id === 'use-hint')).toMatchObject({
      outcome: 'not-run',
      reason: 'no check before gave it hint',
    });
    expect(outcomes(record).at(-1)).toEqual(['last', 'pass']);
  });

  it('fails where a value is not there', async () => {
    const { validate } = await validating(order, shop({ '/login': { body: '{}' } }));
    expect((await validate()).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('log-in: status 200 in 5 ms, token: nothing at field token'),
    });
  });

  it('keeps values off the record, whatever the service says', async () => {
    const body = `unknown token ${secret} ${JSON.stringify(secret)} ${encodeURIComponent(secret)}`;
    const { validate, world } = await validating(
      order,
      shop({ '/orders/7': { body: `${'x'.repeat(60)} ${body}` } }),
    );
    const { record, reply } = await validate();
    const written = JSON.stringify([record, reply, world.logs]);
    expect(reply).toMatchObject({ status: 'rejected' });
    expect(written).not.toContain('tok/en');
    expect(written).not.toContain('tok%2Fen');
    expect(written).toContain('${token}');
  });

  it('has 45 s as a whole', async () => {
    const checks = ['a', 'b', 'c'].map((name) => `{ name: ${name}, path: /${name}, timeout: 20s }`);
    const { validate, world } = await validating(
      `[{ title: Slow, ordered: true, checks: [${checks.join(', ')}] }]`,
      async () => {
        await world.clock.sleep(19_000);
        return {};
      },
    );
    const { record } = await validate();
    expect(outcomes(record)).toEqual([
      ['a', 'pass'],
      ['b', 'pass'],
      ['c', 'not-run'],
    ]);
    expect(record.checks.at(-1)).toMatchObject({
      reason: 'less than 20 s were left of the 45 s for the whole suite',
    });
  });
});

describe('a certificate', () => {
  const shown: PeerCertificate = {
    protocol: 'TLSv1.3',
    subject: 'hello',
    names: ['hello'],
    issuer: 'CA',
    validFromMs: 0,
    validToMs: Date.UTC(2999, 0, 1),
  };
  const suite = (address: string) =>
    `[{ title: TLS, through: load-balancer, address: '${address}', checks: [{ name: cert, kind: tls }] }]`;

  it('is looked at where the suite is asked, at the time that is', async () => {
    const { validate, world } = await validating(suite('https://api.example.com'));
    const urls: string[] = [];
    override(world.deps.prober, 'certificate', () => async ({ url }) => {
      urls.push(url);
      return { ...shown, validToMs: world.clock.now() + 1000 };
    });
    expect((await validate('traffic-100')).reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringContaining('TLS: cert: it expires in 0 days'),
    });
    expect(urls).toEqual(['https://api.example.com']);
  });

  it('of an address without TLS is not run, which is no pass', async () => {
    const { validate } = await validating(suite('http://127.0.0.1:8080'));
    const { reply, record } = await validate('traffic-100');
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: 'TLS: cert: http://127.0.0.1:8080 has no TLS',
    });
    expect(outcomes(record)).toEqual([['cert', 'not-run']]);
  });
});

describe('figures of users’ requests', () => {
  const suites = `[{ title: Users, checks: [{ name: errors, kind: metrics, errorRatio: 1%, latencyP95: 200ms }] }]`;
  const stats = (serverErrors: number) => ({
    requests: 1000,
    serverErrors,
    latencies: [{ fromMs: 0, toMs: 100, count: 1000 }],
    covered: { fromMs: 0, toMs: 1 },
  });

  it.each([
    [stats(5), 'succeeded', 'pass', '5 of 1000 requests (0.5 %)'],
    [stats(50), 'rejected', 'fail', '50 of 1000 requests (5 %)'],
    [
      { requests: 0, serverErrors: 0, latencies: [], covered: undefined },
      'rejected',
      'inconclusive',
      '0 requests, 50 needed',
    ],
  ])('are judged once they can be there: %#', async (given, status, outcome, observed) => {
    const { toTheEnd, world } = await validating(suites);
    const windows: number[] = [];
    override(world.deps.monitoring, 'requestStats', () => async (_ref, _revision, { toMs }) => {
      windows.push(toMs);
      return given;
    });
    const begun = world.clock.now();
    const { reply, record } = await toTheEnd('traffic-50');
    expect(reply).toMatchObject({ status });
    expect(outcomes(record)).toEqual([['errors', outcome]]);
    expect(record.checks.at(-1)).toMatchObject({ evidence: { observed: expect.stringContaining(observed) } });
    expect(world.clock.now() - begun).toBeGreaterThanOrEqual(world.deps.config.monitoringLagSeconds * 1000);
    // From then on the suites themselves are among the requests.
    expect(new Set(windows)).toEqual(new Set([begun]));
  });

  it('are not asked for before there is traffic', async () => {
    const { validate } = await validating(suites);
    expect((await validate()).reply).toMatchObject({ status: 'succeeded' });
  });
});
