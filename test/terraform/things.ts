import { manifest } from './manifest.ts';

/** What Terraform is told, as far as rights depend on it. */
export interface Variables {
  project_id: string;
  region: string;
  name_prefix: string;
  target_projects: string[];
  runtime_service_accounts: string[];
  source_buckets: string[];
  repositories: Repository[];
  create_repository: string | null;
  judged_secrets: string[];
  registry_projects: string[];
  api_invokers: string[];
  report_readers: string[];
  enable_public_services: boolean;
  enable_chatops_for_everybody: boolean;
  slack: { team_ids: string[] } | null;
  pager: { url: boolean; key: boolean };
}

export interface Repository {
  project: string;
  location: string;
  name: string;
}

/** Something that a right can be on: a resource's type without `_iam_member`, its attributes, and what narrows the right. */
export interface Thing {
  type: string;
  at: Record<string, string>;
  condition?: string;
}

export const projectNumber = '424242424242';

/** A right as one line, so that two lists of them can be compared. */
export const lineOf = (thing: Thing, role: string | undefined, member: string | undefined): string =>
  [
    thing.type,
    ...Object.entries(thing.at)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    role,
    member,
    ...(thing.condition === undefined ? [] : [`if ${thing.condition}`]),
  ].join(' ');

export const targetProjects = (v: Variables): string[] =>
  v.target_projects.length > 0 ? v.target_projects : [v.project_id];

export const repositoriesOf = (v: Variables): Repository[] => [
  ...v.repositories,
  ...(v.create_repository === null
    ? []
    : [{ project: v.project_id, location: v.region, name: v.create_repository }]),
];

export const registryProjects = (v: Variables): string[] => {
  const named = repositoriesOf(v).map(({ project }) => project);
  const first = [v.registry_projects, named, [v.project_id]].find((projects) => projects.length > 0);
  return [...new Set(first)];
};

export const isThere = (v: Variables, when = 'always'): boolean => {
  const conditions: Record<string, boolean> = {
    always: true,
    slack: v.slack !== null,
    pager: v.pager.url,
    'pager-key': v.pager.url && v.pager.key,
    'public-services': v.enable_public_services,
    builds: v.source_buckets.length > 0,
  };
  return conditions[when] ?? false;
};

export const emailOf = (v: Variables, name: string, project = v.project_id): string =>
  `${v.name_prefix}-${name}@${project}.iam.gserviceaccount.com`;
export const accountOf = (v: Variables, name: string, project = v.project_id): string =>
  `projects/${project}/serviceAccounts/${emailOf(v, name, project)}`;
export const memberOf = (v: Variables, name: string, project = v.project_id): string =>
  `serviceAccount:${emailOf(v, name, project)}`;

export const project = (id: string, condition?: string): Thing => ({
  type: 'google_project',
  at: { project: id },
  ...(condition === undefined ? {} : { condition }),
});
export const bucket = (name: string, under?: string): Thing => ({
  type: 'google_storage_bucket',
  at: { bucket: name },
  ...(under === undefined
    ? {}
    : { condition: `resource.name.startsWith("projects/_/buckets/${name}/objects/${under}")` }),
});
export const topic = (v: Variables, name: string): Thing => ({
  type: 'google_pubsub_topic',
  at: { project: v.project_id, topic: name },
});
export const repository = ({ project: id, location, name }: Repository): Thing => ({
  type: 'google_artifact_registry_repository',
  at: { project: id, location, repository: name },
});
export const service = (v: Variables, name: string): Thing => ({
  type: 'google_cloud_run_v2_service',
  at: { project: v.project_id, location: v.region, name: `${v.name_prefix}-${name}` },
});
export const secret = (id: string, name: string): Thing => ({
  type: 'google_secret_manager_secret',
  at: { project: id, secret_id: name },
});
export const account = (name: string): Thing => ({
  type: 'google_service_account',
  at: { service_account_id: name },
});

export const ledgerOf = (v: Variables): string => `projects/${v.project_id}/databases/slipway`;
export const bucketOf = (v: Variables): string => `${v.project_id}-${v.name_prefix}`;

/** The functions that there are. */
export const targetsOf = (v: Variables) => manifest.targets.filter(({ when }) => isThere(v, when));
