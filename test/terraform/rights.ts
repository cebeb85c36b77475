import { otherRights, type OtherRight } from '#cli/build/other-rights.ts';
import { manifest, type Capability } from './manifest.ts';
import {
  account,
  accountOf,
  bucket,
  bucketOf,
  isThere,
  ledgerOf,
  lineOf,
  memberOf,
  project,
  projectNumber,
  registryProjects,
  repositoriesOf,
  repository,
  secret,
  service,
  targetProjects,
  targetsOf,
  topic,
  type Thing,
  type Variables,
} from './things.ts';

/** What a capability of the list is on. */
const places: Record<string, (v: Variables, under?: string) => Thing[]> = {
  project: (v) => [project(v.project_id)],
  targets: (v) => targetProjects(v).map((id) => project(id)),
  ledger: (v) => [
    project(v.project_id, `resource.name == "${ledgerOf(v)}" || resource.name.startsWith("${ledgerOf(v)}/")`),
  ],
  bucket: (v, under) => [bucket(bucketOf(v), under)],
  repositories: (v) => repositoriesOf(v).map(repository),
  'runtime-accounts': (v) =>
    v.runtime_service_accounts.map((email) => account(`projects/-/serviceAccounts/${email}`)),
  'build-accounts': (v) =>
    isThere(v, 'builds') ? targetProjects(v).map((id) => account(accountOf(v, 'image-build', id))) : [],
  'judged-secrets': (v) =>
    v.judged_secrets.map((name) => secret(name.split('/')[1] ?? '', name.split('/')[3] ?? '')),
};

/** Custom roles, as `PROJECT/capability` with the permissions. */
export function customRoles(
  v: Variables,
): { key: string; project: string; id: string; permissions: string[] }[] {
  return Object.entries(manifest.capabilities).flatMap(([name, { on, permissions }]) => {
    if (permissions === undefined) return [];
    const projects = on === 'targets' ? targetProjects(v) : [v.project_id];
    return projects.map((id) => ({
      key: `${id}/${name}`,
      project: id,
      id: `${v.name_prefix}_${name}`.replaceAll('-', '_'),
      permissions,
    }));
  });
}

/** The rights that functions/targets.json says, as lines. */
function rightsOfFunctions(v: Variables): string[] {
  const roleOf = (name: string, { role }: Capability, thing: Thing): string =>
    role ??
    `projects/${thing.at['project'] ?? v.project_id}/roles/${`${v.name_prefix}_${name}`.replaceAll('-', '_')}`;
  return targetsOf(v).flatMap(({ name, may, publishes, secrets = {} }) => {
    const member = memberOf(v, name);
    const capabilities = Object.keys(may).flatMap((capability) => {
      const what = manifest.capabilities[capability];
      if (what === undefined || !isThere(v, what.when)) return [];
      const things = places[what.on]?.(v, what.under) ?? [];
      return things.map((thing) => lineOf(thing, roleOf(capability, what, thing), member));
    });
    const topics = Object.keys(publishes).map((to) => lineOf(topic(v, to), 'roles/pubsub.publisher', member));
    const read = Object.keys(secrets).flatMap((variable) => {
      const { id = '', when } = manifest.secrets[variable] ?? {};
      const entry = secret(v.project_id, `${v.name_prefix}-${id}`);
      return isThere(v, when) ? [lineOf(entry, 'roles/secretmanager.secretAccessor', member)] : [];
    });
    return [...capabilities, ...topics, ...read];
  });
}

/** Members, each with the project it belongs to. */
type Holder = { member: string; project: string };

const others: Record<OtherRight['who'], (v: Variables) => Holder[]> = {
  workflow: (v) => ours(v, 'workflow'),
  'pubsub-push': (v) => ours(v, 'pubsub-push'),
  'source-build': (v) => ours(v, 'source-build'),
  'image-build': (v) =>
    isThere(v, 'builds')
      ? targetProjects(v).map((id) => ({ member: memberOf(v, 'image-build', id), project: id }))
      : [],
  'pubsub-agent': (v) => [agent(v.project_id, 'gcp-sa-pubsub')],
  'run-agent': (v) => targetProjects(v).map((id) => agent(id, 'serverless-robot-prod')),
  'api-invokers': (v) => v.api_invokers.map((member) => ({ member, project: v.project_id })),
  'report-readers': (v) => v.report_readers.map((member) => ({ member, project: v.project_id })),
  everybody: (v) =>
    v.slack !== null && v.enable_chatops_for_everybody ? [{ member: 'allUsers', project: v.project_id }] : [],
};
const ours = (v: Variables, name: string): Holder[] => [{ member: memberOf(v, name), project: v.project_id }];
/** One number for all projects: the plan's own numbers are made up. */
const agent = (id: string, of: string): Holder => ({
  member: `serviceAccount:service-${projectNumber}@${of}.iam.gserviceaccount.com`,
  project: id,
});

const listeners = (v: Variables): string[] =>
  targetsOf(v).flatMap((target) => (target.topic === undefined ? [] : [target.name]));

const otherThings: Record<OtherRight['on'], (v: Variables, holder: Holder) => Thing[]> = {
  'step-topics': (v) =>
    targetsOf(v).flatMap(({ kind, topic: name }) =>
      kind === 'step' && name !== undefined ? [topic(v, name)] : [],
    ),
  'dead-letters': (v) => [topic(v, 'dead-letters')],
  subscriptions: (v) =>
    listeners(v)
      .filter((name) => name !== 'image-push')
      .concat(registryProjects(v).map((id) => (id === v.project_id ? 'image-push' : `image-push-${id}`)))
      .map((name) => ({
        type: 'google_pubsub_subscription',
        at: { project: v.project_id, subscription: `${v.name_prefix}-${name}` },
      })),
  listeners: (v) => listeners(v).map((name) => service(v, name)),
  chatops: (v) => [service(v, 'chatops')],
  api: (v) => [service(v, 'api')],
  'push-account': (v) => [account(accountOf(v, 'pubsub-push'))],
  project: (v) => [project(v.project_id)],
  'own-project': (_, holder) => [project(holder.project)],
  'function-sources': (v) => [bucket(`${bucketOf(v)}-source`)],
  'copied-sources': (v) => [
    project(v.project_id, `resource.name.startsWith("projects/_/buckets/gcf-v2-sources-${projectNumber}-")`),
  ],
  'function-images': (v) => [
    repository({ project: v.project_id, location: v.region, name: `${v.name_prefix}-functions` }),
  ],
  'source-buckets': (v) => v.source_buckets.map((name) => bucket(name)),
  repositories: (v) => repositoriesOf(v).map(repository),
  'foreign-repositories': (v, holder) =>
    repositoriesOf(v)
      .filter(({ project: id }) => id !== holder.project)
      .map(repository),
  reports: (v) => [bucket(bucketOf(v), 'reports/')],
};

/** Every right that an installation is to give, and no other, as lines. */
export function rightsOf(v: Variables): string[] {
  const more = otherRights.flatMap(({ who, role, on }) =>
    others[who](v).flatMap((holder) =>
      otherThings[on](v, holder).map((thing) => lineOf(thing, role, holder.member)),
    ),
  );
  return [...rightsOfFunctions(v), ...more].sort();
}
