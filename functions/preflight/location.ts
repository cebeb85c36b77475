import { nearest } from '#shared/config/nearest.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { Question } from './question.ts';
import { enabledApis, type Scene } from './scene.ts';
import { liveService } from './service.ts';

/** What the service file names that is not there; with the project everything in it is missing. */
interface Missing {
  what: 'project' | 'region';
  words: string;
}

const locations = ({ look, deps, config: { project } }: Scene): Promise<string[]> =>
  look.at(`Cloud Run locations of ${project}`, () => deps.run.locations(project));

/**
 * Whether the place of the service is missing, by the list of Cloud Run's locations. Where that is refused, so that it cannot
 * be known from it: a region by Cloud Run's own words about it, a project when nothing at all is to be learned in it.
 * Undefined also when it is not known.
 */
export async function missingPlace(scene: Scene): Promise<Missing | undefined> {
  const { project, region, environment } = scene.config;
  const key = `environments.${environment}`;
  const known = await orFault(locations(scene));
  if (!(known instanceof Fault)) {
    if (known.includes(region)) return undefined;
    const meant = nearest(region, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    const words = `${key}.region: Cloud Run has no location "${region}" for ${project}${hint}`;
    return { what: 'region', words };
  }
  if (known.retryable) return undefined;
  const [service, apis] = await Promise.all([orFault(liveService(scene)), orFault(enabledApis(scene))]);
  if (!(service instanceof Fault) || service.retryable) return undefined;
  // Cloud Run's words: "Permission denied on 'locations/us-centrall' (or it may not exist)".
  if (service.message.includes(`'locations/${region}'`))
    return {
      what: 'region',
      words: `${key}.region: there is no location "${region}", or it is not open to ${project}`,
    };
  if (!(apis instanceof Fault) || apis.retryable) return undefined;
  return {
    what: 'project',
    words: `${key}.project: there is no project "${project}", or Slipway has no role in it (target_projects in Terraform)`,
  };
}

/** That there is a place: what else is asked in it would only tell the same. */
export function locationQuestions(scene: Scene): Question[] {
  const { project, region } = scene.config;
  return [
    {
      suite: 'Cloud Run service',
      id: 'place',
      title: `Cloud Run has ${region} for ${project}`,
      source: `Cloud Run locations of ${project}`,
      asked: region,
      expected: 'one of the locations',
      // That Cloud Run answers for the service shows as much.
      unanswered: 'advisory',
      grant: 'roles/run.viewer',
      async ask() {
        const missing = await missingPlace(scene);
        if (missing) return { pass: false, observed: missing.words };
        return { pass: true, observed: `it is there; locations in all: ${(await locations(scene)).length}` };
      },
    },
  ];
}

const orFault = <T>(look: Promise<T>): Promise<T | Fault> =>
  look.catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });
