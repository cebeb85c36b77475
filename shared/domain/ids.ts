import { z } from 'zod';

/** Lower case, digits without look-alikes: readable aloud, valid in Cloud Run names, tags and Workflows labels. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A deployment's id: `d` + 7 characters of time + 4 of chance. It sorts by time, and everything the deployment
 * makes is named from it: its candidate revision, its tag, its execution's label.
 */
export const DeploymentId = z
  .string()
  .regex(/^d[0-9a-z]{11}$/, 'expected a deployment id such as d1f3k7q2x9ab');
export type DeploymentId = z.infer<typeof DeploymentId>;

/** Random numbers in [0, 1), as Math.random gives them. */
export type Random = () => number;

/** @param nowMs milliseconds since the epoch */
export function newDeploymentId(nowMs: number, random: Random): DeploymentId {
  let seconds = Math.floor(nowMs / 1000);
  let time = '';
  for (let digit = 0; digit < 7; digit += 1) {
    time = alphabet.charAt(seconds % 32) + time;
    seconds = Math.floor(seconds / 32);
  }
  let chance = '';
  for (let digit = 0; digit < 4; digit += 1) chance += alphabet.charAt(Math.floor(random() * 32));
  return `d${time}${chance}`;
}

/** An approval's id: as a deployment's, with an `a`. */
export const ApprovalId = z
  .string()
  .regex(/^a[0-9a-z]{11}$/, 'expected the id of an approval such as a1f3k7q2x9ab');

/** @param id a new deployment's, which then stays unused */
export const approvalIdOf = (id: DeploymentId): string => `a${id.slice(1)}`;

/** The candidate's revision: a repeated deploy meets its own revision instead of making a second one. */
export const candidateRevision = (cloudRunService: string, id: DeploymentId): string =>
  `${cloudRunService}-${id}`;

/** The candidate's traffic tag. Cloud Run wants ≥ 3 characters, and tag plus service name ≤ 46 (traps 12). */
export const candidateTag = (id: DeploymentId): string => id;

/** The longest Cloud Run service name that leaves room for our tag. */
export const longestServiceName = 46 - 12;
