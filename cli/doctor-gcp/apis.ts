import { z } from 'zod';
import { grouped, settle, type Finding, type Item } from './finding.ts';
import type { Answer } from './google.ts';
import { shortName, type Conditions, type Scene } from './scene.ts';

/** `projects/NUMBER/services/run.googleapis.com`: https://cloud.google.com/service-usage/docs/reference/rest/v1/services */
const Service = z.object({ name: z.string() });

/**
 * Whether Google's APIs are switched on, by their list and by what the other questions met.
 * @param others settles once everything else was asked
 */
export async function judgeApis(scene: Scene, others: Promise<unknown>): Promise<Finding[]> {
  const { google, place, checkout } = scene;
  const about = { id: 'apis', what: 'APIs' };
  const [answer] = await Promise.all([listEnabled(scene, place.project), others]);
  const { off } = google;
  const on = answer.status === 'answered' ? answer.value.map(({ name }) => shortName(name)) : undefined;
  const number =
    answer.status === 'answered' ? /^projects\/\d+/.exec(answer.value[0]?.name ?? '')?.[0] : undefined;
  const isKnownOn = (api: string): boolean => !off.has(api) && on?.includes(api) === true;
  const items = [...new Set([...checkout.terraform.apis, ...off.keys()])]
    .filter((api) => on !== undefined || off.has(api))
    .map((api): Item => {
      if (isKnownOn(api)) return { name: api, problem: undefined };
      // Calls count for the credentials' project, and the API has to be on there.
      const consumer = off.get(api) || place.project;
      const elsewhere = number !== undefined && /^projects\/\d+$/.test(consumer) && consumer !== number;
      const project = elsewhere ? shortName(consumer) : place.project;
      const where = elsewhere ? `in project ${project}, for which your calls count` : '';
      return {
        name: api,
        problem: `it is not switched on ${where}`.trim(),
        fix: `gcloud services enable ${api} --project ${project}`,
      };
    });
  return [...settle(about, answer, () => []), ...grouped(about, items, `switched on in ${place.project}`)];
}

/** Terraform makes roles and accounts where services run, which is also where Cloud Run's agent comes from that pulls images. */
const neededByServices = ['iam.googleapis.com', 'run.googleapis.com'];

/** The same where services run, if that is another project. What a service file needs besides, preflight asks for. */
export async function judgeTargetApis(scene: Scene, on: Promise<Conditions>): Promise<Finding[]> {
  const { project: own, targetProjects } = scene.place;
  const asked = targetProjects
    .filter((project) => project !== own)
    .map(async (project) => ({ project, answer: await listEnabled(scene, project) }));
  const wanted = [...neededByServices, ...((await on).has('builds') ? ['cloudbuild.googleapis.com'] : [])];
  return (await Promise.all(asked)).flatMap(({ project, answer }) => {
    const about = { id: `apis:${project}`, what: `APIs in ${project}` };
    return settle(about, answer, (services) => {
      const found = services.map(({ name }) => shortName(name));
      const items = wanted.map((api): Item => {
        const problem = found.includes(api) ? undefined : 'it is not switched on';
        return { name: api, problem, fix: `gcloud services enable ${api} --project ${project}` };
      });
      return grouped(about, items, 'switched on');
    });
  });
}

const listEnabled = ({ google }: Scene, project: string): Promise<Answer<z.infer<typeof Service>[]>> =>
  google.list(Service, {
    host: 'serviceusage.googleapis.com',
    path: `v1/projects/${project}/services`,
    query: { filter: 'state:ENABLED', pageSize: '200' },
    items: 'services',
    permission: 'serviceusage.services.list',
    project,
  });
