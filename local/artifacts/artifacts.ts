import * as z from 'zod';
import { GoogleError } from '#local/google-error.ts';
import type { LocalRequest, LocalResponse, LocalService } from '#local/http.ts';
import type { Catalog, ManifestRecord } from '#local/registry/catalog.ts';

const ListQuery = z.object({
  pageSize: z.coerce.number().int().min(1).max(1000).default(100),
  pageToken: z.coerce.number().int().nonnegative().default(0),
});

/**
 * Artifact Registry v1 look-ups over what was pushed to the local registry; nothing is changed here.
 * https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
 */
export function createArtifacts(options: {
  catalog: Catalog;
  /** Where the repositories are: `us-central1`. */
  location: string;
}): LocalService {
  const { catalog, location } = options;
  const resource = '/v1/projects/{project}/locations/{location}/repositories/{repository}';

  /** `PROJECT/REPOSITORY`, which exists. */
  function repositoryOf({ params, url }: LocalRequest): string {
    const repository = `${params['project']}/${params['repository']}`;
    if (params['location'] !== location || !catalog.repositories.includes(repository)) throw notFound(url);
    return repository;
  }

  function getRepository(request: LocalRequest): LocalResponse {
    const repository = repositoryOf(request);
    const name = request.url.pathname.slice('/v1/'.length);
    const registryUri = `${catalog.host}/${repository}`;
    return { json: { name, format: 'DOCKER', mode: 'STANDARD_REPOSITORY', registryUri } };
  }

  function listImages(request: LocalRequest): LocalResponse {
    const repository = repositoryOf(request);
    const query = ListQuery.safeParse(Object.fromEntries(request.url.searchParams));
    if (!query.success) throw new GoogleError('INVALID_ARGUMENT', z.prettifyError(query.error));
    const { pageSize, pageToken } = query.data;
    const all = catalog.manifests(repository);
    const next = pageToken + pageSize;
    const dockerImages = all.slice(pageToken, next).map((record) => dockerImage(repository, record));
    return { json: { dockerImages, ...(next < all.length ? { nextPageToken: String(next) } : {}) } };
  }

  function getImage(request: LocalRequest): LocalResponse {
    const repository = repositoryOf(request);
    const [image = '', digest = ''] = (request.params['image'] ?? '').split('@');
    const record = catalog.manifest(`${repository}/${image}`, digest);
    // A tag is not a name here.
    if (record?.digest !== digest) throw notFound(request.url);
    return { json: dockerImage(repository, record) };
  }

  function dockerImage(repository: string, record: ManifestRecord): unknown {
    const { name, digest, mediaType, imageSizeBytes, uploadTime, buildTime } = record;
    const image = name.slice(repository.length + 1);
    return {
      name: `${parentOf(repository)}/dockerImages/${encodeURIComponent(image)}@${digest}`,
      uri: `${catalog.host}/${name}@${digest}`,
      tags: catalog
        .tags(name)
        .filter((tag) => tag.digest === digest)
        .map(({ tag }) => tag),
      mediaType,
      imageSizeBytes: String(imageSizeBytes),
      uploadTime,
      updateTime: uploadTime,
      ...(buildTime === undefined ? {} : { buildTime }),
    };
  }

  function getTag(request: LocalRequest): LocalResponse {
    const repository = repositoryOf(request);
    const { package: image = '', tag = '' } = request.params;
    const record = catalog.tags(`${repository}/${image}`).find((known) => known.tag === tag);
    if (record === undefined) throw notFound(request.url);
    const parent = `${parentOf(repository)}/packages/${encodeURIComponent(image)}`;
    return { json: { name: `${parent}/tags/${tag}`, version: `${parent}/versions/${record.digest}` } };
  }

  function parentOf(repository: string): string {
    const [project, id] = repository.split('/');
    return `projects/${project}/locations/${location}/repositories/${id}`;
  }

  return {
    routes: [
      { method: 'GET', path: resource, handle: getRepository },
      { method: 'GET', path: `${resource}/dockerImages`, handle: listImages },
      { method: 'GET', path: `${resource}/dockerImages/{image}`, handle: getImage },
      { method: 'GET', path: `${resource}/packages/{package}/tags/{tag}`, handle: getTag },
    ],
  };
}

function notFound(url: URL): GoogleError {
  return new GoogleError(
    'NOT_FOUND',
    `Requested entity was not found: ${decodeURIComponent(url.pathname).slice('/v1/'.length)}`,
  );
}
