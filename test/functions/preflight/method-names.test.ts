import { expect, it } from 'vitest';
import { withMethodNames } from '#functions/preflight/method-names.ts';

it.each([
  [
    'GET https://run.googleapis.com/v2/projects/p/locations/l/jobs/test answered 404',
    'run.jobs.get answered 404',
  ],
  ['GET https://run.googleapis.com/v1/projects/p/locations answered 403', 'run.locations.list answered 403'],
  [
    'not known: POST https://policytroubleshooter.googleapis.com/v3/iam:troubleshoot answered 403: no: grant X',
    'not known: policytroubleshooter.iam.troubleshoot answered 403: no: grant X',
  ],
  [
    'POST https://cloudresourcemanager.googleapis.com/v3/projects/p:testIamPermissions answered 403',
    'cloudresourcemanager.projects.testIamPermissions answered 403',
  ],
  [
    'GET https://serviceusage.googleapis.com/v1/projects/p/services:batchGet gave no answer within 10 s',
    'serviceusage.services.batchGet gave no answer within 10 s',
  ],
  [
    'GET https://compute.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/s answered 403',
    'compute.subnetworks.get answered 403',
  ],
  ['GET http://127.0.0.1:8080/v1/projects/p/secrets/s/versions/3 answered 500', 'versions.get answered 500'],
  [
    'GET https://us-central1-docker.pkg.dev/v2/p/apps/hello/manifests/v1 answered 401',
    'us-central1-docker.pkg.dev answered 401',
  ],
  ['it is at https://example.com/docs', 'it is at https://example.com/docs'],
])('%s', (words, named) => {
  expect(withMethodNames(words)).toBe(named);
});
