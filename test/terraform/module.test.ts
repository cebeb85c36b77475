import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifest } from './manifest.ts';
import { readModule, root, type Block } from './module.ts';

/** What a provider's schema cannot see. Names and types are Terraform's own to check: `terraform.test.ts`. */

const terraform = readModule('terraform');
const example = readModule('terraform/examples/complete');
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
  const everything = [terraform, example].flatMap(({ variables, outputs }) => [
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

  test('the example gives only inputs that there are, and all that have no default', () => {
    const call = Object.keys(
      ((read('terraform/examples/complete/main.tf').match(/module "slipway" \{([\s\S]*?)\n\}/)?.[1] ?? '')
        .match(/^ {2}(\w+)/gm)
        ?.reduce((all, name) => ({ ...all, [name.trim()]: true }), {}) ?? {}) as Block,
    ).filter((name) => name !== 'source');
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
        !String(role).startsWith('${google_project_iam_custom_role.main[') &&
        role !== 'roles/logging.logWriter' &&
        condition === undefined,
    );
    expect(wide.map(({ address }) => address)).toEqual([]);
  });

  test('custom roles name each permission, and no capability has both a role and permissions', () => {
    for (const { role, permissions } of Object.values(manifest.capabilities)) {
      expect((role === undefined) !== (permissions === undefined)).toBe(true);
      for (const permission of permissions ?? []) expect(permission).toMatch(/^[a-z]+(\.[a-zA-Z]+){2}$/);
    }
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
      functions: '${google_service_account.function[each.value.function].member}',
      workflow: '${google_service_account.workflow.member}',
    });
  });

  test('functions are called by Pub/Sub under its own account, and the API by who was named', () => {
    const callers = ofType('google_cloud_run_v2_service_iam_member').map(({ name, body }) => [
      name,
      body['member'],
    ]);
    expect(Object.fromEntries(callers)).toEqual({
      push: '${google_service_account.push.member}',
      api: '${each.key}',
      everybody: 'allUsers',
    });
  });

  test('no value of a secret is in the state, and no output shows one', () => {
    const types = resources.map(({ type }) => type);
    expect(types.filter((type) => /secret_version|service_account_key/.test(type))).toEqual([]);
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
    const places = /for place in \[([^\]]*)\]/.exec(terraform.text)?.[1]?.match(/[\w-]+/g);
    expect([...new Set(Object.values(manifest.capabilities).map(({ on }) => on))].sort()).toEqual(
      places?.sort(),
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
