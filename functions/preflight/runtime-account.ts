import type { Question } from './question.ts';
import { accessOf, projectResource, runtimeAccount, type Scene } from './scene.ts';

/** Who the service runs as: it exists, may do what the configuration implies, and no more than it must. */
export function runtimeAccountQuestions(scene: Scene): Question[] {
  const { deps, look, config } = scene;
  const { runtime } = config;
  const suite = 'Runtime account';
  const projects = [...new Set(runtime.cloudSql.map((name) => name.split(':')[0] ?? ''))];
  return [
    {
      suite,
      id: 'exists',
      title: 'Runtime account exists and is not disabled',
      source: 'IAM',
      asked: runtime.serviceAccount ?? "the project's default compute account",
      expected: 'an account that is not disabled',
      unanswered: 'advisory',
      grant: 'roles/iam.serviceAccountViewer',
      async ask() {
        const { email } = await runtimeAccount(scene);
        const found = await look.at(`service account ${email}`, () => deps.lookUps.iam.serviceAccount(email));
        const state = found ? (found.disabled ? 'is disabled' : 'exists') : 'does not exist';
        return { pass: found?.disabled === false, observed: `${email} ${state}` };
      },
    },
    {
      // https://cloud.google.com/run/docs/securing/service-identity: one account per service, with the least it needs.
      suite,
      id: 'own',
      title: 'Service has an account of its own',
      severity: 'advisory',
      source: 'service file',
      asked: 'runtime.serviceAccount',
      expected: 'an account that only this service uses',
      async ask() {
        if (runtime.serviceAccount !== undefined && !(await runtimeAccount(scene)).isDefault)
          return { pass: true, observed: runtime.serviceAccount };
        const observed = runtime.serviceAccount ?? 'none: the default compute account';
        return {
          pass: false,
          observed,
          recommendation: {
            change: 'Make a service account for this service and name it in runtime.serviceAccount.',
            measured: observed,
            limit: 'an account that only this service uses',
            rule: 'https://cloud.google.com/run/docs/securing/service-identity',
          },
        };
      },
    },
    ...projects.map((project): Question => ({
      suite,
      id: `cloud-sql-${project}`,
      title: `Runtime account may connect to Cloud SQL in ${project}`,
      source: 'Policy Troubleshooter',
      asked: 'cloudsql.instances.connect',
      expected: 'granted',
      unanswered: 'advisory',
      async ask() {
        const { email } = await runtimeAccount(scene);
        const resource = projectResource(project);
        const answer = await accessOf(scene, email, resource, 'cloudsql.instances.connect');
        if (answer.access === 'unknown')
          return { pass: undefined, observed: `not known for ${email}: ${answer.why}` };
        return answer.access === 'yes'
          ? { pass: true, observed: `${email} may connect` }
          : { pass: false, observed: `${email} may not connect: grant it roles/cloudsql.client` };
      },
    })),
  ];
}
