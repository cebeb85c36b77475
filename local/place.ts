import targets from '#functions/targets.json' with { type: 'json' };

/** The local project, its accounts and its names: what a team's own project and Terraform would give. */
export const place = {
  project: 'slipway-local',
  projectNumber: '424242424242',
  region: 'us-central1',
  registryHost: 'us-central1-docker.pkg.dev',
  repository: 'slipway-local/apps',
  bucket: 'slipway-local-slipway',
  workflow: 'slipway-deploy',
  slackChannel: { id: 'C0DEPLOYS', name: 'deployments' },
  slackTeam: 'T0LOCAL',
  slackApp: 'A0LOCAL',
} as const;

const account = (name: string): string => `${name}@${place.project}.iam.gserviceaccount.com`;

export const accounts = {
  functions: account('slipway-functions'),
  workflow: account('slipway-workflow'),
  push: account('slipway-push'),
  build: account('slipway-build'),
  registry: account('artifact-registry'),
  /** What Cloud Run runs as unless told otherwise. */
  compute: `${place.projectNumber}-compute@developer.gserviceaccount.com`,
  /** The person at the laptop. */
  developer: account('developer'),
} as const;

export interface Target {
  name: string;
  kind: 'trigger' | 'http' | 'step';
  topic?: string;
  /** `public` for what anybody may call, because it has an authentication of its own; private without it. */
  access?: 'public';
}

export const allTargets = targets.targets as Target[];

/** Every topic of ours: those that functions listen to, the dead letters, Cloud Build's. */
export const topics = [
  ...allTargets.flatMap((target) => target.topic ?? []),
  targets.deadLetter.topic,
  'cloud-builds',
];
