import { ruleChecks } from '#shared/config/rules/rule-checks.ts';
import type { Check } from '#shared/domain/check.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { readServiceFiles } from '#functions/triggers/service-files.ts';
import { found } from './look.ts';
import type { Question } from './question.ts';
import type { Scene, Seen } from './scene.ts';

/** Every configuration in the bucket. */
const others = async ({ look, deps }: Scene): Promise<ServiceConfig[]> => {
  const files = await look.at('the service files', () => readServiceFiles(deps));
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
      expected: 'every service file',
      grant: 'roles/storage.objectViewer on the bucket',
      async ask() {
        const services = new Set((await others(scene)).map(({ service }) => service));
        return { pass: true, observed: [...services].join(', ') || 'none' };
      },
    },
  ];
}

/** What the rules say of the configuration and of what was seen; nothing while the services beside it are not known. */
export async function judgedByRules(scene: Scene, seen: Seen): Promise<Check[]> {
  const { config, deps } = scene;
  const beside = config.app?.database === undefined ? [] : await found(others(scene));
  if (beside === undefined) return [];
  return ruleChecks({ config, others: beside, seen }, new Date(deps.clock.now()).toISOString());
}
