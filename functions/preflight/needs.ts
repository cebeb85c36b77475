import type { Severity } from '#shared/domain/check.ts';
import type { StepName } from '#shared/domain/steps.ts';
import { jobAccount, jobOf, jobUses, type JobUse } from './jobs.ts';
import { found } from './look.ts';
import { accountResource, jobResource, serviceResource } from './resources.ts';
import { measures, projectResource, runtimeAccount, type Scene } from './scene.ts';

/** What a step does that somebody must have been granted. */
interface Need {
  step: StepName;
  id: string;
  title: string;
  severity?: Severity;
  /** The full resource name on which it is asked for; undefined when that is not there, which a check of its own tells. */
  resource: () => Promise<string | undefined>;
  /** None: nothing has to be asked. */
  permissions: (first: boolean) => string[];
}

/**
 * Every permission that the steps really use (https://cloud.google.com/run/docs/reference/iam/permissions). On a service
 * that exists it is asked on the service; on one that is to be created, on its project.
 */
export function needs(scene: Scene): Need[] {
  const { config, build, deps, look } = scene;
  const { project, runtime, image, analysis, suites } = config;
  const buildAccount = deps.config.buildAccount?.replaceAll('{project}', project);
  const service = (): Promise<string> => serviceResource(scene);
  const account = async (): Promise<string> => accountResource(project, (await runtimeAccount(scene)).email);
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
    ...jobUses(config).flatMap((use): Need[] => jobNeeds(scene, use)),
    ...(measures({ analysis }) ? [reads('health-probe', 'metrics')] : []),
    ...(measures({ suites }) ? [reads('validate', 'metrics')] : []),
    ...(analysis?.serverErrorLogs ? [reads('health-probe', 'log')] : []),
  ];

  function reads(step: StepName, what: 'metrics' | 'log'): Need {
    return {
      step,
      id: what,
      title: `${step} may read ${what === 'metrics' ? 'figures of Cloud Monitoring' : 'the request log'}`,
      resource: async () => projectResource(project),
      permissions: () => [what === 'metrics' ? 'monitoring.timeSeries.list' : 'logging.logEntries.list'],
    };
  }
}

/** What running a job takes; with another image it is changed first, by who may act as its account. */
function jobNeeds(scene: Scene, { job, severity, isReplaced }: JobUse): Need[] {
  const step = 'validate';
  return [
    {
      step,
      id: `job-${job}`,
      title: `validate may run the job ${job}`,
      severity,
      async resource() {
        const look = await found(jobOf(scene, job).then((known) => ({ known })));
        return look && !look.known ? undefined : jobResource(scene, job);
      },
      permissions: () => [
        'run.jobs.get',
        'run.jobs.runWithOverrides',
        'run.executions.get',
        'run.executions.list',
        'run.executions.cancel',
        ...(isReplaced ? ['run.jobs.update'] : []),
      ],
    },
    ...(isReplaced
      ? [
          {
            step,
            id: `job-${job}-act-as`,
            title: `validate may act as the account of the job ${job}`,
            severity,
            async resource() {
              const email = await jobAccount(scene, job);
              return email && accountResource(scene.config.project, email);
            },
            permissions: () => ['iam.serviceAccounts.actAs'],
          } satisfies Need,
        ]
      : []),
  ];
}
