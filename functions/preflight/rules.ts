import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Facts } from '#shared/config/rules/rule.ts';
import type { Check } from '#shared/domain/check.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';
import { found } from './look.ts';
import type { Question } from './question.ts';
import type { Scene, Seen } from './scene.ts';

/** Every configuration in the bucket; not known while a file has problems, as that one may be at the same database. */
const others = async ({ look, deps }: Scene): Promise<Facts['others']> => {
  const files = await look.at('the service files', () => readServiceFiles(deps));
  const broken = files.filter(({ problems }) => problems !== undefined).map(({ name }) => name);
  if (broken.length > 0) return { unknown: `there are problems in ${broken.join(', ')}` };
  return files.flatMap((file) => file.configs.map(({ config }) => config));
};

/** Services at one database share its connections: whoever has one needs to know of them. */
export function ruleQuestions(scene: Scene): Question[] {
  if (scene.config.app?.database === undefined) return [];
  return [
    {
      suite: 'Service files',
      id: 'others',
      title: 'Services at the same database can be known',
      source: 'the bucket',
      asked: 'services/',
      expected: 'every service file, without problems',
      grant: 'roles/storage.objectViewer on the bucket',
      async ask() {
        const known = await others(scene);
        // Another service's mistake holds nobody up: what it leaves open are recommendations.
        if ('unknown' in known) return { pass: undefined, observed: known.unknown, severity: 'advisory' };
        const services = new Set(known.map(({ service }) => service));
        return { pass: true, observed: [...services].join(', ') || 'none' };
      },
    },
  ];
}

/** What the rules say of the configuration and of what was seen; without the services beside it, budgets stay open. */
export async function judgedByRules(scene: Scene, seen: Seen): Promise<Check[]> {
  const { config, deps } = scene;
  const known = config.app?.database === undefined ? [] : await found(others(scene));
  const beside = known ?? { unknown: 'the service files cannot be read' };
  return ruleChecks({ config, others: beside, seen }, new Date(deps.clock.now()).toISOString());
}
