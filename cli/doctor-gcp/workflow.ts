import { createHash } from 'node:crypto';
import { z } from 'zod';
import { absent, difference, settle, single, together, type Finding } from './finding.ts';
import { apply, locationOf, names, shortName, type Scene } from './scene.ts';

/** https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows */
const WorkflowJson = z.object({
  state: z.string(),
  stateError: z.looseObject({ details: z.string().default('') }).optional(),
  revisionId: z.string().default('?'),
  revisionCreateTime: z.string().default('?'),
  serviceAccount: z.string().default(''),
  sourceContents: z.string().default(''),
  userEnvVars: z.record(z.string(), z.unknown()).default({}).transform(Object.keys),
});

/** Whether the workflow is this checkout's, with all it reads of its environment. */
export async function judgeWorkflow({ google, place, checkout }: Scene): Promise<Finding[]> {
  const name = names.of(place, 'deploy');
  const about = { id: 'workflow', what: `workflow ${name}` };
  const answer = await google.find(WorkflowJson, {
    host: 'workflows.googleapis.com',
    path: `v1/${locationOf(place)}/workflows/${name}`,
    permission: 'workflows.workflows.get',
  });
  // Variables with this prefix are Google's own.
  const wanted = [...checkout.workflow.matchAll(/sys\.get_env\("(\w+)"/g)]
    .map(([, variable = '']) => variable)
    .filter((variable) => !variable.startsWith('GOOGLE_CLOUD_'));
  return settle(
    about,
    answer,
    (found) => {
      const [there, here] = [found.sourceContents, checkout.workflow].map(hash);
      const revision = `${found.revisionId} of ${found.revisionCreateTime}`;
      const problem = together(
        difference([
          ['its state', found.state, 'ACTIVE'],
          ['its account', shortName(found.serviceAccount), names.account(place, 'workflow')],
        ]),
        found.stateError?.details,
        there === here
          ? undefined
          : `revision ${revision} (sha256 ${there}) is not workflows/deploy.yaml of this checkout (sha256 ${here}): it is older, if this checkout is the newest`,
        absent('of its variables', wanted, found.userEnvVars),
      );
      return single(about, `ACTIVE; revision ${revision} is workflows/deploy.yaml of this checkout`, {
        problem,
        fix: apply,
      });
    },
    () => single(about, '', { problem: 'it is not there: nothing can be deployed', fix: apply }),
  );
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
