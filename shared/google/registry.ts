import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import { isDigest, parseImage, type ImageReference } from '#shared/domain/image.ts';
import type { ImageTag, Registry, RegistryImage } from '#shared/ports/images.ts';
import { jsonOf, nameOf, parsedAs, type Rest, type RestAnswer } from './rest.ts';

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

const Descriptor = z.object({ digest: z.string().refine(isDigest), size: z.int().nonnegative() });
type Descriptor = z.infer<typeof Descriptor>;

const Manifest = z.object({ config: Descriptor, layers: z.array(Descriptor) });

const Index = z.object({
  manifests: z.array(
    Descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});

const Config = z.object({
  os: z.string(),
  architecture: z.string(),
  // What is no time says nothing, and is no reason not to deploy.
  created: z.iso.datetime({ offset: true }).optional().catch(undefined),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** What is looked at of one platform's image. */
interface Part {
  platform: string;
  blobs: Descriptor[];
  labels: Record<string, string>;
  createdAt: string | undefined;
}

/** https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories.dockerImages */
const DockerImage = z.object({ uploadTime: z.string() });
const DockerImages = z.object({
  dockerImages: z
    .array(DockerImage.extend({ uri: z.string(), tags: z.array(z.string()).default([]) }))
    .default([]),
  nextPageToken: z.string().optional(),
});
const Repository = z.object({ name: z.string() });
/** The most that Artifact Registry gives at once. */
const pageSize = 1000;
/** A repository with more images is not looked through: every look would take longer than its time. */
const maxPages = 20;

/** Where Artifact Registry keeps an image. @returns undefined for another registry */
function inArtifactRegistry({ host, path }: ImageReference): { parent: string; image: string } | undefined {
  const location = /^([a-z0-9-]+)-docker\.pkg\.dev$/.exec(host)?.[1];
  const [project, repository, ...image] = path.split('/');
  if (location === undefined || image.length === 0) return undefined;
  return {
    parent: `projects/${project}/locations/${location}/repositories/${repository}`,
    image: image.join('/'),
  };
}

/** Where Cloud Run runs; of several platforms, the one whose labels count. */
const ownPlatform = 'linux/amd64';

/**
 * The OCI distribution API. An index stays an index: its digest is the one to deploy, and attestations in it, which say
 * platform `unknown/unknown`, are no platforms.
 */
export function createRegistry(options: {
  /** Answers for every image host; without it each host answers for itself. */
  endpoint: string | undefined;
  /** Artifact Registry's own API, for what the distribution API does not tell; without it there are no upload times. */
  artifacts?: string;
  rest: Rest;
}): Registry {
  const { rest } = options;

  async function manifest(base: string, reference: string): Promise<RestAnswer & { what: string }> {
    const accept = [...indexTypes, ...manifestTypes].join(', ');
    const request = { url: `${base}/manifests/${reference}`, headers: { accept } };
    return { ...(await rest.call(request)), what: nameOf(request) };
  }

  async function part(base: string, answer: RestAnswer & { what: string }): Promise<Part> {
    const { config, layers } = parsedAs(Manifest, jsonOf(answer, answer.what), answer.what);
    const request = { url: `${base}/blobs/${config.digest}`, followRedirects: true };
    const blob = await rest.call(request);
    checkDigest(config.digest, blob, nameOf(request));
    const file = parsedAs(Config, jsonOf(blob, nameOf(request)), nameOf(request));
    return {
      platform: `${file.os}/${file.architecture}`,
      blobs: [config, ...layers],
      labels: file.config?.Labels ?? {},
      createdAt: file.created,
    };
  }

  async function parts(
    base: string,
    answer: RestAnswer & { what: string },
    mediaType: string,
  ): Promise<Part[]> {
    if (manifestTypes.includes(mediaType)) return [await part(base, answer)];
    if (!indexTypes.includes(mediaType)) {
      throw new Fault(
        'unsupported',
        `${answer.what} is "${mediaType}", which is neither an image nor an index of images`,
      );
    }
    const { manifests } = parsedAs(Index, jsonOf(answer, answer.what), answer.what);
    const images = manifests.filter(({ platform }) => platform?.os !== 'unknown');
    return Promise.all(
      images.map(async ({ digest }) => {
        const child = await manifest(base, digest);
        checkDigest(digest, child, child.what);
        return part(base, child);
      }),
    );
  }

  /** Undefined where it is not known: another registry than Artifact Registry. */
  async function uploadTime(image: ImageReference, digest: string): Promise<string | undefined> {
    const place = inArtifactRegistry(image);
    if (options.artifacts === undefined || place === undefined) return undefined;
    const name = `${place.parent}/dockerImages/${encodeURIComponent(place.image)}@${digest}`;
    return (await rest.find(DockerImage, { url: `${options.artifacts}/v1/${name}` }))?.uploadTime;
  }

  return {
    async resolve(image, reference) {
      const parsed = parsedImage(image);
      const base = `${options.endpoint ?? `https://${parsed.host}`}/v2/${parsed.path}`;
      const answer = await manifest(base, reference).catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'not-found') return undefined;
        throw error;
      });
      if (answer === undefined) return undefined;
      const digest = isDigest(reference)
        ? reference
        : (answer.headers.get('docker-content-digest') ?? digestOf(answer));
      checkDigest(digest, answer, answer.what);
      const mediaType = (answer.headers.get('content-type') ?? '').replace(/;.*$/, '').trim();
      const [found, uploadedAt] = await Promise.all([
        parts(base, answer, mediaType),
        uploadTime(parsed, digest),
      ]);
      return { digest, mediaType, ...summary(found), ...(uploadedAt === undefined ? {} : { uploadedAt }) };
    },

    async tags(image) {
      const place = inArtifactRegistry(parsedImage(image));
      if (options.artifacts === undefined || place === undefined) return [];
      const tags: ImageTag[] = [];
      let token: string | undefined;
      for (let page = 1; page <= maxPages; page += 1) {
        const query = `pageSize=${pageSize}${token === undefined ? '' : `&pageToken=${encodeURIComponent(token)}`}`;
        const url = `${options.artifacts}/v1/${place.parent}/dockerImages?${query}`;
        const { dockerImages, nextPageToken } = await rest.json(DockerImages, { url });
        // The list is the repository's: other images are in it.
        for (const { uri, tags: names, uploadTime: uploadedAt } of dockerImages) {
          const digest = uri.startsWith(`${image}@`) ? uri.slice(image.length + 1) : '';
          if (isDigest(digest)) tags.push(...names.map((tag) => ({ tag, digest, uploadedAt })));
        }
        if (!nextPageToken) return tags;
        token = nextPageToken;
      }
      throw new Fault(
        'unsupported',
        `${place.parent} has more than ${maxPages * pageSize} images: expected a cleanup policy that keeps fewer`,
      );
    },

    async repository(image) {
      const place = inArtifactRegistry(parsedImage(image));
      if (options.artifacts === undefined || place === undefined) return undefined;
      return (await rest.find(Repository, { url: `${options.artifacts}/v1/${place.parent}` })) ?? 'absent';
    },
  };
}

function parsedImage(image: string): ImageReference {
  const parsed = parseImage(image);
  if (parsed) return parsed;
  throw new Fault('invalid-input', `"${image}" is no image: expected HOST/PROJECT/REPOSITORY/IMAGE`);
}

function summary(parts: Part[]): Omit<RegistryImage, 'digest' | 'mediaType' | 'uploadedAt'> {
  // Platforms may share layers, which are stored once.
  const sizes = new Map(
    parts.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size] as const)),
  );
  const leading = parts.find(({ platform }) => platform === ownPlatform) ?? parts[0];
  return {
    sizeBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    platforms: [...new Set(parts.map(({ platform }) => platform))],
    labels: leading?.labels ?? {},
    ...(leading?.createdAt === undefined ? {} : { createdAt: leading.createdAt }),
  };
}

const digestOf = ({ body }: RestAnswer): string =>
  `sha256:${createHash('sha256').update(body).digest('hex')}`;

/** Content is what its digest says, whoever stored or delivered it. */
function checkDigest(wanted: string, answer: RestAnswer, what: string): void {
  const found = digestOf(answer);
  if (found !== wanted) throw new Fault('internal', `${what} answered content of ${found} for ${wanted}`);
}
