import { z } from 'zod';
import type { Checkout, Target } from './checkout.ts';
import type { Google } from './google.ts';

const project = z
  .string()
  .regex(/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'expected a project id such as my-deployer');

/** Which installation is looked at, by the values of Terraform's variables. They become parts of addresses and commands. */
export const Place = z.object({
  project,
  region: z.string().regex(/^[a-z]+-[a-z]+\d+$/, 'expected a region such as us-central1'),
  prefix: z.string().regex(/^[a-z][a-z0-9-]{0,14}[a-z0-9]$/, 'expected a prefix such as slipway'),
  /** Name of the Firestore database, and where it is. */
  ledger: z
    .string()
    .regex(/^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/, 'expected a database such as slipway'),
  ledgerLocation: z.string().regex(/^[a-z][a-z0-9-]+$/, 'expected a location such as us-central1 or nam5'),
  /** Projects whose services Slipway deploys; empty when nobody said. */
  targetProjects: z.array(project),
});
export type Place = z.infer<typeof Place>;

/** What every question is asked with. */
export interface Scene {
  checkout: Checkout;
  place: Place;
  google: Google;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Names that `terraform/` gives. */
export const names = {
  /** Of functions, their services, subscriptions, the job, the repository, secrets. */
  of: ({ prefix }: Place, name: string): string => `${prefix}-${name}`,
  account: ({ prefix, project }: Place, name: string): string =>
    `${prefix}-${name}@${project}.iam.gserviceaccount.com`,
  bucket: ({ prefix, project }: Place): string => `${project}-${prefix}`,
  role: ({ prefix }: Place, capability: string): string => `${prefix}_${capability}`.replaceAll('-', '_'),
  topic: ({ project }: Place, topic: string): string => `projects/${project}/topics/${topic}`,
};

/** `projects/P/locations/R`, as it begins most paths. */
export const locationOf = ({ project, region }: Place): string => `projects/${project}/locations/${region}`;

/** Ends a gcloud command. */
export const inRegion = ({ project, region }: Place): string => `--region ${region} --project ${project}`;

/** The last part of a resource's name. */
export const shortName = (name: string): string => name.split('/').at(-1) ?? name;

/** What Terraform mends: what it made and what changed since. */
export const apply = 'terraform apply';

/** What holds of what is only there under a condition, by the words of `functions/targets.json` and `terraform/main.tf`. */
export type Conditions = ReadonlySet<string>;

export const isOn = (when: string, conditions: Conditions): boolean =>
  when === 'always' || conditions.has(when);

export const targetsOn = ({ checkout }: Scene, conditions: Conditions): Target[] =>
  checkout.manifest.targets.filter(({ when }) => isOn(when, conditions));
