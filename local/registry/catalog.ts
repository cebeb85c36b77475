import type { Store } from '#local/store.ts';
import { digestPattern } from './reference.ts';

/** A manifest as the registry keeps it; its bytes are a blob. `name` is `PROJECT/REPOSITORY/IMAGE…`. */
export interface ManifestRecord {
  name: string;
  digest: string;
  mediaType: string;
  /** Config and layers of an image; the manifest's own size for an index. */
  imageSizeBytes: number;
  /** RFC 3339, as `buildTime`: what the image's config says about its making. */
  uploadTime: string;
  buildTime?: string;
}

interface TagRecord {
  name: string;
  tag: string;
  digest: string;
}

/** What Artifact Registry publishes to the topic `gcr`: https://cloud.google.com/artifact-registry/docs/configure-notifications */
export interface RegistryEvent {
  action: 'INSERT' | 'DELETE';
  /** `HOST/P/R/I@sha256:…` */
  digest?: string;
  /** `HOST/P/R/I:tag` */
  tag?: string;
}

/** Which images, tags and blobs each image name has. Every change of images and tags is announced after it is kept. */
export interface Catalog {
  /** `PROJECT/REPOSITORY`, all there are. */
  readonly repositories: readonly string[];
  /** The canonical registry host of references and announcements. */
  readonly host: string;
  hasBlob(name: string, digest: string): boolean;
  linkBlob(name: string, digest: string): void;
  /** By digest or tag. */
  manifest(name: string, reference: string): ManifestRecord | undefined;
  /** All manifests of a repository, in order of upload. */
  manifests(repository: string): ManifestRecord[];
  tags(name: string): TagRecord[];
  put(record: ManifestRecord, tag: string | undefined): Promise<void>;
  deleteTag(name: string, tag: string): Promise<void>;
  /** Takes the tags of the manifest along. */
  deleteManifest(name: string, digest: string): Promise<void>;
}

/** Kept in `store`. `announce` may fail: then the change stands, and repeating the push announces it again. */
export function createCatalog(options: {
  store: Store;
  host: string;
  repositories: readonly string[];
  announce: (event: RegistryEvent) => void | Promise<void>;
}): Catalog {
  const { host, repositories, announce } = options;
  const manifests = options.store.collection<ManifestRecord>('registry-manifests');
  const tagRecords = options.store.collection<TagRecord>('registry-tags');
  const links = options.store.collection<{ digest: string }>('registry-blob-links');
  const byDigest = (name: string, digest: string): string => `${name}@${digest}`;
  const byTag = (name: string, tag: string): string => `${name}:${tag}`;
  const tags = (name: string): TagRecord[] => tagRecords.list().filter((record) => record.name === name);

  async function deleteTag(name: string, tag: string): Promise<void> {
    tagRecords.delete(byTag(name, tag));
    await announce({ action: 'DELETE', tag: `${host}/${byTag(name, tag)}` });
  }

  return {
    repositories,
    host,
    tags,
    deleteTag,
    hasBlob: (name, digest) => links.get(byDigest(name, digest)) !== undefined,
    linkBlob: (name, digest) => links.put(byDigest(name, digest), { digest }),
    manifest(name, reference) {
      const digest = digestPattern.test(reference)
        ? reference
        : tagRecords.get(byTag(name, reference))?.digest;
      return digest === undefined ? undefined : manifests.get(byDigest(name, digest));
    },
    manifests: (repository) => manifests.list().filter((record) => record.name.startsWith(`${repository}/`)),
    async put(record, tag) {
      const { name, digest } = record;
      // An image pushed again keeps the time of its first upload.
      const known = manifests.get(byDigest(name, digest));
      if (known === undefined) manifests.put(byDigest(name, digest), record);
      if (tag !== undefined) tagRecords.put(byTag(name, tag), { name, tag, digest });
      // One message with both for a push by tag, repeated by a repeated push; real counts are unconfirmed,
      // so receivers must stand several, and the same again.
      await announce({
        action: 'INSERT',
        digest: `${host}/${byDigest(name, digest)}`,
        ...(tag === undefined ? {} : { tag: `${host}/${byTag(name, tag)}` }),
      });
    },
    async deleteManifest(name, digest) {
      for (const { tag, digest: tagged } of tags(name)) if (tagged === digest) await deleteTag(name, tag);
      manifests.delete(byDigest(name, digest));
      await announce({ action: 'DELETE', digest: `${host}/${byDigest(name, digest)}` });
    },
  };
}
