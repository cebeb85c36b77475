import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { manifest } from './manifest.ts';
import { readModule, root, type Block } from './module.ts';

/** What can be seen of rights without Terraform; `rights.test.ts` sees all of them, in a plan. */

const terraform = readModule('terraform');
const { resources } = terraform;
const one = (address: string): Block => {
  const found = resources.find((each) => each.address === address);
  if (!found) throw new Error(`the module has no ${address}`);
  return found.body;
};

describe('nobody gets more than they need', () => {
  const ours = (name: string): string => `\${google_service_account.main["${name}"].member}`;
  const ofFunction = '${google_service_account.main[each.value.function].member}';
  const listed = (place: string): string[] => [
    '${each.value.role}',
    '${each.value.member}',
    `\${local.grants.${place}}`,
  ];
  /** Every grant of the module: in which role, to whom, for each of what. */
  const grants: Record<string, string[]> = {
    'google_artifact_registry_repository_iam_member.main': listed('repositories'),
    'google_artifact_registry_repository_iam_member.run_agents': [
      'roles/artifactregistry.reader',
      'serviceAccount:service-${data.google_project.target[each.value.project].number}@serverless-robot-prod.iam.gserviceaccount.com',
      '…',
    ],
    'google_artifact_registry_repository_iam_member.writers': [
      'roles/artifactregistry.writer',
      '${each.value.member}',
      '${local.writers}',
    ],
    'google_cloud_run_v2_service_iam_member.api': [
      'roles/run.invoker',
      '${each.key}',
      '${toset(var.api_invokers)}',
    ],
    'google_cloud_run_v2_service_iam_member.everybody': ['roles/run.invoker', 'allUsers', '…'],
    'google_cloud_run_v2_service_iam_member.push': ['roles/run.invoker', ours('pubsub-push'), '…'],
    'google_project_iam_member.build_source': ['roles/storage.objectViewer', ours('source-build'), ''],
    'google_project_iam_member.ledger': listed('ledger'),
    'google_project_iam_member.logs': ['roles/logging.logWriter', '${each.value.member}', '…'],
    'google_project_iam_member.own': listed('project'),
    'google_project_iam_member.target': listed('targets'),
    'google_pubsub_subscription_iam_member.dead_letters': [
      'roles/pubsub.subscriber',
      '${local.pubsub_agent}',
      '${google_pubsub_subscription.main}',
    ],
    'google_pubsub_topic_iam_member.dead_letters': ['roles/pubsub.publisher', '${local.pubsub_agent}', ''],
    'google_pubsub_topic_iam_member.functions': ['roles/pubsub.publisher', ofFunction, '…'],
    'google_pubsub_topic_iam_member.workflow': ['roles/pubsub.publisher', ours('workflow'), '…'],
    'google_secret_manager_secret_iam_member.judged': listed('judged-secrets'),
    'google_secret_manager_secret_iam_member.main': ['roles/secretmanager.secretAccessor', ofFunction, '…'],
    'google_service_account_iam_member.act_as': [
      '${each.value.role}',
      '${each.value.member}',
      '${merge(local.grants.runtime-accounts, local.grants.build-accounts)}',
    ],
    'google_service_account_iam_member.push': [
      'roles/iam.serviceAccountOpenIdTokenCreator',
      '${local.pubsub_agent}',
      '',
    ],
    'google_storage_bucket_iam_member.main': listed('bucket'),
    'google_storage_bucket_iam_member.report_readers': [
      'roles/storage.objectViewer',
      '${each.key}',
      '${toset(var.report_readers)}',
    ],
    'google_storage_bucket_iam_member.sources': ['roles/storage.objectViewer', '${each.value.member}', '…'],
  };
  const rolesIn = (text: string): string[] => [...new Set(text.match(/roles\/[\w.]+/g) ?? [])];

  test('only these predefined roles are granted, each narrow or on one thing', () => {
    expect(rolesIn(terraform.text + JSON.stringify(manifest.capabilities)).sort()).toEqual([
      'roles/artifactregistry.reader',
      'roles/artifactregistry.writer',
      'roles/datastore.user',
      'roles/iam.serviceAccountOpenIdTokenCreator',
      'roles/iam.serviceAccountUser',
      'roles/logging.logWriter',
      'roles/pubsub.publisher',
      'roles/pubsub.subscriber',
      'roles/run.invoker',
      'roles/secretmanager.secretAccessor',
      'roles/storage.objectViewer',
    ]);
  });

  test('on a whole project only custom roles are, writing logs, and what a condition narrows', () => {
    const onProject = Object.entries(grants).filter(([address]) => address.startsWith('google_project_'));
    const fromList = onProject.filter(([, [role]]) => role === '${each.value.role}');
    expect(fromList.map(([, [, , from]]) => from)).toEqual([
      '${local.grants.ledger}',
      '${local.grants.project}',
      '${local.grants.targets}',
    ]);
    // What comes from the list is a custom role there, except for the ledger, whose grant has a condition.
    const capabilities = Object.entries(manifest.capabilities).filter(([, { on }]) =>
      ['project', 'targets'].includes(on),
    );
    expect(capabilities.filter(([, { role }]) => role !== undefined)).toEqual([]);
    const others = onProject.filter((each) => !fromList.includes(each));
    const wide = others.filter(([address]) => !('condition' in one(address)));
    expect(wide.map(([address, [role]]) => [address, role])).toEqual([
      ['google_project_iam_member.logs', 'roles/logging.logWriter'],
    ]);
    expect(one('google_project_iam_member.ledger')).toHaveProperty('condition');
  });

  test('custom roles name each permission, and no capability has both a role and permissions', () => {
    for (const { role, permissions } of Object.values(manifest.capabilities)) {
      expect((role === undefined) !== (permissions === undefined)).toBe(true);
      for (const permission of permissions ?? []) expect(permission).toMatch(/^[a-z]+(\.[a-zA-Z]+){2}$/);
    }
  });

  test('no custom role can give rights, keys or tokens to others, or act as an account', () => {
    const given = Object.entries(manifest.capabilities).flatMap(([name, { permissions = [] }]) =>
      permissions.map((permission) => ({ name, permission })),
    );
    const dangerous = given.filter(({ permission }) =>
      /setIamPolicy|serviceAccountKeys|getAccessToken|getOpenIdToken|implicitDelegation|sign(Blob|Jwt)|actAs|roles\.(create|update)|versions\.access/.test(
        permission,
      ),
    );
    // The one that opens public services, and only where that was asked for.
    expect(dangerous).toEqual([{ name: 'open-services', permission: 'run.services.setIamPolicy' }]);
    expect(manifest.capabilities['open-services']?.when).toBe('public-services');
  });

  test('who sends callbacks holds a role of its own for that, which starts nothing', () => {
    const senders = Object.values(manifest.capabilities).filter(({ permissions = [] }) =>
      permissions.some((permission) => permission.startsWith('workflows.callbacks.')),
    );
    expect(senders).toEqual([{ on: 'project', permissions: ['workflows.callbacks.send'] }]);
    expect(terraform.text).not.toContain('roles/workflows.');
  });

  test('rights are given in these places and no other, and each says whom and from which list', () => {
    const found = resources.filter(({ type }) => type.includes('_iam_') && !type.endsWith('_custom_role'));
    expect(
      Object.fromEntries(
        found.map(({ address, body: { role, member, for_each = '' } }) => [
          address,
          // What is written out over several lines is for a plan to tell: rights.test.ts.
          [role, member, /\bfor\b|\n/.test(String(for_each)) ? '…' : for_each],
        ]),
      ),
    ).toEqual(grants);
  });

  test('an account of ours is made a member in these places and no other', () => {
    const members = terraform.text.match(/google_service_account\.\S+\.member\b/g) ?? [];
    expect(members.sort()).toEqual([
      'google_service_account.image_build[pair[0]].member',
      'google_service_account.image_build[pair[1]].member',
      'google_service_account.main["pubsub-push"].member',
      'google_service_account.main["source-build"].member',
      'google_service_account.main["source-build"].member',
      'google_service_account.main["source-build"].member',
      'google_service_account.main["workflow"].member',
      'google_service_account.main[each.value.function].member',
      'google_service_account.main[each.value.function].member',
      'google_service_account.main[name].member',
    ]);
  });

  test('the module has these types and no other: each new one is looked at for what it can give away', () => {
    expect(
      [...new Set(resources.map(({ type }) => type))].filter((type) => !type.includes('_iam_')).sort(),
    ).toEqual([
      'google_artifact_registry_repository',
      'google_cloud_scheduler_job',
      'google_cloudfunctions2_function',
      'google_firestore_database',
      'google_firestore_field',
      'google_firestore_index',
      'google_logging_metric',
      'google_monitoring_alert_policy',
      'google_monitoring_dashboard',
      'google_monitoring_notification_channel',
      'google_project_service',
      'google_pubsub_subscription',
      'google_pubsub_topic',
      'google_secret_manager_secret',
      'google_service_account',
      'google_storage_bucket',
      'google_storage_bucket_object',
      'google_workflows_workflow',
    ]);
    // No module from elsewhere, and no file that these tests do not read.
    expect([...terraform.kinds].sort()).toEqual([
      'data',
      'locals',
      'moved',
      'output',
      'resource',
      'terraform',
      'variable',
    ]);
    expect(readdirSync(`${root}terraform`).filter((name) => /\.tf\.json$|\.tofu$/.test(name))).toEqual([]);
  });

  test('everybody may call what is declared public, and that is the Slack entry point', () => {
    const open = resources.filter(({ body }) => /allUsers|allAuthenticatedUsers/.test(JSON.stringify(body)));
    expect(open.map(({ address }) => address)).toEqual(['google_cloud_run_v2_service_iam_member.everybody']);
    expect(open[0]?.body['for_each']).toContain('target.access == "public"');
    expect(terraform.locals).toHaveProperty('targets', expect.stringContaining('access = "private"'));
    expect(manifest.targets.filter(({ access }) => access !== undefined).map(({ name }) => name)).toEqual([
      'chatops',
    ]);
  });

  test('the API may be called by who was named, and that is nobody at first', () => {
    expect(one('google_cloud_run_v2_service_iam_member.api')['name']).toBe(
      '${google_cloudfunctions2_function.main["api"].name}',
    );
    expect(terraform.variables['api_invokers']?.['default']).toEqual([]);
  });

  test('no value of a secret is in the state, and no output shows one', () => {
    const types = resources.map(({ type }) => type);
    expect(types.filter((type) => /secret_version|service_account_key/.test(type))).toEqual([]);
  });
});
