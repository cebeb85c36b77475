import { counted } from '#shared/report/words.ts';
import { found } from './look.ts';
import type { Answer, Question } from './question.ts';
import { accessOf, runtimeAccount, type Scene } from './scene.ts';
import { valueQuestions } from './secret-values.ts';

const suite = 'Secrets';

interface Mapping {
  variable: string;
  secret: string;
  version: string;
}

const mappingsOf = (secrets: Record<string, string>): Mapping[] =>
  Object.entries(secrets).map(([variable, binding]) => {
    const [secret = '', version = ''] = binding.split(':');
    return { variable, secret, version };
  });

/**
 * The secret bridge: for every mapping its version is enabled and the runtime account may read it; then what they add up
 * to. The account's right is asked once per secret. Whether a version is usable must be known; the right to read it Cloud
 * Run checks again before the revision gets traffic.
 */
export function secretQuestions(scene: Scene): Question[] {
  const { config } = scene;
  const mappings = mappingsOf(config.runtime.secrets);
  if (mappings.length === 0) return [];
  return [
    ...mappings.map(({ variable, secret, version }): Question => ({
      suite,
      id: variable,
      title: `Secret ${secret}:${version} for ${variable}`,
      source: `Secret Manager ${config.project}/${secret} and Policy Troubleshooter`,
      asked: `version ${version}, and whether the runtime account may read it`,
      expected: 'an enabled version that the runtime account may read',
      grant: `roles/secretmanager.viewer on ${secret}`,
      ask: () => usable(scene, { variable, secret, version }),
    })),
    bridge(scene, mappings),
    pinned(scene, mappings),
    oneVersion(mappings),
    ...valueQuestions(scene),
  ];
}

type Judged = Exclude<Answer, { notRun: string }>;

const versionOf = ({ look, deps, config: { project } }: Scene, { secret, version }: Mapping) =>
  look.at(`secret ${secret}:${version}`, () => deps.secrets.version(project, secret, version));

async function usable(scene: Scene, mapping: Mapping): Promise<Judged> {
  const known = await versionOf(scene, mapping);
  if (!known) return { pass: false, observed: 'no such secret or version' };
  const state = `version ${known.number} is ${known.state}`;
  if (known.state !== 'enabled') return { pass: false, observed: state };
  const { email } = await runtimeAccount(scene);
  const resource = `//secretmanager.googleapis.com/${known.resource}`;
  const answer = await accessOf(scene, email, resource, 'secretmanager.versions.access');
  switch (answer.access) {
    case 'yes':
      return { pass: true, observed: `${state}, readable by ${email}` };
    case 'no':
      return {
        pass: false,
        observed: `${state}, not readable by ${email}: grant it roles/secretmanager.secretAccessor on ${mapping.secret}`,
      };
    case 'unknown':
      return {
        pass: undefined,
        severity: 'advisory',
        observed: `${state}; not known whether ${email} may read it: ${answer.why}`,
      };
  }
}

/** All mappings in one sentence. */
function bridge(scene: Scene, mappings: Mapping[]): Question {
  const secrets = new Set(mappings.map(({ secret }) => secret));
  const count = `${counted(mappings.length, 'mapping')} over ${counted(secrets.size, 'secret')}`;
  return {
    suite,
    id: 'bridge',
    title: `Secret bridge: ${count}`,
    source: `Secret Manager ${scene.config.project} and Policy Troubleshooter`,
    asked: 'every mapping',
    expected: 'all usable',
    async ask() {
      const answers = await Promise.all(mappings.map((mapping) => found(usable(scene, mapping))));
      const { email } = await runtimeAccount(scene);
      const those = (pass: boolean | undefined): string[] =>
        mappings.filter((_mapping, index) => answers[index]?.pass === pass).map(({ variable }) => variable);
      const bad = those(false);
      const open = those(undefined);
      if (bad.length > 0)
        return { pass: false, observed: `${count}; not usable: ${bad.join(', ')}`, severity: 'advisory' };
      if (open.length > 0)
        return { pass: undefined, observed: `${count}; not known: ${open.join(', ')}`, severity: 'advisory' };
      return { pass: true, observed: `${count}: all enabled and readable by ${email}` };
    },
  };
}

/** `latest` is allowed, knowingly: with it a revision that is brought back may read another value than it had. */
function pinned(scene: Scene, mappings: Mapping[]): Question {
  const loose = mappings.filter(({ version }) => version === 'latest');
  const names = loose.map(({ variable }) => variable).join(', ');
  return {
    suite,
    id: 'pinned',
    title: 'Secrets are pinned to versions',
    severity: 'advisory',
    source: 'service file and Secret Manager',
    asked: 'runtime.secrets',
    expected: 'a version number for each',
    async ask() {
      if (loose.length === 0) return { pass: true, observed: `all ${mappings.length} pinned` };
      const versions = await Promise.all(loose.map((mapping) => found(versionOf(scene, mapping))));
      const pins = loose.map(
        ({ variable, secret }, index) => `${variable}: ${secret}:${versions[index]?.number ?? 'VERSION'}`,
      );
      const observed = `latest for ${names}; ${mappings.length - loose.length} of ${mappings.length} pinned`;
      return {
        pass: false,
        observed,
        recommendation: {
          change: `Pin in runtime.secrets: ${pins.join(', ')}`,
          measured: observed,
          limit: `${mappings.length} of ${mappings.length} pinned`,
          rule: 'secrets-pinned',
          link: 'https://cloud.google.com/run/docs/configuring/services/secrets',
        },
      };
    },
  };
}

/** One secret at two versions is right only while it is being rotated. The same secret for two variables is not wrong. */
function oneVersion(mappings: Mapping[]): Question {
  const bySecret = Map.groupBy(mappings, ({ secret }) => secret);
  const several = [...bySecret].flatMap(([secret, used]) => {
    const versions = [...new Set(used.map(({ version }) => version))];
    return versions.length > 1 ? [`${secret} (${versions.join(', ')})`] : [];
  });
  const shared = [...bySecret].flatMap(([secret, used]) =>
    used.length > 1 ? [`${secret} (${used.map(({ variable }) => variable).join(', ')})`] : [],
  );
  return {
    suite,
    id: 'one-version',
    title: 'No secret is mapped at two versions',
    severity: 'advisory',
    source: 'service file',
    asked: 'runtime.secrets',
    expected: 'one version of each secret',
    async ask() {
      const observed =
        shared.length === 0 ? 'each secret is mapped once' : `mapped more than once: ${shared.join('; ')}`;
      if (several.length === 0) return { pass: true, observed };
      const measured = `at two versions: ${several.join('; ')}`;
      return {
        pass: false,
        observed: measured,
        recommendation: {
          change: `Map one version of ${several.length === 1 ? 'it' : 'each'}, unless it is being rotated`,
          measured,
          limit: 'one version of each secret',
          rule: 'secret-one-version',
        },
      };
    },
  };
}
