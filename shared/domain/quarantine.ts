import type { Deployment } from './deployment.ts';
import type { DeploymentId } from './ids.ts';
import { shortDigest } from './image.ts';
import type { Outcome } from './outcome.ts';
import type { StepName } from './steps.ts';
import { verdict } from './verdict.ts';

/** A release that its own checks found bad, with the configuration it was tried with. */
export interface Quarantine {
  id: string;
  service: string;
  environment: string;
  digest: string;
  tag?: string;
  configHash: string;
  reason: string;
  /** The deployment that found it. */
  deploymentId: DeploymentId;
  /** Who asked for that deployment. */
  owner: string;
  at: string;
  /** False once a person let it go. */
  holds: boolean;
  releases: { by: string; reason: string; at: string }[];
}

/**
 * Short enough to be typed; 48 bits of digest and of hash tell the releases of one place apart.
 * @param place `SERVICE.ENVIRONMENT`
 */
export const quarantineId = (place: string, digest: string, configHash: string): string =>
  `${place}.${shortDigest(digest)}.${configHash.slice(0, 12)}`;

/** The steps that look at the candidate; what another step finds says nothing of the release. */
const judging: ReadonlySet<StepName> = new Set(['deploy', 'health-probe', 'validate']);

/**
 * Why the release of this deployment goes into quarantine, or undefined.
 *
 * | ended by | a required check of the candidate failed | outcome | quarantine |
 * |---|---|---|---|
 * | rejected, or completed | yes | failed, rolled-back, rollback-failed | yes |
 * | rejected by preflight, push or shift-traffic, or without an answer | no | any | no: it was not the release |
 * | fault, cancelled, interrupted | – | any | no: nothing was found out, or a person decided |
 */
export function quarantineReason(deployment: Deployment, outcome: Outcome): string | undefined {
  if (outcome !== 'failed' && outcome !== 'rolled-back' && outcome !== 'rollback-failed') return undefined;
  const { failure, completed } = deployment;
  if (!completed && failure?.ending !== 'rejected') return undefined;
  const sum = verdict(deployment.checks.filter((check) => judging.has(check.step as StepName)));
  if (sum.status !== 'fail') return undefined;
  return failure ? `${failure.step} (${failure.phase}): ${failure.message}` : sum.explanation;
}
