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

  test('every topic is of the list, or announces what others made', () => {
    const topics = resources.filter(({ type }) => type === 'google_pubsub_topic');
    expect(topics.map(({ name, body }) => [name, body['name'], body['for_each'] ?? body['count']])).toEqual([
      ['cloud_builds', 'cloud-builds', '${var.create_cloud_builds_topic ? 1 : 0}'],
      ['gcr', 'gcr', '${var.create_gcr_topic && local.own_registry ? 1 : 0}'],
      ['main', '${each.key}', '${local.topics}'],
    ]);
    const sources = String(terraform.locals['topics']).match(/local\.manifest[\w.]*|"[^"]*"/g);
    expect(sources).toEqual([
      'local.manifest.targets',
      '"topic"',
      '"gcr"',
      '"gcr"',
      'local.manifest.deadLetter.topic',
    ]);
  });

  test('every topic that is published to has somebody who listens, and the other way round', () => {
    const topics = manifest.targets.flatMap(({ topic }) => topic ?? []);
    const published = manifest.targets.flatMap(({ publishes }) => Object.keys(publishes));
    expect(published.filter((topic) => !topics.includes(topic))).toEqual([]);
    // By the registry, Cloud Scheduler and the workflow.
    const byOthers = (topic: string): boolean =>
      topic === 'gcr' || topic === 'reconcile-ticks' || topic.startsWith('step-');
    expect(topics.filter((topic) => !published.includes(topic) && !byOthers(topic))).toEqual([]);
    expect((one('google_cloud_scheduler_job.reconcile')['pubsub_target'] as Block[])[0]?.['topic_name']).toBe(
      '${google_pubsub_topic.main["reconcile-ticks"].id}',
    );
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
