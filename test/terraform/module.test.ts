import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifest } from './manifest.ts';
import { readModule, root, type Block } from './module.ts';

/** What a provider's schema cannot see. Names and types are Terraform's own to check: `terraform.test.ts`. */

const terraform = readModule('terraform');
const examples = ['complete', 'several-projects'].map((name) => {
  const folder = `terraform/examples/${name}`;
  return { name, folder, ...readModule(folder) };
});
const { resources } = terraform;
const ofType = (type: string) => resources.filter((each) => each.type === type);
const one = (address: string): Block => {
  const found = resources.find((each) => each.address === address);
  if (!found) throw new Error(`the module has no ${address}`);
  return found.body;
};
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The text of every source file below a folder. */
const sources = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}/${name}`));

describe('the module is easy to use', () => {
  const everything = [terraform, ...examples].flatMap(({ variables, outputs }) => [
    ...Object.entries(variables).map(([name, body]) => ({ name, body, typed: true })),
    ...Object.entries(outputs).map(([name, body]) => ({ name, body, typed: false })),
  ]);

  test.each(everything)(
    '$name is described by a sentence and, as an input, typed',
    ({ name, body, typed }) => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(body['description']).toMatch(/^[A-Z].{10,}\.$/s);
      expect(typed ? body['type'] : 'string').toMatch(/string|number|bool|list|map|object/);
    },
  );

  test('names are in snake case and do not repeat their type', () => {
    for (const { type, name } of resources) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(type).not.toMatch(new RegExp(`_${name}$`));
    }
  });

  test('the README names every input and output', () => {
    const readme = read('terraform/README.md');
    const names = [...Object.keys(terraform.variables), ...Object.keys(terraform.outputs)];
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  test.each(examples)('$folder gives only inputs that there are, and all without a default', ({ folder }) => {
    const inside = read(`${folder}/main.tf`).match(/module "slipway" \{([\s\S]*?)\n\}/)?.[1] ?? '';
    const call = [...inside.matchAll(/^ {2}(\w+) +=/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'source');
    expect(call.filter((name) => !(name in terraform.variables))).toEqual([]);
    const wanted = Object.entries(terraform.variables).filter(([, body]) => !('default' in body));
    expect(wanted.map(([name]) => name).filter((name) => !call.includes(name))).toEqual([]);
  });
});

describe('nobody gets more than they need', () => {
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
    const wide = ofType('google_project_iam_member').filter(
      ({ body: { role, condition } }) =>
        role !== '${each.value.role}' && role !== 'roles/logging.logWriter' && condition === undefined,
    );
    expect(wide.map(({ address }) => address)).toEqual([]);
    // What comes from the list is a custom role there, except for the ledger, whose grant has a condition.
    const onProjects = Object.entries(manifest.capabilities).filter(([, { on }]) =>
      ['project', 'targets'].includes(on),
    );
    expect(onProjects.filter(([, { role }]) => role !== undefined)).toEqual([]);
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

  test('grants add members: nothing that others granted is taken away', () => {
    const types = resources.map(({ type }) => type).filter((type) => type.includes('_iam_'));
    expect(types.filter((type) => !/_iam_(member|custom_role)$/.test(type))).toEqual([]);
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

  test('only our own accounts, and Pub/Sub for dead letters, publish to our topics', () => {
    const publishers = ofType('google_pubsub_topic_iam_member').map(({ name, body }) => [
      name,
      body['member'],
    ]);
    expect(Object.fromEntries(publishers)).toEqual({
      dead_letters: '${local.pubsub_agent}',
      functions: '${google_service_account.main[each.value.function].member}',
      workflow: '${google_service_account.main["workflow"].member}',
    });
  });

  test('functions are called by Pub/Sub under its own account, and the API by who was named', () => {
    const callers = ofType('google_cloud_run_v2_service_iam_member').map(({ name, body }) => [
      name,
      body['member'],
    ]);
    expect(Object.fromEntries(callers)).toEqual({
      push: '${google_service_account.main["pubsub-push"].member}',
      api: '${each.key}',
      everybody: 'allUsers',
    });
    const { for_each, name } = one('google_cloud_run_v2_service_iam_member.api');
    expect([for_each, name]).toEqual([
      '${toset(var.api_invokers)}',
      '${google_cloudfunctions2_function.main["api"].name}',
    ]);
    expect(terraform.variables['api_invokers']?.['default']).toEqual([]);
  });

  test('no value of a secret is in the state, and no output shows one', () => {
    const types = resources.map(({ type }) => type);
    expect(types.filter((type) => /secret_version|service_account_key/.test(type))).toEqual([]);
  });
});

describe('what is installed outlives a change', () => {
  const addressOf = (reference: string): string => reference.replace(/^\$\{|\}$|\[.*$/g, '');

  test('what has another name was moved: the old one is gone, the new one there', () => {
    const known = resources.map(({ address }) => address);
    expect(terraform.moves.length).toBeGreaterThan(0);
    for (const { from, to } of terraform.moves) {
      expect(known).toContain(addressOf(to));
      expect(known).not.toContain(addressOf(from));
    }
  });

  test('what cannot be made again refuses to be destroyed', () => {
    expect(one('google_firestore_database.ledger')).toMatchObject({
      delete_protection_state:
        '${var.enable_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"}',
      deletion_policy: '${var.enable_protection ? "ABANDON" : "DELETE"}',
    });
    expect(one('google_storage_bucket.main')['force_destroy']).toBe('${!var.enable_protection}');
    expect(one('google_secret_manager_secret.main')['deletion_protection']).toBe('${var.enable_protection}');
    expect(one('google_artifact_registry_repository.images')['lifecycle']).toEqual([
      { prevent_destroy: true },
    ]);
  });

  test('Terraform declares no service or job that Slipway deploys: it would undo every deployment', () => {
    const declared = resources.filter(({ type }) =>
      /^google_cloud_run(_v2)?_(service|job|worker_pool)$/.test(type),
    );
    expect(declared).toEqual([]);
  });
});

describe('code and module agree', () => {
  const environment = [...String(terraform.locals['environment']).matchAll(/^\s+([A-Z][A-Z_]+)\s+=/gm)].map(
    ([, name = '']) => name,
  );

  test('every variable that the code reads is set or a secret, and no other', () => {
    const schema = [...read('shared/env.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(
      ([, name = '']) => name,
    );
    // Empty means Google's own: only the local cloud sets them.
    const wanted = schema.filter((name) => !name.endsWith('_ENDPOINT'));
    expect([...environment, ...Object.keys(manifest.secrets)].sort()).toEqual(wanted.sort());
  });

  test('every secret that a function wants is there, and every one is wanted', () => {
    const wanted = new Set(manifest.targets.flatMap(({ secrets = {} }) => Object.keys(secrets)));
    expect([...wanted].sort()).toEqual(Object.keys(manifest.secrets).sort());
  });

  test('every capability that is used is there, every one is used, and every use has a reason', () => {
    const used = manifest.targets.flatMap(({ may }) => Object.keys(may));
    expect([...new Set(used)].sort()).toEqual(Object.keys(manifest.capabilities).sort());
    const reasons = manifest.targets.flatMap(({ may, publishes, secrets = {} }) =>
      [may, publishes, secrets].flatMap((each) => Object.values(each)),
    );
    expect(reasons.filter((why) => why.length < 10)).toEqual([]);
  });

  test('every condition and every place of the list is one that the module knows', () => {
    const conditions = [
      ...String(terraform.text.match(/conditions = \{([\s\S]*?)\n {2}\}/)?.[1]).matchAll(/^ +([\w-]+) +=/gm),
    ];
    const known = conditions.map(([, name = '']) => name);
    const asked = [
      ...Object.values(manifest.capabilities),
      ...Object.values(manifest.secrets),
      ...manifest.targets,
    ];
    for (const { when = 'always' } of asked as { when?: string }[]) expect(known).toContain(when);
    const places = Object.keys(terraform.locals['things'] as Block);
    expect([...new Set(Object.values(manifest.capabilities).map(({ on }) => on))].sort()).toEqual(
      places.sort(),
    );
  });

  test('every topic that is published to has somebody who listens', () => {
    const topics = manifest.targets.flatMap(({ topic }) => topic ?? []);
    const published = manifest.targets.flatMap(({ publishes }) => Object.keys(publishes));
    expect(published.filter((topic) => !topics.includes(topic))).toEqual([]);
  });

  test('what code counts with `metric` has a metric, and every metric is counted', () => {
    const code = ['functions', 'shared'].flatMap((folder) => sources(folder)).join('\n');
    const counted = new Set([...code.matchAll(/\bmetric: '(\w+)'/g)].map(([, name = '']) => name));
    expect(Object.keys(terraform.locals['log_metrics'] as Block).sort()).toEqual([...counted].sort());
  });

  test('the workflow is the file as it is, under the name that functions know', () => {
    const workflow = one('google_workflows_workflow.main');
    expect(workflow['source_contents']).toBe('${file("${path.module}/../workflows/deploy.yaml")}');
    expect(workflow['name']).toBe('${local.workflow}');
    expect(terraform.text).toMatch(/SLIPWAY_WORKFLOW\s+= local\.workflow/);
    const asked = [...read('workflows/deploy.yaml').matchAll(/sys\.get_env\("(\w+)"\)/g)].map(
      ([, name = '']) => name,
    );
    // Those that Workflows sets itself; any other would have to be in user_env_vars.
    expect([...new Set(asked)].sort()).toEqual([
      'GOOGLE_CLOUD_PROJECT_ID',
      'GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID',
    ]);
    expect(workflow).not.toHaveProperty('user_env_vars');
  });

  test('the time limits are those of the list: 60 < 90 < 120 < 180, and the workflow waits as long', () => {
    const { budgetSeconds, functionTimeoutSeconds, ackDeadlineSeconds, deadlineSeconds } = manifest.dispatch;
    expect([budgetSeconds, functionTimeoutSeconds, ackDeadlineSeconds, deadlineSeconds]).toEqual([
      60, 90, 120, 180,
    ]);
    const { locals } = terraform;
    const kinds = (field: string): string =>
      `target.kind == "step" ? local.manifest.dispatch.${field} : local.manifest.trigger.${field}`;
    expect(locals['targets']).toContain(`timeout_s      = ${kinds('functionTimeoutSeconds')}`);
    expect(locals['targets']).toContain(`ack_deadline_s = ${kinds('ackDeadlineSeconds')}`);
    const [service] = one('google_cloudfunctions2_function.main')['service_config'] as Block[];
    expect(service?.['timeout_seconds']).toBe('${each.value.timeout_s}');
    expect(one('google_pubsub_subscription.main')['ack_deadline_seconds']).toBe(
      '${local.targets[each.value.function].ack_deadline_s}',
    );
    expect(JSON.stringify(parse(read('workflows/deploy.yaml')))).toContain(`sys.now() + ${deadlineSeconds}`);
  });
});
