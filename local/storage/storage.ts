import { z } from 'zod';
import type { Clock } from '#shared/clock.ts';
import { GoogleError } from '#local/google-error.ts';
import {
  parsedBody,
  parsedValue,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
  type Route,
} from '#local/http.ts';
import { createObjects, type ObjectVersion } from '#local/storage/objects.ts';
import { conditionNotMet, StorageError } from '#local/storage/storage-error.ts';
import { queryOf, uploadedObject } from '#local/storage/upload.ts';
import type { Store } from '#local/store.ts';

/** Cloud Storage's JSON API. Clients name it as `apiEndpoint` and set `useAuthWithCustomEndpoint`. */
export interface LocalStorage extends LocalService {
  /** Makes the bucket unless it exists. */
  ensureBucket(name: string, settings?: { versioned?: boolean }): void;
  /** @throws StorageError 404 */
  readObject(bucket: string, name: string, generation?: string): Promise<Buffer>;
}

const Bucket = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
      'expected 3 to 63 lower case letters, digits, ".", "_" or "-"',
    ),
  location: z.string().default('US'),
  storageClass: z.string().default('STANDARD'),
  versioning: z.strictObject({ enabled: z.boolean() }).default({ enabled: false }),
  iamConfiguration: z.looseObject({}).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
type Bucket = z.infer<typeof Bucket> & { timeCreated: string };

/** Query parameters that change nothing here. Every other one that is not read is refused. */
const harmless = ['alt', 'prettyPrint', 'project', 'projection', 'uploadType', 'name'];

export function createStorage(options: { store: Store; clock: Clock; directory: string }): LocalStorage {
  const objects = createObjects(options);
  const buckets = options.store.collection<Bucket>('storage.buckets');

  function bucketOf({ params }: LocalRequest): Bucket {
    const bucket = buckets.get(params['bucket'] ?? '');
    if (!bucket) throw new StorageError(404, 'notFound', 'The specified bucket does not exist.');
    return bucket;
  }

  function createBucket(request: LocalRequest): LocalResponse {
    checkQuery(request, []);
    const bucket = parsedBody(request, Bucket);
    if (buckets.get(bucket.name)) {
      throw new StorageError(
        409,
        'conflict',
        'Your previous request to create the named bucket succeeded and you already own it.',
      );
    }
    const made = { ...bucket, timeCreated: new Date(options.clock.now()).toISOString() };
    buckets.put(bucket.name, made);
    return { json: shownBucket(made) };
  }

  async function upload(request: LocalRequest): Promise<LocalResponse> {
    checkQuery(request, ['ifGenerationMatch']);
    const bucket = bucketOf(request);
    const object = uploadedObject(request, bucket.name);
    const version = await objects.put(
      object,
      bucket.versioning.enabled,
      queryOf(request, 'ifGenerationMatch'),
    );
    return { json: shownObject(version) };
  }

  async function getObject(request: LocalRequest): Promise<LocalResponse> {
    checkQuery(request, ['generation', 'ifGenerationMatch']);
    const version = objects.get(
      bucketOf(request).name,
      request.params['object'] ?? '',
      queryOf(request, 'generation'),
    );
    const match = queryOf(request, 'ifGenerationMatch');
    if (match !== undefined && match !== version.generation) throw conditionNotMet();
    if (queryOf(request, 'alt') !== 'media') return { json: shownObject(version) };
    return {
      body: await objects.read(version),
      headers: {
        'content-type': version.contentType,
        'x-goog-generation': version.generation,
        'x-goog-hash': `crc32c=${version.crc32c},md5=${version.md5Hash}`,
        'x-goog-stored-content-encoding': 'identity',
        'x-goog-stored-content-length': version.size,
      },
    };
  }

  const root = '/storage/v1/b';
  return {
    routes: [
      route('POST', root, createBucket),
      route('GET', `${root}/{bucket}`, (request) => {
        checkQuery(request, []);
        return { json: shownBucket(bucketOf(request)) };
      }),
      route('PATCH', `${root}/{bucket}`, (request) => {
        checkQuery(request, []);
        const next = { ...bucketOf(request), ...parsedBody(request, Bucket.pick({ versioning: true })) };
        buckets.put(next.name, next);
        return { json: shownBucket(next) };
      }),
      route('GET', `${root}/{bucket}/o`, (request) => {
        checkQuery(request, ['prefix', 'versions']);
        const all = queryOf(request, 'versions') === 'true';
        const found = objects.list(bucketOf(request).name, queryOf(request, 'prefix') ?? '', all);
        return {
          json: { kind: 'storage#objects', ...(found.length > 0 ? { items: found.map(shownObject) } : {}) },
        };
      }),
      route('POST', '/upload/storage/v1/b/{bucket}/o', upload),
      route('GET', `${root}/{bucket}/o/{object}`, getObject),
      route('DELETE', `${root}/{bucket}/o/{object}`, async (request) => {
        checkQuery(request, ['generation', 'ifGenerationMatch']);
        const bucket = bucketOf(request);
        await objects.delete(
          bucket.name,
          request.params['object'] ?? '',
          queryOf(request, 'generation'),
          bucket.versioning.enabled,
          queryOf(request, 'ifGenerationMatch'),
        );
        return { status: 204 };
      }),
    ],
    ensureBucket(name, { versioned = false } = {}) {
      if (buckets.get(name)) return;
      const bucket = parsedValue(Bucket, { name, versioning: { enabled: versioned } });
      buckets.put(name, { ...bucket, timeCreated: new Date(options.clock.now()).toISOString() });
    },
    readObject: async (bucket, name, generation) => objects.read(objects.get(bucket, name, generation)),
  };
}

function shownBucket(bucket: Bucket): unknown {
  return { kind: 'storage#bucket', id: bucket.name, ...bucket, metageneration: '1' };
}

function shownObject(version: ObjectVersion): unknown {
  const { bucket, name, generation, timeCreated } = version;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    ...version,
    metageneration: '1',
    etag: Buffer.from(generation).toString('base64'),
    storageClass: 'STANDARD',
    updated: timeCreated,
  };
}

function checkQuery(request: LocalRequest, known: string[]): void {
  for (const name of request.url.searchParams.keys()) {
    if (known.includes(name) || harmless.includes(name)) continue;
    throw new GoogleError(
      'UNIMPLEMENTED',
      `The local Cloud Storage does not support the parameter "${name}"`,
    );
  }
}

function route(
  method: string,
  path: string,
  handle: (request: LocalRequest) => LocalResponse | Promise<LocalResponse>,
): Route {
  return {
    method,
    path,
    async handle(request) {
      try {
        return await handle(request);
      } catch (error) {
        if (error instanceof StorageError) return { status: error.code, json: error.toJSON() };
        throw error;
      }
    },
  };
}
