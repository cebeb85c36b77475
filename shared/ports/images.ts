export interface RegistryImage {
  digest: string;
  mediaType: string;
  /** Compressed size of config and layers; of all platforms for an index. */
  sizeBytes: number;
  /** `linux/amd64` */
  platforms: string[];
  labels: Record<string, string>;
  /** ISO 8601: when the image says it was made. */
  createdAt?: string;
  /** ISO 8601: when the registry got it; only Artifact Registry tells. */
  uploadedAt?: string;
}

/** A tag and what it points at now. When the tag was put there no registry says: an old image may have got it just now. */
export interface ImageTag {
  tag: string;
  digest: string;
  /** ISO 8601: when the registry got the image for the first time. */
  uploadedAt: string;
}

export interface Registry {
  /** @param reference tag or digest. @returns undefined when it is not there */
  resolve(image: string, reference: string): Promise<RegistryImage | undefined>;
  /** All tags of an image; none for one that is not in Artifact Registry: only that tells times of upload. */
  tags(image: string): Promise<ImageTag[]>;
  /**
   * The repository an image is kept in, as Artifact Registry names it (`projects/P/locations/L/repositories/R`).
   * @returns `absent` when there is none, undefined for another registry, which is not asked
   */
  repository(image: string): Promise<{ name: string } | 'absent' | undefined>;
}

export type BuildState =
  | { status: 'running' }
  /** `ran`: by Cloud Build's own clock, ISO 8601; undefined when it does not say. */
  | { status: 'succeeded'; digest: string; ran: { from: string; to: string } | undefined }
  | { status: 'failed'; reason: string };

export interface CloudBuild {
  /** Finds the build that carries this tag, so that a repeated call does not build twice. */
  find(ref: { project: string; region: string }, tag: string): Promise<string | undefined>;
  create(
    ref: { project: string; region: string },
    build: {
      bucket: string;
      object: string;
      image: string;
      imageTag: string;
      tag: string;
      timeoutSeconds: number;
      /** E-mail address of the account that the build runs as, of the same project. */
      serviceAccount: string;
    },
  ): Promise<string>;
  get(ref: { project: string; region: string }, id: string): Promise<BuildState>;
  cancel(ref: { project: string; region: string }, id: string): Promise<void>;
}
