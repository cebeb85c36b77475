import { GoogleError } from '#local/google-error.ts';
import type { Service } from './messages.ts';
import { shortName } from './names.ts';

/**
 * The newest revision, and one that has traffic or a tag, cannot be deleted.
 * @throws GoogleError FAILED_PRECONDITION
 */
export function refuseInUse(id: string, service: Service, assignments: { revision: string }[]): void {
  if (shortName(service.latestCreatedRevision ?? '') === id) {
    throw new GoogleError(
      'FAILED_PRECONDITION',
      'The latest created Revision cannot be directly deleted. You must create a new Revision before deleting this one.',
    );
  }
  const wanted = (service.traffic ?? []).some(({ revision }) => revision === id);
  if (wanted || assignments.some(({ revision }) => revision === id)) {
    throw new GoogleError(
      'FAILED_PRECONDITION',
      `Revision '${id}' is actively serving traffic or is tagged and cannot be deleted.`,
    );
  }
}

/** @throws GoogleError ABORTED, in Google's words, when the caller saw another version. */
export function checkEtag(name: string, given: string | undefined, current: string | undefined): void {
  if (given === undefined || given === current) return;
  throw new GoogleError(
    'ABORTED',
    `Conflict for resource '${shortName(name)}': version '${given}' was specified but current version is '${current}'.`,
  );
}
