import { z } from 'zod';

const causeClasses = [
  /** The container ended, or never got anywhere, before it was ready. */
  'does-not-start',
  /** It was ready and then ended, or it was ended: out of memory, by a signal. */
  'crashes',
  /** It does not listen where Cloud Run asks. */
  'port',
  /** It runs and listens, and its health check is not good. */
  'probe',
  'secret',
  'image',
  'permission',
  'quota',
  /** Something that it needs cannot be reached. */
  'dependency',
  /** A check of the service file or of Slipway says no. */
  'check',
  'unknown',
] as const;

/** Why a deployment failed, for the person who has to mend it. */
export const Cause = z.object({
  class: z.enum(causeClasses),
  /** What happened. */
  sentence: z.string(),
  /** What to do about it. */
  nextStep: z.string(),
  /** What to paste into a shell for that, as arguments. */
  command: z.array(z.string()).min(1).optional(),
});
export type Cause = z.infer<typeof Cause>;
