import { describe, expect, it } from 'vitest';
import type { Check } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { StepReply } from '#shared/domain/protocol.ts';
import type { Logging, Monitoring, RequestStats } from '#shared/ports/signals.ts';
import type { Deps } from '#functions/deps.ts';
import { admitted, dispatch, establish, settled } from '#test/support/dispatch.ts';
import { override } from '#test/support/override.ts';
import { createWorld, image, serviceFile, type World } from '#test/support/world.ts';

/** The watch over users' requests while the candidate has traffic; Monitoring's figures are 180 s late here. */
const candidate = 'hello-d00000000001';
const stable = 'hello-stable';

/** Requests by revision and searches of the log, as a test says. */
interface Signals {
  stats: Record<string, Partial<RequestStats> | Fault>;
  errors: number | Fault;
  asked: { revision: string; fromMs: number; toMs: number }[];
  searches: number[];
}

const entry = { at: '2026-01-01T00:00:00Z', severity: 'ERROR', text: 'GET / answered 500', status: 500 };

async function underTraffic(lines: string[], given: Partial<Signals> = {}, percent = 50) {
  const signals: Signals = { stats: {}, errors: 0, asked: [], searches: [], ...given };
  const monitoring: Monitoring = {
    async requestStats(_ref, revision, window) {
      signals.asked.push({ revision, ...window });
      const stats = signals.stats[revision] ?? {};
      if (stats instanceof Fault) throw stats;
      return { requests: 0, serverErrors: 0, latencies: [], covered: window, ...stats };
    },
  };
  const logging: Logging = {
    async entries(_ref, revision, { limit }) {
      if (signals.errors instanceof Fault) throw signals.errors;
      signals.searches.push(world.clock.now());
      return Array.from(
        { length: revision === candidate ? Math.min(limit, signals.errors) : 0 },
        () => entry,
      );
    },
  };
  const world = createWorld({ monitoring, logging } satisfies Partial<Deps>);
  await establish(world);
  const digest = world.release('v1');
  const text = serviceFile(`analysis:\n${lines.map((line) => `  ${line}\n`).join('')}`).replace(
    'bake: 2s',
    'bake: 60s',
  );
  await admitted(world, { release: { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] } }, text);
  await dispatch(world, 'deploy', 1);
  await settled(world);
  await dispatch(world, 'shift-traffic', 2, `traffic-${percent}`);
  return { world, signals, start: world.clock.now(), phase: `traffic-${percent}` };
}

type Watched = Awaited<ReturnType<typeof underTraffic>>;

/** Dispatches as the workflow would: again after each `pending`, as late as it says, or that much later. */
async function watched({ world, start, phase }: Watched, lateSeconds = 0) {
  let seen: { reply: StepReply | undefined; record: Deployment } | undefined;
  for (let seq = 3; seq < 2000; seq += 1) {
    seen = await dispatch(world, 'health-probe', seq, phase);
    if (seen.reply?.status !== 'pending') break;
    await world.pass(Math.max(0.1, seen.reply.again - world.clock.now() / 1000) + lateSeconds);
  }
  const { reply, record } = seen!;
  const checks = record.checks.filter((check) => check.suite === 'Users’ requests');
  return { reply, seconds: (world.clock.now() - start) / 1000, checks, record };
}
const outcomeOf = (checks: Check[], id: string) => checks.find((check) => check.id === id)?.outcome;

const good = { [candidate]: { requests: 5000 }, [stable]: { requests: 5000 } };
const bad = { [candidate]: { requests: 5000, serverErrors: 1000 }, [stable]: { requests: 5000 } };
const ratios = 'errorRatio: { maximum: 1%, aboveStable: 1% }';

describe('figures of a candidate', () => {
  it('are judged when they cannot change any more, from the shift to the end of the bake', async () => {
    const watch = await underTraffic([ratios], { stats: good });
    const { reply, seconds, checks } = await watched(watch);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(seconds).toBeGreaterThanOrEqual(240);
    expect(seconds).toBeLessThan(260);
    expect(checks.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass']);
    expect(watch.signals.asked.map(({ revision }) => revision).toSorted()).toEqual([candidate, stable]);
    for (const { fromMs, toMs } of watch.signals.asked) {
      expect(fromMs).toBe(watch.start);
      expect(toMs - fromMs).toBeGreaterThanOrEqual(60_000);
    }
  });

  it('that are bad end the deployment, although the probes are good', async () => {
    const { reply, checks, record } = await watched(await underTraffic([ratios], { stats: bad }));
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringMatching(/^bad for users: Server errors: 1000 of 4\d\d\d requests/),
    });
    expect(outcomeOf(checks, 'error-ratio')).toBe('fail');
    expect(outcomeOf(record.checks, 'healthy')).toBe('pass');
    expect(record.failure).toMatchObject({ ending: 'rejected' });
  });

  it('are without our own probes: all at its own address, its share of those at the service’s', async () => {
    const { checks, record } = await watched(
      await underTraffic([ratios], {
        stats: { [candidate]: { requests: 180 }, [stable]: { requests: 180 } },
      }),
    );
    const healthy = record.checks.find((check) => check.phase === 'traffic-50' && check.id === 'healthy');
    const probes = healthy && healthy.outcome !== 'not-run' ? healthy.evidence.attempts!.length : 0;
    const inWindow = 180 - Number(/^\d+/.exec(observedOf(checks, 'enough-requests'))![0]);
    expect(inWindow).toBeGreaterThan(probes);
    expect(inWindow).toBeLessThanOrEqual(Math.round(probes * 1.5));
  });

  it('are compared with nothing at 100 %', async () => {
    const { signals, ...watch } = await underTraffic([ratios], { stats: good }, 100);
    const { reply, checks } = await watched({ signals, ...watch });
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(checks.map(({ id }) => id)).toEqual(['enough-requests', 'error-ratio']);
    expect(signals.asked.map(({ revision }) => revision)).toEqual([candidate]);
  });
});

const observedOf = (checks: Check[], id: string): string => {
  const check = checks.find((known) => known.id === id);
  return check && check.outcome !== 'not-run' ? check.evidence.observed : '';
};

describe('too little to judge by', () => {
  it.each([
    ['extend', ['extendBy: 60s', 'maximumExtensions: 2'], 'succeeded', 'advisory', 360],
    ['go-on', [], 'succeeded', 'advisory', 240],
    ['roll-back', [], 'rejected', 'required', 240],
    ['hold', [], 'rejected', 'required', 86_640],
  ] as const)('with "%s" ends so', async (policy, more, status, severity, afterSeconds) => {
    const watch = await underTraffic([ratios, `inconclusive: ${policy}`, ...more]);
    const isLong = policy === 'hold';
    const { reply, seconds, checks } = await watched(watch, isLong ? 600 : 0);
    expect(reply).toMatchObject({ status });
    expect(seconds).toBeGreaterThanOrEqual(afterSeconds);
    expect(seconds).toBeLessThan(afterSeconds + (isLong ? 700 : 30));
    expect(new Set(checks.map((check) => `${check.outcome} ${check.severity}`))).toEqual(
      new Set([`inconclusive ${severity}`]),
    );
  });

  it.each(['extend', 'hold'])('with "%s" ends as soon as there is enough', async (policy) => {
    const watch = await underTraffic([ratios, `inconclusive: ${policy}`]);
    setStats(watch, 300, good);
    const { reply, seconds } = await watched(watch);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThan(330);
  });

  it('is what figures are that cannot be read: no fault, no failure, no pass', async () => {
    const refused = new Fault('permission-denied', 'GET timeSeries answered 403');
    const watch = await underTraffic([ratios, 'inconclusive: go-on'], {
      stats: { [candidate]: refused, [stable]: refused },
    });
    const { reply, checks } = await watched(watch);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(observedOf(checks, 'error-ratio')).toBe('GET timeSeries answered 403');
    expect(outcomeOf(checks, 'error-ratio')).toBe('inconclusive');
  });

  it('does not hide a candidate that becomes unhealthy meanwhile', async () => {
    const watch = await underTraffic([ratios, 'inconclusive: hold']);
    const { world, start } = watch;
    override(
      world.deps.prober,
      'request',
      (request) => async (wanted) =>
        world.clock.now() < start + 400_000
          ? request(wanted)
          : { status: 503, body: '', headers: {}, durationMs: 1 },
    );
    const { reply, seconds } = await watched(watch);
    expect(reply).toMatchObject({
      status: 'rejected',
      reason: expect.stringMatching(/^unhealthy under traffic/),
    });
    expect(seconds).toBeLessThan(500);
  });
});

/** From that second on the figures are these. */
function setStats({ world, signals, start }: Watched, second: number, stats: Signals['stats']): void {
  override(world.deps.monitoring, 'requestStats', (requestStats) => async (...given) => {
    if (world.clock.now() >= start + second * 1000) signals.stats = stats;
    return requestStats(...given);
  });
}

describe('server errors in the request log', () => {
  const limit = 'serverErrorLogs: { maximum: 5 }';

  it('end the bake at once when they are too many', async () => {
    const { reply, seconds, checks, record } = await watched(await underTraffic([limit], { errors: 6 }));
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringContaining('more than 5') });
    expect(seconds).toBeLessThan(5);
    expect(outcomeOf(checks, 'server-errors-in-log')).toBe('fail');
    expect(outcomeOf(record.checks, 'healthy')).toBe('inconclusive');
  });

  it('are looked for every 15 s, by whichever process is at work, and once more at the end', async () => {
    const watch = await underTraffic([limit], { errors: 5 });
    const { reply, seconds, checks } = await watched(watch);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(seconds).toBeLessThan(70);
    expect(observedOf(checks, 'server-errors-in-log')).toMatch(/^5; the newest at /);
    const { searches } = watch.signals;
    const gaps = searches.slice(1).map((ms, index) => ms - searches[index]!);
    expect(searches.length).toBeGreaterThanOrEqual(4);
    expect(Math.min(...gaps.slice(0, -1))).toBeGreaterThanOrEqual(15_000);
    expect(searches.at(-1)! - watch.start).toBeGreaterThanOrEqual(60_000);
  });

  it('pass together with the figures, when those are there', async () => {
    const watch = await underTraffic([ratios, limit], { stats: good, errors: 5 });
    const { reply, checks } = await watched(watch);
    expect(reply).toMatchObject({ status: 'succeeded' });
    expect(checks.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('that come only while the figures are awaited end it too', async () => {
    const watch = await underTraffic([ratios, limit], { stats: good });
    const { world, signals, start } = watch;
    override(world.deps.logging, 'entries', (entries) => async (...given) => {
      if (world.clock.now() > start + 120_000) signals.errors = 6;
      return entries(...given);
    });
    const { reply, seconds } = await watched(watch);
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringContaining('more than 5') });
    expect(seconds).toBeLessThan(150);
  });

  it('that cannot be searched for leave the answer open', async () => {
    const errors = new Fault('unavailable', 'POST entries:list answered 429');
    const watch = await underTraffic([limit, 'inconclusive: roll-back'], { errors });
    const { reply, checks } = await watched(watch);
    expect(reply).toMatchObject({ status: 'rejected', reason: expect.stringContaining('answered 429') });
    expect(outcomeOf(checks, 'server-errors-in-log')).toBe('inconclusive');
  });
});

describe('a candidate that does not start', () => {
  const failing = async (entries: Logging['entries']): Promise<{ world: World; reason: string }> => {
    const world = createWorld({ logging: { entries } });
    await establish(world);
    const digest = world.release('v1', { start: 'fails' });
    await admitted(world, { release: { image, digest, sizeBytes: 1, platforms: ['linux/amd64'] } });
    const { reply } = await dispatch(world, 'deploy', 1);
    return { world, reason: reply?.status === 'rejected' ? reply.reason : '' };
  };

  it('is explained by what it wrote last, once that can be read', async () => {
    let calls = 0;
    const { reason } = await failing(async () => {
      calls += 1;
      if (calls < 3) return [];
      return ['cannot read its configuration', 'x'.repeat(500)].map((text) => ({ ...entry, text }));
    });
    expect(reason).toMatch(/ Its last words: "cannot read its configuration", "x{200}"$/);
  });

  it('is refused without it when the log cannot be read', async () => {
    const { world, reason } = await failing(async () => {
      throw new Fault('permission-denied', 'POST entries:list answered 403');
    });
    expect(reason).not.toBe('');
    expect(reason).not.toContain('last words');
    expect(world.logs.map(([severity]) => severity)).toContain('WARNING');
  });
});
