import { Fault } from '#shared/domain/fault.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { RegistryImage } from '#shared/ports/images.ts';
import type { SqlInstance, VpcConnector } from '#shared/ports/look-ups.ts';
import type { Deps } from '#functions/deps.ts';
import type { Look } from './look.ts';

/** What preflight is about. */
export interface Scene {
  deps: Pick<
    Deps,
    'config' | 'clock' | 'run' | 'jobs' | 'registry' | 'secrets' | 'lookUps' | 'ledger' | 'objects' | 'newId'
  >;
  look: Look;
  config: ServiceConfig;
  /** Tag or digest that is to be deployed; undefined when it is still to be built, or when no release is meant. */
  reference: string | undefined;
  /** The image will be built. */
  build: boolean;
  /** Whether the values of secrets may be judged: the rules on them come from whoever owns the service. */
  mayJudgeValues: boolean;
}

/** What was seen, for rules that compare it with the configuration. */
export interface Seen {
  /** By connection name; only those that were found. */
  sqlInstances: Record<string, SqlInstance>;
  connector: VpcConnector | undefined;
  image: RegistryImage | undefined;
}

/** Services of Google's that the configuration needs (https://cloud.google.com/apis/docs/getting-started#enabling_apis). */
export function neededApis({ config, build }: Scene): string[] {
  const { runtime, image, project, analysis, suites } = config;
  // A registry of another project is that project's matter.
  const ownRegistry =
    /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)\/([^/]+)\//.exec(image)?.[1] === project;
  const { vpc } = runtime;
  return [
    'run.googleapis.com',
    ...(ownRegistry ? ['artifactregistry.googleapis.com'] : []),
    ...(Object.keys(runtime.secrets).length > 0 ? ['secretmanager.googleapis.com'] : []),
    ...(build ? ['cloudbuild.googleapis.com'] : []),
    // https://cloud.google.com/sql/docs/postgres/connect-run: the Cloud SQL Admin API must be on to connect.
    ...(runtime.cloudSql.length > 0 ? ['sqladmin.googleapis.com'] : []),
    ...(vpc === undefined
      ? []
      : ['connector' in vpc ? 'vpcaccess.googleapis.com' : 'compute.googleapis.com']),
    ...(measures({ analysis }) || measures({ suites }) ? ['monitoring.googleapis.com'] : []),
    ...(analysis?.serverErrorLogs ? ['logging.googleapis.com'] : []),
  ];
}

/** Whether figures of Cloud Monitoring decide, in what is given of a configuration. */
export const measures = ({
  analysis,
  suites = [],
}: Partial<Pick<ServiceConfig, 'analysis' | 'suites'>>): boolean =>
  analysis?.errorRatio !== undefined ||
  analysis?.latencyP95 !== undefined ||
  suites.some(({ checks }) => checks.some(({ kind }) => kind === 'metrics'));

/** One call, whoever asks first. */
export const enabledApis = (scene: Scene): Promise<{ on: string[]; projectNumber: string }> => {
  const { look, deps, config } = scene;
  return look.at(`Service Usage of ${config.project}`, () =>
    deps.lookUps.serviceUsage.enabled(config.project, neededApis(scene)),
  );
};

/** Of the service's project. */
export async function projectNumber(scene: Scene): Promise<string> {
  const { config, deps } = scene;
  const isOwn = config.project === deps.config.project;
  return isOwn ? deps.config.projectNumber : (await enabledApis(scene)).projectNumber;
}

/** Who runs in the service's project without an account of its own. */
export const defaultAccount = async (scene: Scene): Promise<string> =>
  `${await projectNumber(scene)}-compute@developer.gserviceaccount.com`;

/** Who the service runs as: without an account of its own the project's default compute account. */
export async function runtimeAccount(scene: Scene): Promise<{ email: string; isDefault: boolean }> {
  const { serviceAccount } = scene.config.runtime;
  const isDefault = serviceAccount === undefined || /^\d+-compute@developer\./.test(serviceAccount);
  if (serviceAccount !== undefined) return { email: serviceAccount, isDefault };
  return { email: await defaultAccount(scene), isDefault };
}

/** Full resource names (https://cloud.google.com/iam/docs/full-resource-names). */
export const projectResource = (project: string): string =>
  `//cloudresourcemanager.googleapis.com/projects/${project}`;

/** Whether another account has a permission; `why` there is no answer, and what would let there be one. */
export type Access = { access: 'yes' | 'no' } | { access: 'unknown'; why: string };

/**
 * One call for each account, resource and permission, however many checks need it.
 * @throws Fault that may be gone the next time; any other is an answer: it cannot be known
 */
export async function accessOf(
  { look, deps }: Scene,
  principal: string,
  resource: string,
  permission: string,
): Promise<Access> {
  const what = `Policy Troubleshooter: ${permission} of ${principal} on ${resource}`;
  try {
    const access = await look.at(what, () => deps.lookUps.iam.granted(principal, resource, permission));
    if (access !== 'unknown') return { access };
    return {
      access,
      why: `not all policies can be seen, or a condition decides: grant ${troubleshooterRoles}`,
    };
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    return { access: 'unknown', why: `${error.message}: grant ${troubleshooterRoles}` };
  }
}

/** What lets Policy Troubleshooter see every policy (https://cloud.google.com/policy-intelligence/docs/troubleshoot-access). */
const troubleshooterRoles =
  'roles/iam.securityReviewer and roles/iam.denyReviewer, at best on the organisation';
