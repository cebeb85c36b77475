import { needs } from './needs.ts';
import type { Answer, Question } from './question.ts';
import { accessOf, type Scene } from './scene.ts';
import { isFirst, knownFirst, liveService } from './service.ts';

/** Each step's account may do what the step does. */
export async function permissionQuestions(scene: Scene): Promise<Question[]> {
  const { stepAccounts } = scene.deps.config;
  const first = await knownFirst(scene);
  const asked = needs(scene).filter(
    ({ permissions }) => first === undefined || permissions(first).length > 0,
  );
  return asked.map(({ step, id, title, severity = 'required', resource, permissions }) => {
    const account = stepAccounts?.replaceAll('{step}', step);
    return {
      suite: 'Permissions',
      id: `${step}-${id}`,
      title,
      severity,
      source:
        account === undefined
          ? 'IAM testIamPermissions of this account'
          : `Policy Troubleshooter for ${account}`,
      asked: 'what the step uses',
      expected: 'all granted',
      unanswered: 'advisory',
      async ask(): Promise<Answer> {
        const wanted = permissions(isFirst(await liveService(scene)));
        const name = await resource();
        if (name === undefined) return { notRun: 'there is no such job', severity: 'advisory' };
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
