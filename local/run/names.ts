import { GoogleError } from '#local/google-error.ts';
import { place } from '#local/place.ts';

/** Where this Cloud Run is: the one project and region it answers for. */
export interface Place {
  project: string;
  projectNumber: string;
  location: string;
}

export const localPlace: Place = {
  project: place.project,
  projectNumber: place.projectNumber,
  location: place.region,
};

/** `projects/P/locations/L`, whether asked by project id or number. @throws GoogleError when it is not this place. */
export function parentOf(place: Place, params: Record<string, string>): string {
  const { project, location } = params;
  if (project !== place.project && project !== place.projectNumber) {
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Permission denied on project "${project}" (or it may not exist): this local cloud has "${place.project}"`,
    );
  }
  // "Location must be a valid Google Cloud region, and cannot be the "-" wildcard."
  if (location === '-') throw new GoogleError('INVALID_ARGUMENT', 'Location cannot be the "-" wildcard');
  if (location !== place.location) {
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Permission denied on 'locations/${location}' (or it may not exist): this local cloud has "${place.location}"`,
    );
  }
  return `projects/${place.project}/locations/${place.location}`;
}

/** The last part of a resource name. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The service a full revision name belongs to. */
export function serviceOf(revisionName: string): string {
  return revisionName.slice(0, revisionName.indexOf('/revisions/'));
}

/** @throws GoogleError INVALID_ARGUMENT. Source of the rule: CreateServiceRequest.service_id; for `job_id` unverified. */
export function checkId(field: 'service_id' | 'job_id', id: string): void {
  if (id.length < 50 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(id)) return;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `${field} "${id}" must begin with a letter, hold only lowercase letters, digits and hyphens, not end with a hyphen and be shorter than 50 characters`,
  );
}

/** @throws GoogleError INVALID_ARGUMENT unless it is `SERVICE-suffix` of at most 63 characters. */
export function checkRevisionName(name: string, serviceId: string): void {
  if (name.length <= 63 && name.startsWith(`${serviceId}-`) && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    return;
  }
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `template.revision "${name}" must be "${serviceId}-" and a suffix of lowercase letters, digits and hyphens, at most 63 characters in all`,
  );
}

/** `SERVICE-00001-abc`, as Google names a revision that was not named. */
export function generateRevisionName(serviceId: string, sequence: number, random: () => number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const suffix = Array.from({ length: 3 }, () => letters[Math.floor(random() * letters.length)]).join('');
  return `${serviceId}-${String(sequence).padStart(5, '0')}-${suffix}`;
}
