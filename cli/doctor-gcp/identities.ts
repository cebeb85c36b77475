import { z } from 'zod';
import { absent, grouped, settle, type Finding, type Item } from './finding.ts';
import { apply, names, shortName, targetsOn, type Conditions, type Place, type Scene } from './scene.ts';

const Account = z.object({ email: z.string(), disabled: z.boolean().default(false) });

/** The account of each function and of what is beside them; where images are built, also that of the builds. */
export async function judgeAccounts(scene: Scene, on: Promise<Conditions>): Promise<Finding[]> {
  const { google, place, checkout } = scene;
  const asked = await inEachProject(place, (project) =>
    google.list(Account, {
      host: 'iam.googleapis.com',
      path: `v1/projects/${project}/serviceAccounts`,
      query: { pageSize: '100' },
      items: 'accounts',
      permission: 'iam.serviceAccounts.list',
      project,
    }),
  );
  const conditions = await on;
  return asked.flatMap(({ project, answer }) => {
    const own = [...targetsOn(scene, conditions).map(({ name }) => name), ...checkout.terraform.accounts];
    const wanted = [
      ...(project === place.project ? own : []),
      ...(conditions.has('builds') && place.targetProjects.includes(project) ? ['image-build'] : []),
    ];
    if (wanted.length === 0) return [];
    const about = { id: `accounts:${project}`, what: `service accounts in ${project}` };
    return settle(about, answer, (accounts) => {
      const items = wanted.map((id): Item => {
        const email = names.account({ ...place, project }, id);
        const found = accounts.find((account) => account.email === email);
        if (found === undefined) return { name: email, problem: 'it is not there', fix: apply };
        return {
          name: email,
          problem: found.disabled ? 'it is disabled' : undefined,
          fix: `gcloud iam service-accounts enable ${email} --project ${project}`,
        };
      });
      return grouped(about, items, 'there and enabled');
    });
  });
}

/** That of Slipway, and each where it deploys. */
const inEachProject = <T>(
  { project, targetProjects }: Place,
  ask: (project: string) => Promise<T>,
): Promise<{ project: string; answer: T }[]> =>
  Promise.all(
    [...new Set([project, ...targetProjects])].map(async (each) => ({
      project: each,
      answer: await ask(each),
    })),
  );

const Role = z.object({
  /** `projects/P/roles/ID` */
  name: z.string(),
  includedPermissions: z.array(z.string()).default([]),
  stage: z.string().optional(),
});

/** The custom roles, with the permissions that `functions/targets.json` names, in each project that needs them. */
export async function judgeRoles({ google, place, checkout }: Scene): Promise<Finding[]> {
  const asked = await inEachProject(place, (project) =>
    google.list(Role, {
      host: 'iam.googleapis.com',
      path: `v1/projects/${project}/roles`,
      query: { view: 'FULL' },
      items: 'roles',
      permission: 'iam.roles.list',
      project,
    }),
  );
  return asked.flatMap(({ project, answer }) => {
    const about = { id: `roles:${project}`, what: `custom roles in ${project}` };
    return settle(about, answer, (roles) => {
      const named = (capability: string) =>
        roles.find(({ name }) => shortName(name) === names.role(place, capability));
      const made = Object.entries(checkout.manifest.capabilities).filter(
        ([, { role }]) => role === undefined,
      );
      const own = project === place.project ? made.filter(([, { on }]) => on !== 'targets') : [];
      const targets = made.filter(([, { on }]) => on === 'targets');
      // Nobody said where services run: when none of the roles for that is here, they run elsewhere.
      const isSaid = place.targetProjects.length > 0;
      const isTarget = isSaid
        ? place.targetProjects.includes(project)
        : targets.some(([capability]) => named(capability) !== undefined);
      const items = [...own, ...(isTarget ? targets : [])].map(([capability, { permissions }]): Item => {
        const role = named(capability);
        const problem = role
          ? role.stage === 'DISABLED'
            ? 'it is disabled'
            : absent('of its permissions', permissions, role.includedPermissions)
          : 'it is not there';
        return { name: names.role(place, capability), problem, fix: apply };
      });
      const elsewhere: Finding = {
        id: 'roles:targets',
        ok: 'unknown',
        what: 'custom roles where services run',
        found: `there are none in ${project}, so services run elsewhere`,
        fix: 'Name each project: slipway doctor gcp --target PROJECT',
      };
      return [
        ...grouped(about, items, 'there with their permissions'),
        ...(isTarget || isSaid ? [] : [elsewhere]),
      ];
    });
  });
}
