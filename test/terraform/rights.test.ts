import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifest } from './manifest.ts';
import { copyOfModule, hasProvider, plannedWith, terraform, version, type Planned } from './planned.ts';
import { customRoles, rightsOf } from './rights.ts';
import {
  accountOf,
  emailOf,
  ledgerOf,
  lineOf,
  projectNumber,
  registryProjects,
  targetProjects,
  type Variables,
} from './things.ts';

/**
 * All the rights of a plan are those of the two lists, functions/targets.json and cli/build/other-rights.ts: on the same
 * thing, in the same role, for the same member, under the same condition. Values that only an apply would know are told to
 * the plan, which takes Terraform 1.11.
 */

const canTell = version !== undefined && (version[0] ?? 0) * 1000 + (version[1] ?? 0) >= 1011;
if (hasProvider && !canTell) console.warn('rights of a plan: NOT TESTED, terraform is older than 1.11');

const least: Variables = {
  project_id: 'my-deployer',
  region: 'europe-west1',
  name_prefix: 'slipway',
  target_projects: [],
  runtime_service_accounts: [],
  source_buckets: [],
  repositories: [],
  create_repository: null,
  judged_secrets: [],
  registry_projects: [],
  api_invokers: [],
  report_readers: [],
  enable_public_services: false,
  enable_chatops_for_everybody: true,
  slack: null,
  pager: { url: false, key: false },
};
const installations: Record<string, Variables> = {
  least,
  everything: {
    ...least,
    name_prefix: 'deployer',
    runtime_service_accounts: ['web@my-deployer.iam.gserviceaccount.com'],
    source_buckets: ['sources'],
    create_repository: 'apps',
    judged_secrets: ['projects/vault/secrets/db-password'],
    api_invokers: ['user:ana@example.com'],
    report_readers: ['group:devs@example.com'],
    enable_public_services: true,
    slack: { team_ids: ['T012AB3CD'] },
    pager: { url: true, key: true },
  },
  several_projects: {
    ...least,
    target_projects: ['my-production', 'my-staging'],
    runtime_service_accounts: [
      'a@my-staging.iam.gserviceaccount.com',
      'b@my-production.iam.gserviceaccount.com',
    ],
    source_buckets: ['sources', 'more-sources'],
    repositories: [{ project: 'my-images', location: 'europe', name: 'apps' }],
    api_invokers: ['user:ana@example.com', 'user:bo@example.com'],
    enable_chatops_for_everybody: false,
    slack: { team_ids: ['T012AB3CD'] },
    pager: { url: true, key: false },
  },
};

/** What Google makes of names: a provider tells it after an apply. */
function knownOf(v: Variables): Record<string, Record<string, string>> {
  const accounts = [...manifest.targets.map(({ name }) => name), 'workflow', 'pubsub-push', 'source-build'];
  const told = (name: string, project?: string) => ({
    member: `serviceAccount:${emailOf(v, name, project)}`,
    name: accountOf(v, name, project),
  });
  return Object.fromEntries([
    ...accounts.map((name) => [`google_service_account.main["${name}"]`, told(name)]),
    ...targetProjects(v).map((id) => [
      `google_service_account.image_build["${id}"]`,
      told('image-build', id),
    ]),
    ...customRoles(v).map(({ key, project, id }) => [
      `google_project_iam_custom_role.main["${key}"]`,
      { id: `projects/${project}/roles/${id}` },
    ]),
    ['google_firestore_database.ledger', { id: ledgerOf(v) }],
    ['google_artifact_registry_repository.functions', { name: `${v.name_prefix}-functions` }],
  ]) as Record<string, Record<string, string>>;
}

const mocks = `mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "${projectNumber}" }
  }
}`;

/** Whatever gives a right, by any resource of the provider's that has to do with one, as a line. */
const given = (plan: Planned[]): string[] =>
  plan
    .filter(({ type }) => /_iam_|_access|_acl/.test(type) && type !== 'google_project_iam_custom_role')
    .map(({ type, after }) => {
      const { role, member, condition, id: _id, etag: _etag, ...at } = after;
      const [narrowed] = (condition ?? []) as { expression?: string }[];
      return lineOf(
        {
          type: type.replace(/_iam_member$/, ''),
          at: at as Record<string, string>,
          ...(narrowed ? { condition: narrowed.expression ?? 'unknown' } : {}),
        },
        role ?? 'unknown role',
        member ?? 'unknown member',
      );
    })
    .sort();

describe.skipIf(!hasProvider || !canTell)('the rights of a plan', { timeout: 60_000 }, () => {
  let copy: string;
  let plans: Record<string, Planned[]>;

  beforeAll(async () => {
    copy = await copyOfModule();
    const folder = join(copy, 'terraform');
    await terraform(folder, 'init', '-backend=false', '-input=false');
    const wishes = Object.entries(installations).map(([name, variables]) => [
      name,
      { variables: { ...variables, functions_zip: 'versions.tf' }, known: knownOf(variables) },
    ]);
    plans = await plannedWith(folder, Object.fromEntries(wishes), mocks);
  }, 60_000);
  afterAll(() => rm(copy, { recursive: true }));

  test.each(Object.entries(installations))('%s: are those of the lists and no other', (name, variables) => {
    const lines = given(plans[name] ?? []);
    expect(lines.length).toBeGreaterThan(80);
    expect(lines).toEqual(rightsOf(variables));
  });

  test.each(Object.entries(installations))('%s: custom roles hold the permissions of the list', (name, v) => {
    const roles = (plans[name] ?? []).filter(({ type }) => type === 'google_project_iam_custom_role');
    const line = (role: { project?: unknown; id?: unknown; permissions?: unknown }): string =>
      JSON.stringify([role.project, role.id, (role.permissions as string[]).toSorted()]);
    const made = roles.map(({ after }) => line({ ...after, id: after['role_id'] }));
    expect(made.sort()).toEqual(customRoles(v).map(line).sort());
  });

  test.each(Object.entries(installations))('%s: topics are those of the list, and gcr', (name, v) => {
    const topics = (plans[name] ?? []).filter(({ type }) => type === 'google_pubsub_topic');
    const ofList = manifest.targets.flatMap(({ topic = 'gcr' }) => (topic === 'gcr' ? [] : [topic]));
    const gcr = registryProjects(v).includes(v.project_id) ? ['gcr'] : [];
    expect(topics.map(({ after }) => String(after['name'])).sort()).toEqual(
      [...ofList, ...gcr, manifest.deadLetter.topic].sort(),
    );
  });
});
