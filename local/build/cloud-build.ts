import * as z from 'zod';
import { GoogleError } from '#local/google-error.ts';
import { jsonBody, type LocalRequest, type LocalResponse, type LocalService } from '#local/http.ts';
import type { Store } from '#local/store.ts';
import { matcherOf } from './build-filter.ts';
import { parseBuildRequest } from './build-request.ts';
import { isActive, operationOf, type Build } from './build.ts';
import { runBuild, type BuildEnd, type BuildWorld } from './run-build.ts';

const ListQuery = z.object({
  filter: z.string().default(''),
  pageSize: z.coerce.number().int().min(1).max(1000).default(100),
  pageToken: z.coerce.number().int().nonnegative().default(0),
});

/**
 * Cloud Build v1 with one build step, the embedded builder. A build runs after it was answered as QUEUED; one that was
 * running when the process ended is INTERNAL_ERROR afterwards.
 */
export function createCloudBuild(
  options: Omit<BuildWorld, 'token'> & {
    store: Store;
    project: string;
    newId: () => string;
    /** Who a build runs as that names no service account. */
    defaultServiceAccount: string;
    accessToken: (email: string) => string;
    /** Every change of a build's status, as for the topic `cloud-builds`. */
    publish: (build: Build, attributes: { buildId: string; status: string }) => void | Promise<void>;
    onError: (error: unknown) => void;
  },
): LocalService & { logs(buildId: string): string[] } {
  const { project, clock, onError } = options;
  const builds = options.store.collection<Build>('cloud-builds');
  const logs = options.store.collection<{ lines: string[] }>('cloud-build-logs');
  const running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  const now = (): string => new Date(clock.now()).toISOString();

  function find({ params }: LocalRequest): Build {
    const { location = '', build: id = '' } = params;
    const build = builds.get(id);
    if (build?.name !== `projects/${project}/locations/${location}/builds/${id}`) {
      throw new GoogleError('NOT_FOUND', `Requested entity was not found: build "${id}" in "${location}"`);
    }
    return build;
  }

  async function change(build: Build, changes: Partial<Build>): Promise<Build> {
    const changed = { ...build, ...changes };
    builds.put(build.id, changed);
    try {
      await options.publish(changed, { buildId: changed.id, status: changed.status });
    } catch (error) {
      // A build does not depend on who hears of it.
      onError(error);
    }
    return changed;
  }

  async function create(request: LocalRequest): Promise<LocalResponse> {
    const { location = '' } = request.params;
    checkProject(request);
    const asked = parseBuildRequest(jsonBody(request));
    const id = options.newId();
    const name = `projects/${project}/locations/${location}/builds/${id}`;
    const build = await change(
      { ...asked, name, id, projectId: project, status: 'QUEUED', createTime: now() },
      {},
    );
    const abort = new AbortController();
    const done = run(build, abort.signal)
      .catch(onError)
      .finally(() => running.delete(id));
    running.set(id, { abort, done });
    return { json: operationOf(build) };
  }

  async function run(queued: Build, signal: AbortSignal): Promise<void> {
    // The answer goes out before the work begins.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return;
    const build = await change(queued, { status: 'WORKING', startTime: now() });
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
      logs.put(build.id, { lines });
    };
    const email = build.serviceAccount?.split('/').at(-1) ?? options.defaultServiceAccount;
    const world: BuildWorld = { ...options, token: () => options.accessToken(email) };
    try {
      const end = await runBuild(build, world, log, signal);
      if (!signal.aborted) await change(build, endOf(build, end));
    } catch (error) {
      if (signal.aborted) return;
      await change(build, {
        status: 'INTERNAL_ERROR',
        statusDetail: 'The builder failed',
        finishTime: now(),
      });
      throw error;
    }
  }

  function endOf(build: Build, { status, failureInfo, images, timing }: BuildEnd): Partial<Build> {
    return {
      status,
      timing,
      finishTime: now(),
      ...(failureInfo === undefined ? {} : { failureInfo, statusDetail: failureInfo.detail }),
      ...(images.length === 0 ? {} : { results: { images } }),
      ...(failureInfo?.type === 'FETCH_SOURCE_FAILED'
        ? {}
        : { sourceProvenance: { resolvedStorageSource: build.source.storageSource } }),
    };
  }

  async function cancel(request: LocalRequest): Promise<LocalResponse> {
    const build = find(request);
    const { id } = build;
    if (!isActive(build)) {
      // The status is unverified.
      throw new GoogleError(
        'FAILED_PRECONDITION',
        `Build "${id}" cannot be cancelled: it is ${build.status}`,
      );
    }
    running.get(id)?.abort.abort();
    return { json: await change(build, { status: 'CANCELLED', finishTime: now() }) };
  }

  function checkProject({ params }: LocalRequest): void {
    if (params['project'] !== project) {
      throw new GoogleError(
        'PERMISSION_DENIED',
        `Project "${params['project']}" is not this local cloud's "${project}"`,
      );
    }
  }

  function list({ params, url }: LocalRequest): LocalResponse {
    const { location = '' } = params;
    const query = ListQuery.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) throw new GoogleError('INVALID_ARGUMENT', z.prettifyError(query.error));
    const { filter, pageSize, pageToken } = query.data;
    const matching = builds
      .list()
      .filter(({ name }) => name.startsWith(`projects/${project}/locations/${location}/`))
      .filter(matcherOf(filter))
      .reverse();
    const next = pageToken + pageSize;
    return {
      json: {
        builds: matching.slice(pageToken, next),
        ...(next < matching.length ? { nextPageToken: String(next) } : {}),
      },
    };
  }

  for (const build of builds.list().filter(isActive)) {
    const statusDetail = 'The local cloud stopped while the build was running';
    void change(build, { status: 'INTERNAL_ERROR', statusDetail, finishTime: now() });
  }

  const parent = '/v1/projects/{project}/locations/{location}';
  return {
    logs: (buildId) => logs.get(buildId)?.lines ?? [],
    async stop() {
      for (const { abort } of running.values()) abort.abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
    routes: [
      { method: 'POST', path: `${parent}/builds`, handle: create },
      { method: 'GET', path: `${parent}/builds`, handle: list },
      { method: 'GET', path: `${parent}/builds/{build}`, handle: (request) => ({ json: find(request) }) },
      { method: 'POST', path: `${parent}/builds/{build}:cancel`, handle: cancel },
      {
        method: 'GET',
        path: `${parent}/operations/build-{build}`,
        handle: (request) => ({ json: operationOf(find(request)) }),
      },
    ],
  };
}
