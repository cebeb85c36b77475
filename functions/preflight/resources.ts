import { projectResource, type Scene } from './scene.ts';
import { liveService } from './service.ts';

// Full resource names, on which permissions are asked: https://cloud.google.com/iam/docs/full-resource-names

/** The service itself, or its project while there is none. */
export async function serviceResource(scene: Scene): Promise<string> {
  const { project, cloudRunService } = scene.config;
  return (await liveService(scene))
    ? `${regionResource(scene)}/services/${cloudRunService}`
    : projectResource(project);
}

export const jobResource = (scene: Scene, job: string): string => `${regionResource(scene)}/jobs/${job}`;

/** @param project whose account it is, unless it names its own */
export const accountResource = (project: string, email: string): string => {
  const owner = /@([a-z][a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1] ?? project;
  return `//iam.googleapis.com/projects/${owner}/serviceAccounts/${email}`;
};

const regionResource = ({ config: { project, region } }: Scene): string =>
  `//run.googleapis.com/projects/${project}/locations/${region}`;
