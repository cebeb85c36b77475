import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './module.ts';

/**
 * The real Terraform, where there is one. `fmt` needs nothing else. `validate`, `plan` and `test` need the provider: they
 * run where `TF_CLI_CONFIG_FILE` names a configuration with a mirror of it, and nothing is fetched here.
 */

const hasTerraform = ((): boolean => {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const configuration = process.env['TF_CLI_CONFIG_FILE'] ?? '';
const hasProvider =
  hasTerraform && existsSync(configuration) && /_mirror/.test(readFileSync(configuration, 'utf8'));
if (!hasTerraform) console.warn('terraform: NOT TESTED, there is no terraform on PATH');
else if (!hasProvider)
  console.warn(
    'terraform validate, plan, test: NOT TESTED, TF_CLI_CONFIG_FILE names no mirror of the provider',
  );

/** @returns what was printed, once it is done. Rejects with it when the command failed. */
const terraform = (folder: string, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('terraform', args, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(`terraform ${args.join(' ')}: ${stdout}${stderr}`)) : resolve(stdout),
    );
  });

test.skipIf(!hasTerraform)('the files are formatted as Terraform formats them', async () => {
  await expect(terraform(join(root, 'terraform'), 'fmt', '-check', '-recursive')).resolves.toBe('');
});

describe.skipIf(!hasProvider)('with a provider', { timeout: 120_000 }, () => {
  let copy: string;

  // A copy, so that no lock file and no state is left in the sources.
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'slipway-terraform-'));
    for (const path of ['terraform', 'workflows', 'functions/targets.json', 'shared/ledger/indexes.json'])
      await cp(join(root, path), join(copy, path), { recursive: true });
  });
  afterAll(() => rm(copy, { recursive: true }));

  test('the module is valid, and its own tests pass', async () => {
    const folder = join(copy, 'terraform');
    await terraform(folder, 'init', '-backend=false', '-input=false');
    await expect(terraform(folder, 'validate', '-no-color')).resolves.toContain('Success!');
    await expect(terraform(folder, 'test', '-no-color')).resolves.toMatch(/Success! \d+ passed, 0 failed/);
  });

  test('the example plans without any input but a project, and with Slack', async () => {
    const folder = join(copy, 'terraform/examples/complete');
    await terraform(folder, 'init', '-backend=false', '-input=false');
    const zip = join(copy, 'functions/targets.json');
    const plan = (...more: string[]) =>
      terraform(
        folder,
        'plan',
        '-no-color',
        '-input=false',
        '-var=project_id=my-deployer',
        `-var=functions_zip=${zip}`,
        ...more,
      );
    await expect(plan()).resolves.toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    const withSlack = await plan('-var=slack={team_ids=["T012AB3CD"]}');
    expect(withSlack).toContain('google_cloudfunctions2_function.main["chatops"] will be created');
  });
});
