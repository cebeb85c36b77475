import { describe, expect, it } from 'vitest';
import { fieldOf, says } from '#shared/checks/body.ts';
import { expectedHealth, judgeHealth, percentiles } from '#shared/checks/health.ts';
import { HealthProbe } from '#shared/domain/service/checks.ts';

const probe = (given: object = {}) => HealthProbe.parse(given);
const answer = (body: string, status = 200) => ({ status, body, headers: {}, durationMs: 3 });

describe('text in a body', () => {
  it.each([
    ['healthy', 'healthy', true],
    ['{"status":"healthy"}', 'healthy', true],
    ['unhealthy', 'healthy', false],
    ['healthy_not', 'healthy', false],
    ['healthy2', 'healthy', false],
    ['un-healthy', 'healthy', true],
    ['unhealthy, then healthy', 'healthy', true],
    ['größe', 'gr', false],
    ['𝒜healthy', 'healthy', false],
    ['😀healthy😀', 'healthy', true],
    ['{"ready":true}', '"ready":true', true],
    ['{"ready":trueish}', '"ready":true', false],
    ['ok!', '!', true],
  ])('%j says %j: %s', (body, text, said) => {
    expect(says(body, text)).toBe(said);
  });
});

describe('a field of a body', () => {
  const body = '{"a":{"b":[{"c":1}]},"a.b":"whole","n":null}';
  it.each([
    ['a.b', 'whole'],
    ['a.b.0.c', 1],
    ['n', null],
    ['n.x', undefined],
    ['a.toString', undefined],
    ['a.b.length', undefined],
  ])('%s', (field, value) => {
    expect(fieldOf(field === 'a.b.length' ? '{"a":{"b":"text"}}' : body, field)).toBe(value);
  });
});

describe('the health of a service', () => {
  const deep = probe({
    status: [200, 204],
    expect: { contains: 'healthy', json: { status: 'healthy' } },
    dependencies: {
      database: { field: 'checks.database', equals: 'ok' },
      cache: { field: 'checks.cache', equals: 'ok', severity: 'advisory' },
    },
  });
  const body = (status: string, database = 'ok', cache = 'ok') =>
    JSON.stringify({ status, checks: { database, cache } });

  it('is good when status, body and all it needs are', () => {
    expect(judgeHealth(deep, answer(body('healthy')))).toEqual({
      ok: true,
      seen: '200',
      dependencies: [
        { name: 'database', ok: true, observed: 'checks.database = "ok"' },
        { name: 'cache', ok: true, observed: 'checks.cache = "ok"' },
      ],
    });
    expect(judgeHealth(deep, answer(body('healthy'), 204)).ok).toBe(true);
  });

  it('is not told by the status alone', () => {
    expect(judgeHealth(deep, answer(body('unhealthy')))).toMatchObject({
      ok: false,
      seen: '200, no "healthy" in it, status = "unhealthy"',
    });
  });

  it('is not told by a body that is too long to be read', () => {
    const beginning = '{"status":"healthy","padding":"'.padEnd(1024 * 1024, 'x');
    const json = { status: 200, expect: { json: { status: 'healthy' } } };
    expect(judgeHealth(json, { ...answer(beginning), truncated: true })).toMatchObject({
      ok: false,
      seen: '200, status = missing, only the beginning of the body was read',
    });
  });

  it('needs what is required of it, and only reports the rest', () => {
    expect(judgeHealth(deep, answer(body('healthy', 'down')))).toMatchObject({
      ok: false,
      seen: '200, database: checks.database = "down"',
    });
    expect(judgeHealth(deep, answer(body('healthy', 'ok', 'down')))).toMatchObject({
      ok: true,
      dependencies: [{ ok: true }, { name: 'cache', ok: false, observed: 'checks.cache = "down"' }],
    });
  });

  it('says by its body what is down also when its status is bad', () => {
    expect(judgeHealth(deep, answer(body('unhealthy', 'down'), 503))).toMatchObject({
      ok: false,
      seen: '503',
      dependencies: [
        { name: 'database', ok: false },
        { name: 'cache', ok: true },
      ],
    });
  });

  it('is expected in words', () => {
    expect(expectedHealth(deep)).toBe(
      '200 or 204, a body with "healthy", status = "healthy", checks.database = "ok"',
    );
    expect(expectedHealth(probe())).toBe('200');
  });
});

describe('latencies', () => {
  it('are those of the good attempts, by nearest rank', () => {
    const attempts = Array.from({ length: 100 }, (_, index) => ({ ok: true, durationMs: 100 - index }));
    const bad = { ok: false, durationMs: 5000 };
    expect(percentiles([...attempts, bad])).toEqual({ p50Ms: 50, p95Ms: 95, p99Ms: 99, count: 100 });
    expect(percentiles([{ ok: true, durationMs: 7 }])).toEqual({ p50Ms: 7, p95Ms: 7, p99Ms: 7, count: 1 });
  });

  it('are not there when nothing was good', () => {
    expect(percentiles([{ ok: false, durationMs: 5 }])).toBeUndefined();
  });
});
