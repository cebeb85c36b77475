import { z } from 'zod';
import { difference, settle, single, type Finding } from './finding.ts';
import { apply, locationOf, names, type Scene } from './scene.ts';

/** https://cloud.google.com/storage/docs/json_api/v1/buckets */
const Bucket = z.object({
  versioning: z.looseObject({ enabled: z.boolean().default(false) }).prefault({}),
  iamConfiguration: z
    .looseObject({
      uniformBucketLevelAccess: z.looseObject({ enabled: z.boolean().default(false) }).prefault({}),
      publicAccessPrevention: z.string().optional(),
    })
    .prefault({}),
});

/** The bucket of service files and reports. */
export async function judgeBucket({ google, place }: Scene): Promise<Finding[]> {
  const bucket = names.bucket(place);
  const about = { id: 'bucket', what: `bucket ${bucket}` };
  const answer = await google.find(Bucket, {
    host: 'storage.googleapis.com',
    path: `storage/v1/b/${bucket}`,
    permission: 'storage.buckets.get',
  });
  return settle(
    about,
    answer,
    ({ versioning, iamConfiguration: { uniformBucketLevelAccess: uniform, publicAccessPrevention } }) =>
      single(about, 'versions kept, uniform access, never public', {
        problem: difference([
          ['its versioning', versioning.enabled, true],
          ['its uniform access', uniform.enabled, true],
          ['its public access prevention', publicAccessPrevention, 'enforced'],
        ]),
        fix: `gcloud storage buckets update gs://${bucket} --versioning --uniform-bucket-level-access --public-access-prevention`,
      }),
    () =>
      single(about, '', { problem: 'it is not there: docs/operations.md, The bucket is gone', fix: apply }),
  );
}

/** Where the images of the functions are: https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories */
export async function judgeRepository({ google, place }: Scene): Promise<Finding[]> {
  const name = names.of(place, 'functions');
  const about = { id: 'repository', what: `repository ${name}` };
  const answer = await google.find(z.object({ format: z.string() }), {
    host: 'artifactregistry.googleapis.com',
    path: `v1/${locationOf(place)}/repositories/${name}`,
    permission: 'artifactregistry.repositories.get',
  });
  return settle(
    about,
    answer,
    ({ format }) =>
      single(about, 'there', { problem: difference([['its format', format, 'DOCKER']]), fix: apply }),
    () => single(about, '', { problem: 'it is not there: no function can be built', fix: apply }),
  );
}
