import { z } from 'zod';
import { Check } from '#shared/domain/check.ts';

/** What `POST /preflight` answers for one environment. */
export const PreflightView = z.object({
  service: z.string(),
  environment: z.string(),
  verdict: z.object({ status: z.string(), explanation: z.string() }),
  checks: z.array(Check),
});
export type PreflightView = z.infer<typeof PreflightView>;
