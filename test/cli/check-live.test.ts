import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problem } from '#functions/triggers/answers.ts';
import { preflightApi } from '#functions/triggers/preflight-api.ts';
import { createWorld, serviceFile, type World } from '#test/support/world.ts';
import { runHere, type Finished } from './run-cli.ts';
import { serve, tokenOf, type Served } from './serve.ts';

/** `check --live` against the real preflight over a real socket; only Google is a fake. */
let server: Served;
let world: World;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-check-'));
  server = await serve(
    async (request) =>
      (await world.finish(preflightApi(world.deps, request))) ?? problem(404, 'no such path'),
  );
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function check(text: string, ...more: string[]): Promise<Finished> {
  const file = join(directory, 'hello.yaml');
  await writeFile(file, text);
  return runHere(['check', file, '--live', ...more], {
    SLIPWAY_API_URL: server.url,
    SLIPWAY_IDENTITY_TOKEN: tokenOf('ana@example.com'),
  });
}

describe('check --live', () => {
  it('counts what passed, suite by suite, and ends with 0', async () => {
    world = createWorld();
    const { code, stdout } = await check(serviceFile());
    expect(code).toBe(0);
    expect(stdout.slice(stdout.indexOf('\n') + 1)).toMatchInlineSnapshot(`
      "  staging: all 18 checks passed
          Cloud Run service 2/2
          APIs 2/2
          Permissions 10/10
          Runtime account 2/2
          Registry 1/1
          Configuration validation 1/1
      "
    `);
  });

  it('says what stands in the way, and ends with 1', async () => {
    world = createWorld();
    world.lookUps.denied.add('me run.services.update');
    const { code, stdout } = await check(serviceFile());
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ deploy may change the service: missing .* run\.services\.update/);
  });

  it('gives advice, and ends with 0 all the same', async () => {
    world = createWorld();
    const { code, stdout } = await check(serviceFile().replace(/, serviceAccount: [^ ]+/, ''));
    expect(code).toBe(0);
    expect(stdout).toMatch(/→ Make a service account for this service/);
  });

  it('says the same as JSON', async () => {
    world = createWorld();
    const { stdout } = await check(serviceFile(), '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { valid: true, live: [{ environment: 'staging', verdict: { status: 'pass' } }] },
    ]);
  });

  it('does not ask about a file that has problems', async () => {
    server.next({ status: 500, body: 'asked all the same' });
    const { code, stdout } = await check('service: 1');
    expect(code).toBe(1);
    expect(stdout).toContain('✗');
    // What would have been answered is still waiting for somebody.
    world = createWorld();
    expect((await check(serviceFile())).code).not.toBe(0);
  });
});
