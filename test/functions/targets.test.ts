import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getFunction } from '@google-cloud/functions-framework/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import targets from '#functions/targets.json' with { type: 'json' };

/** `functions/index.ts` and `functions/targets.json` say the same, and a function loads what it needs and no more. */

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('a target is registered', () => {
  beforeAll(() => import('#functions/index.ts'));

  test.each(targets.targets)('$name', ({ name }) => {
    expect(getFunction(name)).toBeTypeOf('function');
  });
});

test('only what verifies its callers by itself is public', () => {
  const open = targets.targets.filter((target) => 'access' in target);
  expect(open).toEqual([expect.objectContaining({ name: 'chatops', kind: 'http', access: 'public' })]);
});

const env = {
  PATH: process.env['PATH'] ?? '',
  SLIPWAY_PROJECT: 'slipway-local',
  SLIPWAY_PROJECT_NUMBER: '424242424242',
  SLIPWAY_REGION: 'us-central1',
  SLIPWAY_BUCKET: 'slipway',
  SLIPWAY_LEDGER: 'sqlite::memory:',
  // Nothing answers there.
  GCE_METADATA_HOST: '127.0.0.1:9',
};

describe('a function that is deployed as', () => {
  test('chatops loads neither the ledger nor a client of Google or Slack', async () => {
    const { code, modules } = await started({
      FUNCTION_TARGET: 'chatops',
      SLACK_SIGNING_SECRET: 's',
      SLACK_TEAM_IDS: 'T0LOCAL',
    });
    expect(code).toBe(0);
    const own = modules.filter((url) => !url.includes('/node_modules/'));
    const packages = new Set(
      modules.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []),
    );
    expect(own.some((url) => url.endsWith('/functions/triggers/chatops.ts'))).toBe(true);
    expect(own.filter((url) => /\/(steps|ledger|reconcile|orders)\/|create-deps/.test(url))).toEqual([]);
    expect(
      [...packages].filter((name) =>
        /^@google-cloud\/(?!functions-framework)|^@slack|firestore|google-gax/.test(name),
      ),
    ).toEqual([]);
  });

  test('notify loads no step', async () => {
    const { code, modules } = await started({ FUNCTION_TARGET: 'notify' });
    expect(code).toBe(0);
    expect(modules.some((url) => url.endsWith('/functions/triggers/notify.ts'))).toBe(true);
    expect(modules.filter((url) => url.includes('/functions/steps/'))).toEqual([]);
  });

  test.each([
    [
      'a signing secret',
      { SLACK_TEAM_IDS: 'T0LOCAL', SLACK_SIGNING_SECRET: '' },
      'SLACK_SIGNING_SECRET is empty',
    ],
    ['a workspace', { SLACK_SIGNING_SECRET: 's' }, 'SLACK_TEAM_IDS is empty'],
    ['its environment', { SLIPWAY_PROJECT: '' }, 'SLIPWAY_PROJECT: '],
  ])('chatops does not start without %s', async (_, more, problem) => {
    const { code, errors } = await started({ FUNCTION_TARGET: 'chatops', ...more });
    expect(code).not.toBe(0);
    expect(errors).toContain(problem);
  });
});

/** Loads the entry in a process of its own. @returns what was loaded besides Node's own modules */
function started(more: Record<string, string>): Promise<{ code: number; modules: string[]; errors: string }> {
  const script = `
    import { registerHooks } from 'node:module';
    const urls = new Set();
    registerHooks({ load(url, context, next) { urls.add(url); return next(url, context); } });
    await import('#functions/index.ts');
    console.log('MODULES ' + JSON.stringify([...urls]));
    process.exit(0);`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', script],
      { cwd: root, env: { ...env, ...more }, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        const list = /^MODULES (.*)$/m.exec(stdout)?.[1] ?? '[]';
        resolve({
          code: error ? Number(error.code) : 0,
          modules: JSON.parse(list) as string[],
          errors: stderr,
        });
      },
    );
  });
}
