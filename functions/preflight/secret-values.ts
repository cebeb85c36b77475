import { createHmac } from 'node:crypto';
import { Fault } from '#shared/domain/fault.ts';
import type { SecretRule } from '#shared/domain/service/runtime.ts';
import { findConfig, readServiceFiles } from '#functions/triggers/service-files.ts';
import type { Question } from './question.ts';
import type { Scene } from './scene.ts';

/** What is known of a value once it was judged: nothing that it could be found out from. */
interface Judgement {
  isLongEnough: boolean;
  isPlaceholder: boolean;
  /** Equal for equal values within one preflight; made with a key that is forgotten after it. */
  mark: string;
}

/** Values that stand for one that was to be put in. */
const placeholders =
  /change[-_ ]?me|placeholder|replace[-_ ]?(me|this)|your[-_ ].*[-_ ](here|key|secret|password)|insert[-_ ].*here|^<[^<>]*>$|^\$\{[^}]*\}$/i;
const wholeWords =
  /^(todo|tbd|fixme|none|null|undefined|test|testing|secret|password|passwd|example|sample|dummy|foo|bar|foobar|abc|abc123|123456789?0?|default|value|x{3,})$/i;

const isPlaceholder = (value: string): boolean => {
  const text = value.trim();
  return text === '' || placeholders.test(text) || wholeWords.test(text) || /^(.)\1*$/su.test(text);
};

/**
 * The rules that the service file declares on values. A value is looked at by `judgement` alone; what leaves it is a yes
 * or a no.
 */
export function valueQuestions(scene: Scene): Question[] {
  const { config, deps } = scene;
  const { secretRules = {}, secrets } = config.runtime;
  // Made anew for every preflight: marks of two of them cannot be compared.
  const key = deps.newId();
  return Object.entries(secretRules).map(([variable, rule]) => ({
    suite: 'Secrets',
    id: `${variable}/value`,
    title: `Value of ${variable} keeps its rules`,
    source: `Secret Manager ${config.project}/${secrets[variable] ?? ''}`,
    asked: 'the value, which is not shown',
    expected: inWords(rule),
    grant: 'roles/secretmanager.secretAccessor on the secret to the account of preflight',
    async ask() {
      if (!scene.mayJudgeValues)
        return {
          notRun: 'rules on values are tried only as the file in the bucket has them',
          severity: 'advisory',
        };
      const own = await judge(scene, key, config.project, secrets[variable] ?? '', rule);
      const broken = [
        ...(own.isLongEnough ? [] : [`shorter than ${rule.minimumLength} characters`]),
        ...(rule.notPlaceholder && own.isPlaceholder ? ['a placeholder'] : []),
        ...(await differences(scene, key, rule, own.mark)),
      ];
      return broken.length === 0
        ? { pass: true, observed: 'it keeps them' }
        : { pass: false, observed: `it is ${broken.join('; it is ')}` };
    },
  }));
}

function judge(
  { look, deps }: Scene,
  key: string,
  project: string,
  binding: string,
  rule: SecretRule,
): Promise<Judgement> {
  const [secret = '', version = ''] = binding.split(':');
  const { minimumLength = 0 } = rule;
  const what = `value of ${project}/${binding} by the rule of ${minimumLength} characters`;
  return look.at(what, async () => {
    const judgement = await deps.secrets.judge(project, secret, version, (value) => ({
      isLongEnough: value.length >= minimumLength,
      isPlaceholder: isPlaceholder(value),
      mark: createHmac('sha256', key).update(value).digest('hex'),
    }));
    if (judgement) return judgement;
    throw new Fault('not-found', `${project} has no secret ${binding}`);
  });
}

/** Of the variables that must hold the same value, those that do not, in words. */
async function differences(scene: Scene, key: string, rule: SecretRule, mark: string): Promise<string[]> {
  const { look, deps, config } = scene;
  const { sameAs = [] } = rule;
  if (sameAs.length === 0) return [];
  const files = await look.at('the service files', () => readServiceFiles(deps));
  const found = await Promise.all(
    sameAs.map(async ({ service, variable }) => {
      const other = findConfig(files, service, config.environment);
      if ('problem' in other) return `not comparable: ${other.problem}`;
      const binding = other.config.runtime.secrets[variable];
      if (binding === undefined) return `not comparable: ${service} has no secret ${variable}`;
      const { mark: others } = await judge(scene, key, other.config.project, binding, {});
      return others === mark ? '' : `not the same as ${service}'s ${variable}`;
    }),
  );
  return found.filter((difference) => difference !== '');
}

const inWords = ({ minimumLength, notPlaceholder, sameAs = [] }: SecretRule): string =>
  [
    ...(minimumLength === undefined ? [] : [`at least ${minimumLength} characters`]),
    ...(notPlaceholder ? ['no placeholder'] : []),
    ...sameAs.map(({ service, variable }) => `the same as ${service}'s ${variable}`),
  ].join(', ');
