import type { Severity } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { Jobs } from '#shared/ports/cloud-run.ts';
import type { Answer, Question } from './question.ts';
import { serviceResource } from './resources.ts';
import { accessOf, defaultAccount, type Scene } from './scene.ts';
import { knownFirst, liveService } from './service.ts';

/** A Cloud Run job that the service file names, with all that it is there for. */
export interface JobUse {
  job: string;
  severity: Severity;
  /** It is given the release's image. */
  isReplaced: boolean;
  /** It calls the service. */
  isTest: boolean;
  /** The keys that name it. */
  keys: string[];
}

/** Each job once: that of the migration, then those of suites. */
export function jobUses({ migration, suites }: ServiceConfig): JobUse[] {
  const tests = suites.flatMap(({ title, checks }) =>
    checks.flatMap((check) =>
      check.kind === 'job' ? [{ ...check, isTest: true, key: `suites: ${title} / ${check.name}` }] : [],
    ),
  );
  const named = [
    ...(migration ? [{ ...migration, severity: 'required' as const, isTest: false, key: 'migration' }] : []),
    ...tests,
  ];
  return [...Map.groupBy(named, ({ job }) => job)].map(([job, uses]) => ({
    job,
    severity: uses.some(({ severity }) => severity === 'required') ? 'required' : 'advisory',
    isReplaced: uses.some(({ image }) => image === 'release'),
    isTest: uses.some(({ isTest }) => isTest),
    keys: uses.map(({ key }) => key),
  }));
}

export const jobOf = ({ look, deps, config }: Scene, name: string): ReturnType<Jobs['get']> => {
  const { project, region } = config;
  return look.at(`Cloud Run job ${name}`, () => deps.jobs.get({ project, region, name }));
};

/** Who a job runs as; undefined when there is no such job. */
export async function jobAccount(scene: Scene, name: string): Promise<string | undefined> {
  const job = await jobOf(scene, name);
  return job && (job.serviceAccount ?? (await defaultAccount(scene)));
}

/** Jobs are declared elsewhere: that they are there, and that a test's account gets into the service while it is closed. */
export async function jobQuestions(scene: Scene): Promise<Question[]> {
  const uses = jobUses(scene.config);
  if (uses.length === 0) return [];
  const isClosed = scene.config.runtime.access === 'private' || (await knownFirst(scene)) !== false;
  return uses.flatMap((use) => [
    exists(scene, use),
    ...(use.isTest && isClosed ? [mayCall(scene, use)] : []),
  ]);
}

function exists(scene: Scene, { job, severity, isReplaced, keys }: JobUse): Question {
  const { project, region } = scene.config;
  return {
    suite: 'Jobs',
    id: `${job}/exists`,
    title: `Job ${job} exists`,
    severity,
    source: `Cloud Run jobs of ${project}/${region}`,
    asked: `${job}, named by ${keys.join(', ')}`,
    expected: isReplaced ? "a job of one container, which gets the release's image" : 'a job',
    unanswered: 'advisory',
    grant: 'roles/run.viewer',
    async ask() {
      const found = await jobOf(scene, job);
      if (!found) return { pass: false, observed: `there is no job ${job} in ${region}` };
      const count = `${found.containers} ${found.containers === 1 ? 'container' : 'containers'}`;
      return {
        pass: !isReplaced || found.containers === 1,
        observed: `${count}, runs as ${found.serviceAccount ?? 'the default compute account'}`,
      };
    },
  };
}

/** Tests bring their own identity token: docs/service-file.md, under `job`. */
function mayCall(scene: Scene, { job, severity }: JobUse): Question {
  const permission = 'run.routes.invoke';
  return {
    suite: 'Jobs',
    id: `${job}/invoke`,
    title: `Account of job ${job} may call the service while it is closed`,
    severity,
    source: 'Policy Troubleshooter',
    asked: permission,
    expected: 'granted',
    unanswered: 'advisory',
    async ask(): Promise<Answer> {
      const email = await jobAccount(scene, job);
      if (email === undefined) return { notRun: `there is no job ${job}`, severity: 'advisory' };
      const on = (await liveService(scene)) ? 'the service' : `the project ${scene.config.project}`;
      const answer = await accessOf(scene, email, await serviceResource(scene), permission);
      switch (answer.access) {
        case 'yes':
          return { pass: true, observed: `${email} may, by what is granted on ${on}` };
        case 'no':
          return { pass: false, observed: `${email} may not: grant it roles/run.invoker on ${on}` };
        case 'unknown':
          return {
            pass: undefined,
            severity: 'advisory',
            observed: `not known for ${email} on ${on}: ${answer.why}`,
          };
      }
    },
  };
}
