import { readServiceFiles } from '#functions/triggers/service-files.ts';
import type { Answer, Question } from './question.ts';
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
      source: 'service files',
      asked: 'runtime.serviceAccount, here and in the other files of the bucket',
      expected: 'an account that only this service uses',
      grant: 'roles/storage.objectViewer on the bucket',
      ask: () => ownAccount(scene),
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

/** By what service files say; who else uses the account is not known from them. */
async function ownAccount(scene: Scene): Promise<Answer> {
  const { config, look, deps } = scene;
  const account = config.runtime.serviceAccount;
  if (account === undefined || (await runtimeAccount(scene)).isDefault)
    return shared(account ?? 'none: the default compute account');
  const files = await look.at('the service files', () => readServiceFiles(deps));
  const configs = files.flatMap((file) => file.configs.map((one) => one.config));
  const others = configs.filter(({ service }) => service !== config.service);
  const users = others.filter(({ runtime }) => runtime.serviceAccount === account);
  if (users.length > 0)
    return shared(`${account}, as ${[...new Set(users.map(({ service }) => service))].join(', ')}`);
  const services = new Set(others.map(({ service }) => service));
  const elsewhere =
    services.size === 0 ? 'there is no other service' : `other services that name it: 0 of ${services.size}`;
  const observed = `${account}; ${elsewhere}`;
  const broken = files.filter(({ problems }) => problems !== undefined).map(({ name }) => name);
  return broken.length === 0
    ? { pass: true, observed }
    : { pass: undefined, observed: `${observed}; there are problems in ${broken.join(', ')}` };
}

const shared = (observed: string): Answer => ({
  pass: false,
  observed,
  recommendation: {
    change: 'Make a service account for this service and name it in runtime.serviceAccount',
    measured: observed,
    limit: 'an account that only this service uses',
    rule: 'own-account',
    link: 'https://cloud.google.com/run/docs/securing/service-identity',
  },
});
