import { GoogleError } from '#local/google-error.ts';
import type { StoredExecution } from './resources.ts';

/**
 * The filters of `executions.list` that are supported: `state="ACTIVE"` and `labels.KEY="VALUE"`, joined by AND.
 * The API's page names `label` as a field but not how it is written: this spelling is unverified.
 * @throws GoogleError UNIMPLEMENTED for any other filter
 */
export function executionFilter(text: string): (execution: StoredExecution) => boolean {
  if (text.trim() === '') return () => true;
  const terms = text.split(/\s+AND\s+/).map((term) => {
    const match = /^\s*(state|labels\.[\p{L}\p{N}_-]+)\s*=\s*"([^"]*)"\s*$/u.exec(term);
    const [, field, value] = match ?? [];
    if (field === undefined || value === undefined) {
      throw new GoogleError(
        'UNIMPLEMENTED',
        `The local Workflows does not support the filter ${JSON.stringify(text)}: expected state="…" and labels.KEY="…" joined by AND`,
      );
    }
    return { field, value };
  });
  return (execution) =>
    terms.every(({ field, value }) =>
      field === 'state'
        ? execution.state === value
        : execution.labels[field.slice('labels.'.length)] === value,
    );
}
