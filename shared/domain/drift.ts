import type { DeploymentId } from './ids.ts';

export const driftKinds = ['missing', 'traffic', 'template'] as const;

/**
 * What of a service is not as its live deployment left it: the service is gone, users get another split, or the template
 * holds another image, which the next edit in the console would deploy (traps 16).
 */
type DriftKind = (typeof driftKinds)[number];

/** A difference that was found, in words for people. */
export interface DriftFound {
  kind: DriftKind;
  expected: string;
  observed: string;
}

/** One per place and kind; a new one takes the place of one that has ended. */
export interface Drift extends DriftFound {
  service: string;
  environment: string;
  /** The deployment that left what is expected. */
  deploymentId: DeploymentId;
  /** ISO 8601: when it was seen first. */
  since: string;
  /** When it was seen last. */
  at: string;
  /** False once it was looked for and was gone. */
  open: boolean;
  endedAt?: string;
}
