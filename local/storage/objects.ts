import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '#shared/clock.ts';
import type { Store } from '#local/store.ts';
import { crc32c } from '#local/storage/crc32c.ts';
import { conditionNotMet, StorageError } from '#local/storage/storage-error.ts';

/** One generation of an object, as the JSON API shows it. */
export interface ObjectVersion {
  bucket: string;
  name: string;
  generation: string;
  contentType: string;
  size: string;
  md5Hash: string;
  crc32c: string;
  timeCreated: string;
  /** Set once it is no longer the live generation. */
  timeDeleted?: string;
  metadata?: Record<string, string> | undefined;
}

interface Entry {
  /** Oldest first; the live one, if any, has no `timeDeleted`. */
  versions: ObjectVersion[];
}

export interface NewObject {
  bucket: string;
  name: string;
  contentType: string;
  content: Buffer;
  metadata?: Record<string, string> | undefined;
}

/**
 * The objects of all buckets. Each generation is a file `DIRECTORY/bucket/path/name@generation`, so that a person
 * can look at it and `a` and `a/b` can both exist; what is true about it stands in the store.
 */
export function createObjects(options: { store: Store; directory: string; clock: Clock }) {
  const { clock, directory } = options;
  const entries = options.store.collection<Entry>('storage.objects');
  const counters = options.store.collection<{ last: number }>('storage.counters');
  const idOf = (bucket: string, name: string): string => `${bucket}/${name}`;
  const versionsOf = (bucket: string, name: string): ObjectVersion[] =>
    entries.get(idOf(bucket, name))?.versions ?? [];
  const now = (): string => new Date(clock.now()).toISOString();

  /** Microseconds as Google's, and never the same twice. */
  function nextGeneration(): string {
    const next = Math.max(clock.now() * 1000, (counters.get('generation')?.last ?? 0) + 1);
    counters.put('generation', { last: next });
    return String(next);
  }

  /** @param match 0 wants that there is no live generation */
  function checkMatch(bucket: string, name: string, match: string | undefined): void {
    if (match === undefined) return;
    const live = versionsOf(bucket, name).find(isLive)?.generation ?? '0';
    if (live !== match) throw conditionNotMet();
  }

  /** Nothing is live any more afterwards; without `keep` what was live is gone for good. */
  function retired(versions: ObjectVersion[], keep: boolean): ObjectVersion[] {
    if (!keep) return versions.filter((version) => !isLive(version));
    return versions.map((version) => (isLive(version) ? { ...version, timeDeleted: now() } : version));
  }

  /** First the store forgets a generation, then its file goes: what is in the store can always be read. */
  async function save(bucket: string, name: string, versions: ObjectVersion[]): Promise<void> {
    const kept = new Set(versions.map(({ generation }) => generation));
    const gone = versionsOf(bucket, name).filter(({ generation }) => !kept.has(generation));
    if (versions.length > 0) entries.put(idOf(bucket, name), { versions });
    else entries.delete(idOf(bucket, name));
    for (const version of gone) await rm(fileOf(version), { force: true });
  }

  const fileOf = ({ bucket, name, generation }: ObjectVersion): string =>
    join(directory, bucket, `${pathOf(name)}@${generation}`);

  function get(bucket: string, name: string, generation?: string): ObjectVersion {
    const found = versionsOf(bucket, name).find((version) =>
      generation === undefined ? isLive(version) : version.generation === generation,
    );
    if (!found) {
      const which = generation === undefined ? '' : `#${generation}`;
      throw new StorageError(404, 'notFound', `No such object: ${bucket}/${name}${which}`);
    }
    return found;
  }

  // One write at a time: a precondition is checked and acted on without another write in between.
  let writing: Promise<unknown> = Promise.resolve();
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = writing.then(work);
    writing = result.catch(() => undefined);
    return result;
  }

  return {
    get,
    /** @param keepOld whether the bucket is versioned */
    put: (object: NewObject, keepOld: boolean, match: string | undefined): Promise<ObjectVersion> =>
      exclusively(async () => {
        const { content, ...rest } = object;
        checkMatch(object.bucket, object.name, match);
        const version: ObjectVersion = {
          ...rest,
          generation: nextGeneration(),
          size: String(content.length),
          ...hashesOf(content),
          timeCreated: now(),
        };
        await writeWhole(fileOf(version), content);
        const older = retired(versionsOf(object.bucket, object.name), keepOld);
        await save(object.bucket, object.name, [...older, version]);
        return version;
      }),
    read: async (version: ObjectVersion): Promise<Buffer> => readFile(fileOf(version)),
    /** With a generation that one is gone for good; without, a versioned bucket keeps what was live. */
    delete: (
      bucket: string,
      name: string,
      generation: string | undefined,
      keepOld: boolean,
      match: string | undefined,
    ): Promise<void> =>
      exclusively(async () => {
        get(bucket, name, generation);
        checkMatch(bucket, name, match);
        const versions = versionsOf(bucket, name);
        const left =
          generation === undefined
            ? retired(versions, keepOld)
            : versions.filter((version) => version.generation !== generation);
        await save(bucket, name, left);
      }),
    /** By name, then oldest first; the live generations only unless `all`. */
    list: (bucket: string, prefix: string, all: boolean): ObjectVersion[] =>
      entries
        .list()
        .flatMap(({ versions }) => versions)
        .filter(
          (version) =>
            version.bucket === bucket && version.name.startsWith(prefix) && (all || isLive(version)),
        )
        .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))),
  };
}

/** base64 of MD5 and of big-endian CRC-32C, as the JSON API shows them. */
export function hashesOf(content: Buffer): { md5Hash: string; crc32c: string } {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(content));
  return { md5Hash: createHash('md5').update(content).digest('base64'), crc32c: checksum.toString('base64') };
}

const isLive = ({ timeDeleted }: ObjectVersion): boolean => timeDeleted === undefined;

/** Every segment is escaped, and those that mean something to a file system most of all: nothing leads out. */
function pathOf(name: string): string {
  return name
    .split('/')
    .map((segment) =>
      /^\.*$/.test(segment) ? `%${segment.replaceAll('.', '%2E')}` : encodeURIComponent(segment),
    )
    .join('/');
}

async function writeWhole(file: string, content: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = join(dirname(file), `.${randomUUID()}.unfinished`);
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}
