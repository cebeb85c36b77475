import type { Cause } from '#shared/domain/cause.ts';
import type { FailureFacts } from './failure-facts.ts';

/** What a person can do about a cause of that class, with the command that helps where there is one. */
export function nextStepOf(cause: Cause['class'], facts: FailureFacts): Pick<Cause, 'nextStep' | 'command'> {
  const { step, config } = facts;
  const { port, serviceAccount, cpu, memory } = config.runtime;
  const file = `services/${config.service}.yaml`;
  const log = hasRevision(facts) ? { command: logCommand(facts) } : {};
  switch (cause) {
    case 'does-not-start':
      return { nextStep: 'Read the log of the revision, mend what ended it and push a new release.', ...log };
    case 'crashes':
      return {
        nextStep: `Read the log of the revision from before its end; it has ${cpu} CPU and ${memory} of memory.`,
        ...log,
      };
    case 'port':
      return {
        nextStep: `Let the container listen on 0.0.0.0 and the port in $PORT, which is ${port} by runtime.port in ${file}.`,
        ...log,
      };
    case 'probe':
      return {
        nextStep: `Read in the log why it answers so, or correct healthProbe (path, startupGrace) in ${file}.`,
        ...log,
      };
    case 'secret':
      return {
        nextStep: `See that the version exists, is enabled, holds the right value and is readable for ${serviceAccount ?? 'the service’s account'} (roles/secretmanager.secretAccessor).`,
        command: secretCommand(facts),
      };
    case 'image':
      return {
        nextStep: 'Look whether the image is in the registry under that name, and push it if not.',
        command: [
          'gcloud',
          'artifacts',
          'docker',
          'images',
          'list',
          config.image,
          '--include-tags',
          '--limit',
          '10',
        ],
      };
    case 'permission':
      return {
        nextStep: `Grant what is missing to ${serviceAccount ?? 'the account the service runs as'}, then deploy again.`,
        ...log,
      };
    case 'quota':
      return {
        nextStep: `Deploy again later, or ask for more: https://console.cloud.google.com/iam-admin/quotas?project=${config.project}`,
      };
    case 'dependency':
      return {
        nextStep: `See that it is up and can be reached from the service (runtime.vpc and runtime.cloudSql in ${file}), then deploy again.`,
        ...log,
      };
    case 'check':
      return {
        nextStep:
          step === 'preflight' || step === 'deploy'
            ? `Change ${file} or the service so that they agree, then deploy again.`
            : `Mend the release, or the expectation in ${file} if that is what is wrong.`,
        ...log,
      };
    case 'unknown':
      return { nextStep: 'Look at what the steps saw, then deploy again.', ...log };
    default:
      return cause satisfies never;
  }
}

/** Before the deploy step there is none, and where that refused there may be none. */
const hasRevision = ({ step, failed }: FailureFacts): boolean =>
  step === 'deploy'
    ? failed.some(({ id }) => id === 'ready')
    : !['preflight', 'build', 'push'].includes(step);

const logCommand = ({ config, revision }: FailureFacts): string[] => [
  'gcloud',
  'logging',
  'read',
  `resource.type="cloud_run_revision" AND resource.labels.revision_name="${revision}"`,
  '--project',
  config.project,
  '--limit',
  '50',
];

/** The secret that is named, or the only one that is bound. */
function secretCommand({ config, condition, message, lines }: FailureFacts): string[] {
  const { project, runtime } = config;
  const bound = Object.entries(runtime.secrets).map(([variable, binding]) => ({
    variable,
    secret: binding.split(':')[0] ?? '',
  }));
  const text = [condition?.message ?? '', message, ...lines].join('\n');
  const named =
    bound.find(({ variable, secret }) => hasWord(text, secret) || hasWord(text, variable)) ??
    (bound.length === 1 ? bound[0] : undefined);
  return named === undefined
    ? ['gcloud', 'secrets', 'list', '--project', project]
    : ['gcloud', 'secrets', 'versions', 'list', named.secret, '--project', project];
}

const hasWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text);
