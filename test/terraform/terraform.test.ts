import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './module.ts';
import { copyOfModule, hasProvider, planned, terraform, version, type Planned } from './planned.ts';

/**
 * `fmt` needs nothing but Terraform. `validate`, `plan` and `test` need the provider: they run where `TF_CLI_CONFIG_FILE`
 * names a configuration with a mirror of it.
 */

if (version === undefined) console.warn('terraform: NOT TESTED, there is no terraform on PATH');
else if (!hasProvider)
  console.warn(
    'terraform validate, plan, test: NOT TESTED, TF_CLI_CONFIG_FILE names no mirror of the provider',
  );

test.skipIf(version === undefined)('the files are formatted as Terraform formats them', async () => {
  await expect(terraform(join(root, 'terraform'), 'fmt', '-check', '-recursive')).resolves.toBe('');
});

describe.skipIf(!hasProvider)('with a provider', { timeout: 120_000 }, () => {
  let copy: string;

  beforeAll(async () => {
    copy = await copyOfModule();
  });
  afterAll(() => rm(copy, { recursive: true }));

  test('the module is valid, and its own tests pass', async () => {
    const folder = join(copy, 'terraform');
    await terraform(folder, 'init', '-backend=false', '-input=false');
    await expect(terraform(folder, 'validate', '-no-color')).resolves.toContain('Success!');
    await expect(terraform(folder, 'test', '-no-color')).resolves.toMatch(/Success! \d+ passed, 0 failed/);
  });

  const example = async (name: string): Promise<string> => {
    const folder = join(copy, 'terraform/examples', name);
    await terraform(folder, 'init', '-backend=false', '-input=false');
    return folder;
  };
  // Any file stands for the archive.
  const zip = (): string => `-var=functions_zip=${join(copy, 'functions/targets.json')}`;
  const inOne = (...more: string[]): string[] => ['-var=project_id=my-deployer', zip(), ...more];

  test('the example plans without any input but a project, and with Slack', async () => {
    const folder = await example('complete');
    const named = async (...more: string[]): Promise<string[]> =>
      (await planned(folder, ...inOne(...more))).map(({ address }) => address);
    const chatops = 'module.slipway.google_cloudfunctions2_function.main["chatops"]';
    expect(await named()).not.toContain(chatops);
    expect(await named('-var=slack={team_ids=["T012AB3CD"]}')).toContain(chatops);
  });

  test('what is applied is as it should be: a second plan is empty; the images outlive it', async () => {
    const folder = await example('complete');
    const state = `-state=${join(copy, 'life.tfstate')}`;
    const change = (...args: string[]) => terraform(folder, ...args, '-input=false', '-no-color', state);
    await change('apply', '-auto-approve', ...inOne());
    // 2 would mean that there is something to change.
    await expect(change('plan', '-detailed-exitcode', ...inOne())).resolves.toContain('No changes');
    await expect(change('destroy', '-auto-approve', ...inOne())).rejects.toThrow('prevent_destroy');
    const images = 'module.slipway.google_artifact_registry_repository.images[0]';
    await terraform(folder, 'state', 'rm', state, images);
    await expect(change('destroy', '-auto-approve', ...inOne())).resolves.toContain('Destroy complete!');
  });

  describe.each([
    ['in one project, with everything', 'complete', () => [...inOne(), ...everything]],
    ['in several', 'several-projects', () => [zip()]],
  ])('the rights planned %s', (_, name, variables) => {
    let plan: Planned[];
    beforeAll(async () => {
      plan = await planned(await example(name), ...variables());
    });
    const grants = () => plan.filter(({ type }) => type.endsWith('_iam_member'));

    test("there are some, all of them the module's: the root gives none of its own", () => {
      expect(grants().length).toBeGreaterThan(100);
      const others = plan.filter(({ address }) => !address.startsWith('module.slipway.'));
      expect(others.filter(({ type }) => type.includes('_iam_'))).toEqual([]);
    });

    test('nobody owns or edits a project, administers Cloud Run, or makes tokens of others', () => {
      const roles = new Set(grants().map(({ after }) => after.role ?? 'one of ours'));
      const never = /roles\/(owner|editor|viewer|run\.admin|run\.developer|iam\.serviceAccountTokenCreator)$/;
      expect([...roles].filter((role) => never.test(role))).toEqual([]);
    });

    test('everybody reaches the Slack entry point, and nothing else', () => {
      const open = grants().filter(({ after }) => /^all(Authenticated)?Users$/.test(after.member ?? ''));
      expect(open.map(({ address }) => address)).toEqual(
        name === 'complete'
          ? ['module.slipway.google_cloud_run_v2_service_iam_member.everybody["chatops"]']
          : [],
      );
    });
  });

  test('in several projects each right is where it is used', async () => {
    const plan = await planned(await example('several-projects'), zip());
    const projects = (resource: RegExp): string[] =>
      [
        ...new Set(
          plan.filter(({ address }) => resource.test(address)).map(({ after }) => after.project ?? ''),
        ),
      ].sort();
    const targets = ['my-production', 'my-staging'];
    // Cloud Run's rights, and every other on what is deployed.
    expect(projects(/project_iam_member\.target\[/)).toEqual(targets);
    expect(projects(/service_account\.image_build/)).toEqual(targets);
    expect(projects(/project_iam_member\.(own|ledger)\[/)).toEqual(['my-deployer']);
    // Cloud Run's agent of each target project pulls from the third, and the steps read there.
    expect(projects(/repository_iam_member\.(run_agents|main)\[/)).toEqual(['my-images']);
    expect(plan.filter(({ address }) => address.includes('.run_agents['))).toHaveLength(2);
    expect(projects(/cloudfunctions2|workflow\.|pubsub_|firestore_|service_account\.main/)).toEqual([
      'my-deployer',
    ]);
    const push = plan.find(({ address }) => address.includes('subscription.main["image-push-my-images"]'));
    expect(push?.after['topic']).toBe('projects/my-images/topics/gcr');
    expect(plan.filter(({ address }) => address.includes('pubsub_topic.gcr'))).toEqual([]);
  });
});

const everything = [
  '-var=slack={team_ids=["T012AB3CD"]}',
  '-var=enable_public_services=true',
  '-var=api_invokers=["user:ana@example.com"]',
  '-var=runtime_service_accounts=["hello@my-deployer.iam.gserviceaccount.com"]',
];
