import { describe, expect, it, test } from 'vitest';
import { createGoogle } from '#cli/doctor-gcp/google.ts';
import { readCheckout } from '#cli/doctor-gcp/checkout.ts';
import { names } from '#cli/doctor-gcp/scene.ts';
import { readTerraform } from '#cli/doctor-gcp/terraform.ts';
import { createRest } from '#shared/google/rest.ts';
import { fixedTokens, openServer } from '#test/shared/google/cloud.ts';
import { readModule, type Block } from '#test/terraform/module.ts';
import { z } from 'zod';

const terraform = readModule('terraform');
const body = (address: string): Block => {
  const found = terraform.resources.find((each) => each.address === address);
  if (!found) throw new Error(`the module has no ${address}`);
  return found.body;
};
const { terraform: read } = await readCheckout();

describe('the doctor looks for the names that Terraform gives', () => {
  const place = {
    project: '${var.project_id}',
    prefix: '${var.name_prefix}',
    region: '',
    ledger: '',
    ledgerLocation: '',
    targetProjects: [],
  };
  test.each([
    ['google_cloudfunctions2_function.main', 'name', names.of(place, '${each.key}')],
    ['google_pubsub_subscription.main', 'name', names.of(place, '${each.key}')],
    ['google_pubsub_subscription.dead_letters', 'name', names.of(place, 'dead-letters')],
    ['google_cloud_scheduler_job.reconcile', 'name', names.of(place, 'reconcile')],
    ['google_artifact_registry_repository.functions', 'repository_id', names.of(place, 'functions')],
    ['google_secret_manager_secret.main', 'secret_id', names.of(place, '${each.value.id}')],
    ['google_service_account.main', 'account_id', names.of(place, '${each.key}')],
    ['google_service_account.image_build', 'account_id', names.of(place, 'image-build')],
    ['google_storage_bucket.main', 'name', names.bucket(place)],
    ['google_pubsub_topic.main', 'name', '${each.key}'],
    ['google_workflows_workflow.main', 'name', '${local.workflow}'],
    ['google_firestore_database.ledger', 'name', '${var.ledger_database}'],
  ])('%s.%s', (address, attribute, expected) => {
    expect(body(address)[attribute]).toBe(expected);
  });

  test('the workflow, and each role with hyphens as underscores', () => {
    expect(terraform.locals['workflow']).toBe(names.of(place, 'deploy'));
    expect(body('google_project_iam_custom_role.main')['role_id']).toBe(
      '${replace("${var.name_prefix}_${each.value.name}", "-", "_")}',
    );
    expect(names.role({ ...place, prefix: 'my-slipway' }, 'send-callbacks')).toBe(
      'my_slipway_send_callbacks',
    );
  });
});

describe('what stands in Terraform alone is read there, all of it', () => {
  test('every API', () => {
    const all = terraform.text.match(/(?<=")[a-z]+\.googleapis\.com(?=",\n)/g) ?? [];
    expect(read.apis).toEqual(all);
    expect(all.length).toBeGreaterThan(10);
  });

  test('every alert policy', () => {
    const metrics = terraform.locals['log_metrics'] as Record<string, { title: string; alert: unknown }>;
    const policies = terraform.resources.filter(({ type }) => type === 'google_monitoring_alert_policy');
    const titles = policies.map((policy) => String(policy.body['display_name']));
    const expected = titles.flatMap((title) =>
      title.includes('each.value.title')
        ? Object.values(metrics).flatMap((metric) => (metric.alert ? [`Slipway: ${metric.title}`] : []))
        : [title],
    );
    expect(read.alerts.toSorted()).toEqual(expected.toSorted());
  });

  test('every variable of the functions, but those that may be left out', () => {
    const all = [...terraform.text.matchAll(/((?:SLIPWAY|SLACK)_\w+) += (.+)/g)];
    const left = all.filter(([, name]) => !read.environment.some((one) => one.name === name));
    expect(left.map(([, name]) => name)).toContain('SLACK_APP_ID');
    for (const [, name, value = ''] of left) {
      const [, variable = '', field] = /var\.(\w+)(?:\.(\w+))?$/.exec(value) ?? [];
      const { default: preset, type } = terraform.variables[variable] ?? {};
      const mayBeLeftOut =
        field === undefined || new RegExp(`${field}\\s*= optional\\(string\\)`).test(String(type));
      expect([name, preset, mayBeLeftOut]).toEqual([name, null, true]);
    }
    const when = (condition: string): string[] =>
      read.environment.filter((one) => one.when === condition).map(({ name }) => name);
    expect(when('slack')).toContain('SLACK_TEAM_IDS');
    expect(when('always')).toContain('SLIPWAY_LEDGER');
    expect(when('builds')).toEqual(['SLIPWAY_BUILD_ACCOUNT']);
  });

  test('every account that is not a function’s', () => {
    const text = String(terraform.locals['accounts']);
    expect(read.accounts).toEqual(['workflow', 'pubsub-push', 'source-build']);
    for (const account of read.accounts) expect(text).toContain(account);
  });

  it('is an error where nothing is found, never an empty list', async () => {
    await expect(readTerraform(async () => '')).rejects.toThrow('terraform/apis.tf');
  });
});

describe('calls of a person', () => {
  const path = 'v1/things/one';
  const call = { host: 'things.googleapis.com', path, permission: 'things.get' };

  test.each([
    ['count for the project that is looked at', 'my-deployer', 'my-deployer'],
    ['of a service account count for its own', undefined, undefined],
  ])('%s', async (_, quotaProject, header) => {
    const server = await openServer(() => ({ body: '{}' }));
    const google = createGoogle({
      rest: createRest({ tokens: fixedTokens }),
      project: 'my-deployer',
      endpoint: server.origin,
      quotaProject,
      timeoutSeconds: 5,
    });
    expect(await google.find(z.object({}), call)).toEqual({ status: 'answered', value: {} });
    expect(server.requests[0]?.url).toBe(`/${path}`);
    expect(server.requests[0]?.headers['x-goog-user-project']).toBe(header);
  });
});
