import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api } from '#functions/triggers/api.ts';
import { recordAttempt } from '#shared/ledger/audit.ts';
import { createWorld } from '#test/support/world.ts';
import { runHere, type Finished } from './run-cli.ts';
import { serve, tokenOf, type Served } from './serve.ts';

let server: Served;
/** What the api is asked, and what it answers next. */
const asked: string[] = [];
let body: unknown;
beforeAll(async () => {
  server = await serve(async ({ path, query }) => {
    asked.push(`${path}?${query.toString()}`);
    return { status: 200, body };
  });
});
afterAll(() => server.close());
const slipway = (...words: string[]): Promise<Finished> =>
  runHere(words, { SLIPWAY_API_URL: server.url, SLIPWAY_IDENTITY_TOKEN: tokenOf('ana@example.com') });

const good = { id: 'token', ok: true, what: "the app's token", found: 'it is @deploy in Acme (T0ACME)' };
const open = { id: 'command-url', ok: 'unknown', what: 'where commands arrive', found: 'not tried' };
const bad = {
  id: 'channel:C0000001',
  ok: false,
  what: 'channel C0000001 (hello staging: slack.channel)',
  found: 'the app is not in #ops\u001B\nsecond line',
  fix: 'In #ops, send: /invite @deploy',
};

describe('doctor slack', () => {
  it('says what is wrong and what to click, and ends with exit code 1', async () => {
    body = { findings: [good, open, bad] };
    const { code, stdout } = await slipway('doctor', 'slack');
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "✓ the app's token: it is @deploy in Acme (T0ACME)
      ? where commands arrive: not tried
      ✗ channel C0000001 (hello staging: slack.channel): the app is not in #ops
          second line
          → In #ops, send: /invite @deploy

      1 good · 1 wrong · 1 not known
      "
    `);
    expect(asked.at(-1)).toBe('/doctor/slack?');
  });

  it('is content with what is not known', async () => {
    body = { findings: [good, open] };
    expect((await slipway('doctor', 'slack')).code).toBe(0);
  });

  it('says the same as JSON', async () => {
    body = { findings: [good, bad] };
    const { code, stdout } = await slipway('doctor', 'slack', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([good, bad]);
  });
});

describe('audit', () => {
  const entry = {
    id: 'slack/0123',
    at: '2026-01-01T00:00:00.000Z',
    person: 'ana@example.com',
    via: 'slack',
    action: 'roll\u001Bback',
    service: 'hello',
    environment: 'production',
    decision: 'refused',
    reason: 'ana@example.com may not roll back hello production',
  };

  it('shows who asked for what, from where, and what came of it', async () => {
    body = { audit: [entry, { ...entry, service: undefined, environment: undefined, action: 'doctor' }] };
    const { code, stdout } = await slipway('audit');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^WHEN +WHO +FROM +ACTION +WHERE +DECISION +REASON\n/);
    expect(stdout).toMatch(/ days ago +ana@example\.com +slack +rollback +hello production +refused +ana@/);
    expect(stdout).toMatch(/ days ago +ana@example\.com +slack +doctor +– +refused/);
    expect(stdout).not.toContain('\u001B');
    expect(asked.at(-1)).toBe('/audit?limit=20');
  });

  it('reads what the api function has on record', async () => {
    const { deps } = createWorld();
    const { id, at, person, action, service, environment, reason } = entry;
    const attempt = { id, at, person, action, service, environment, reason };
    await recordAttempt(deps.ledger, { ...attempt, via: 'slack', decision: 'refused' });
    const real = await serve((request) => api(deps, request));
    const env = { SLIPWAY_API_URL: real.url, SLIPWAY_IDENTITY_TOKEN: tokenOf('ana@example.com') };
    const { code, stdout } = await runHere(['audit', 'hello', '--json'], env);
    await real.close();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ id, person, reason, decision: 'refused' }),
    ]);
  });

  it('asks for one service and as many as told', async () => {
    body = { audit: [] };
    const { stdout } = await slipway('audit', 'hello', '--limit', '5');
    expect(stdout).toBe('Nobody has asked for anything of hello yet.\n');
    expect(asked.at(-1)).toBe('/audit?service=hello&limit=5');
  });

  it('gives everything it was told as JSON', async () => {
    body = { audit: [entry] };
    expect(JSON.parse((await slipway('audit', '--json')).stdout)).toEqual([entry]);
  });

  it('refuses a limit that is none', async () => {
    expect((await slipway('audit', '--limit', '0')).code).toBe(2);
  });
});
