import type { StepName } from '#shared/domain/steps.ts';
import type { Answer, Question } from './question.ts';
import { accessOf, projectResource, runtimeAccount, type Scene } from './scene.ts';
import { isFirst, liveService } from './service.ts';

/** What a step does that somebody must have been granted. */
interface Need {
  step: StepName;
  id: string;
  title: string;
  /** The full resource name on which it is asked for. */
  resource: () => Promise<string>;
  permissions: (first: boolean) => string[];
}

/**
 * Every permission that the steps really use (https://cloud.google.com/run/docs/reference/iam/permissions). On a service
 * that exists it is asked on the service; on one that is to be created, on its project.
 */
function needs(scene: Scene): Need[] {
  const { config, build, deps, look } = scene;
  const { project, region, cloudRunService, runtime, migration, image } = config;
  const buildAccount = deps.config.buildAccount?.replaceAll('{project}', project);
  const run = `//run.googleapis.com/projects/${project}/locations/${region}`;
  const service = async (): Promise<string> =>
    (await liveService(scene)) ? `${run}/services/${cloudRunService}` : projectResource(project);
  const account = async (): Promise<string> => {
    const { email } = await runtimeAccount(scene);
    const owner = /@([a-z][a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1] ?? project;
    return accountResource(owner, email);
  };
  const repository = async (): Promise<string> => {
    const found = await look.at(`repository of ${image}`, () => deps.registry.repository(image));
    // One that is not there is told by its own check.
    return found === undefined || found === 'absent'
      ? projectResource(project)
      : `//artifactregistry.googleapis.com/${found.name}`;
  };
  // https://cloud.google.com/run/docs/authenticating/public: what it takes to open a service.
  const opens = (first: boolean): string[] =>
    first && runtime.access === 'public' ? ['run.services.setIamPolicy'] : [];
  const calls = (first: boolean): string[] =>
    first || runtime.access === 'private' ? ['run.routes.invoke'] : [];
  const writers: Need[] = (['deploy', 'shift-traffic', 'rollback'] as const).flatMap((step) => [
    {
      step,
      id: 'service',
      title: `${step} may change the service`,
      resource: service,
      permissions: (first) => [
        'run.services.get',
        'run.services.update',
        ...(step === 'shift-traffic' ? [] : ['run.revisions.get']),
        ...(step === 'deploy' ? (first ? ['run.services.create'] : []) : opens(first)),
      ],
    },
    {
      // https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration
      step,
      id: 'act-as',
      title: `${step} may act as the runtime account`,
      resource: account,
      permissions: () => ['iam.serviceAccounts.actAs'],
    },
  ]);
  const inArtifactRegistry = /^[a-z0-9-]+-docker\.pkg\.dev\//.test(image);
  return [
    ...writers,
    ...(['health-probe', 'validate'] as const).map((step) => ({
      step,
      id: 'invoke',
      title: `${step} may call the service while it is private`,
      resource: service,
      permissions: calls,
    })),
    ...(inArtifactRegistry
      ? (['push', 'deploy'] as const).map((step) => ({
          step,
          id: 'image',
          title: `${step} may read the image`,
          resource: repository,
          permissions: () => ['artifactregistry.repositories.downloadArtifacts'],
        }))
      : []),
    ...(build
      ? [
          {
            step: 'build' as const,
            id: 'builds',
            title: 'build may run builds',
            resource: async () => projectResource(project),
            permissions: () => ['create', 'get', 'list'].map((verb) => `cloudbuild.builds.${verb}`),
          },
          ...(buildAccount === undefined
            ? []
            : [
                {
                  step: 'build' as const,
                  id: 'build-as',
                  title: 'build may have builds run as their account',
                  resource: async () => accountResource(project, buildAccount),
                  permissions: () => ['iam.serviceAccounts.actAs'],
                },
              ]),
        ]
      : []),
    ...(migration
      ? [
          {
            step: 'validate' as const,
            id: 'migration',
            title: `validate may run the job ${migration.job}`,
            resource: async () => `${run}/jobs/${migration.job}`,
            permissions: () => [
              'run.jobs.get',
              'run.jobs.runWithOverrides',
              'run.executions.get',
              'run.executions.list',
              'run.executions.cancel',
              ...(migration.image === 'release' ? ['run.jobs.update'] : []),
            ],
          },
        ]
      : []),
  ];
}

const accountResource = (project: string, email: string): string =>
  `//iam.googleapis.com/projects/${project}/serviceAccounts/${email}`;

/** Each step's account may do what the step does. */
export function permissionQuestions(scene: Scene): Question[] {
  const { stepAccounts } = scene.deps.config;
  return needs(scene).map(({ step, id, title, resource, permissions }) => {
    const account = stepAccounts?.replaceAll('{step}', step);
    return {
      suite: 'Permissions',
      id: `${step}-${id}`,
      title,
      source:
        account === undefined
          ? 'IAM testIamPermissions of this account'
          : `Policy Troubleshooter for ${account}`,
      asked: 'what the step uses',
      expected: 'all granted',
      unanswered: 'advisory',
      async ask(): Promise<Answer> {
        const wanted = permissions(isFirst(await liveService(scene)));
        if (wanted.length === 0) return { pass: true, observed: 'nothing is needed: the service is public' };
        const name = await resource();
        return account === undefined
          ? ownAnswer(scene, name, wanted)
          : othersAnswer(scene, account, name, wanted);
      },
    };
  });
}

async function ownAnswer({ look, deps }: Scene, resource: string, wanted: string[]): Promise<Answer> {
  const mine = await look.at(`permissions on ${resource}: ${wanted.join(', ')}`, () =>
    deps.lookUps.iam.mine(resource, wanted),
  );
  const missing = wanted.filter((permission) => !mine.includes(permission));
  return missing.length > 0 ? no(resource, missing) : yes(resource, wanted);
}

/** A missing one is a no, whatever else is not known. */
async function othersAnswer(
  scene: Scene,
  account: string,
  resource: string,
  wanted: string[],
): Promise<Answer> {
  const missing: string[] = [];
  const unknown: string[] = [];
  const looks = wanted.map(async (permission) => {
    const answer = await accessOf(scene, account, resource, permission);
    if (answer.access === 'no') missing.push(permission);
    if (answer.access === 'unknown') unknown.push(`${permission} (${answer.why})`);
  });
  await Promise.all(looks);
  if (missing.length > 0) return no(resource, missing);
  if (unknown.length === 0) return yes(resource, wanted);
  return { pass: undefined, observed: `not known ${on(resource)}: ${unknown.join('; ')}` };
}

const no = (resource: string, missing: string[]): Answer => ({
  pass: false,
  observed: `missing ${on(resource)}: ${missing.join(', ')}`,
});
const yes = (resource: string, wanted: string[]): Answer => ({
  pass: true,
  observed: `${wanted.join(', ')} ${on(resource)}`,
});
const on = (resource: string): string => `on ${resource.replace(/^\/\/[^/]+\//, '')}`;
