import type { Check } from './check.ts';

/** What the check of a migration is called. Names of the service file's checks hold no colon: none of them can be it. */
export const migrationCheck = (job: string) =>
  ({
    id: `job:${job}`,
    title: `Job ${job} succeeds`,
    suite: 'Migration',
    severity: 'required',
    step: 'validate',
    phase: 'candidate',
  }) as const;

export const isMigrationCheck = ({ id, step }: Pick<Check, 'id' | 'step'>): boolean =>
  step === 'validate' && id.startsWith('job:');
