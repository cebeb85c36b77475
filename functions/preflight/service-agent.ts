import { parseImage } from '#shared/domain/image.ts';
import type { Question } from './question.ts';
import { accessOf, projectNumber, type Scene } from './scene.ts';

const permission = 'artifactregistry.repositories.downloadArtifacts';

/** Where Artifact Registry keeps what is under these hosts (https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories). */
const locations: Record<string, string> = {
  'gcr.io': 'us',
  'us.gcr.io': 'us',
  'eu.gcr.io': 'europe',
  'asia.gcr.io': 'asia',
};

/** The repository of an image, by its parts; undefined when it is not in Artifact Registry. */
function repositoryOf(image: string): { project: string; location: string; repository: string } | undefined {
  const { host = '', path = '' } = parseImage(image) ?? {};
  const [project = '', repository = ''] = path.split('/');
  const location = /^([a-z0-9-]+)-docker\.pkg\.dev$/.exec(host)?.[1];
  if (location !== undefined) return { project, location, repository };
  const known = locations[host];
  return known === undefined ? undefined : { project, location: known, repository: host };
}

/**
 * The image is pulled by Cloud Run's own agent in the service's project, whoever deploys and whoever it runs as. In its own
 * project it may read everything; elsewhere it has to be let (https://cloud.google.com/artifact-registry/docs/integrate-cloud-run).
 */
export function serviceAgentQuestions(scene: Scene): Question[] {
  const { project, image } = scene.config;
  const found = repositoryOf(image);
  if (found === undefined || found.project === project) return [];
  const { location, repository } = found;
  const name = `projects/${found.project}/locations/${location}/repositories/${repository}`;
  return [
    {
      suite: 'Registry',
      id: 'service-agent',
      title: `Cloud Run may pull from ${found.project}`,
      source: "Policy Troubleshooter for Cloud Run's service agent",
      asked: `${permission} on ${name}`,
      expected: 'granted',
      // Otherwise the candidate fails before it has users.
      unanswered: 'advisory',
      async ask() {
        const agent = `service-${await projectNumber(scene)}@serverless-robot-prod.iam.gserviceaccount.com`;
        const answer = await accessOf(scene, agent, `//artifactregistry.googleapis.com/${name}`, permission);
        if (answer.access === 'unknown')
          return { pass: undefined, observed: `not known for ${agent}: ${answer.why}` };
        return answer.access === 'yes'
          ? { pass: true, observed: `${agent} may` }
          : {
              pass: false,
              observed: `${agent} may not: grant it roles/artifactregistry.reader on ${name}`,
            };
      },
    },
  ];
}
