import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { BuildState, CloudBuild } from '#shared/ports/images.ts';
import { nameOf, type Rest } from './rest.ts';

/** The container that builds, and what it is told. */
interface BuildStep {
  name: string;
  args?: string[];
}

const Build = z.object({
  id: z.string(),
  status: z.string(),
  statusDetail: z.string().optional(),
  failureInfo: z.object({ type: z.string().default(''), detail: z.string().default('') }).optional(),
  createTime: z.string().optional(),
  startTime: z.string().optional(),
  finishTime: z.string().optional(),
  results: z
    .object({ images: z.array(z.object({ name: z.string(), digest: z.string() })).default([]) })
    .optional(),
});
type Build = z.infer<typeof Build>;

const BuildList = z.object({ builds: z.array(Build).default([]) });
const Started = z.object({ metadata: z.object({ build: z.object({ id: z.string() }) }) });

type Place = Parameters<CloudBuild['get']>[0];

/** `docker build` with the archive's Dockerfile: what Cloud Build itself offers for a source without a build file. */
export const dockerBuild = (image: string): BuildStep => ({
  name: 'gcr.io/cloud-builders/docker',
  args: ['build', '--tag', image, '.'],
});

/** Cloud Build v1. */
export function createCloudBuild(options: {
  endpoint: string;
  rest: Rest;
  /** @param image with its tag */
  step?: (image: string) => BuildStep;
}): CloudBuild {
  const { rest, step = dockerBuild } = options;
  const builds = ({ project, region }: Place): string =>
    `${options.endpoint}/v1/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(region)}/builds`;

  return {
    async find(ref, tag) {
      const query = new URLSearchParams({ filter: `tags="${tag}"`, pageSize: '100' });
      const { builds: found } = await rest.json(BuildList, { url: `${builds(ref)}?${query.toString()}` });
      // Two would mean that a create was repeated although it had worked; the first one is the one to follow.
      return found.sort((a, b) => (a.createTime ?? '').localeCompare(b.createTime ?? ''))[0]?.id;
    },

    async create(ref, { bucket, object, image, imageTag, tag, timeoutSeconds, serviceAccount }) {
      const tagged = `${image}:${imageTag}`;
      const started = await rest.json(Started, {
        url: builds(ref),
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          source: { storageSource: { bucket, object } },
          steps: [step(tagged)],
          // Only what is listed here is in the results, with its digest.
          images: [tagged],
          tags: [tag],
          timeout: `${timeoutSeconds}s`,
          serviceAccount: `projects/${ref.project}/serviceAccounts/${serviceAccount}`,
          // Wanted with an account of one's own.
          options: { logging: 'CLOUD_LOGGING_ONLY' },
        }),
      });
      return started.metadata.build.id;
    },

    async get(ref, id) {
      const request = { url: `${builds(ref)}/${encodeURIComponent(id)}` };
      return stateOf(await rest.json(Build, request), nameOf(request));
    },

    async cancel(ref, id) {
      const url = `${builds(ref)}/${encodeURIComponent(id)}:cancel`;
      const headers = { 'content-type': 'application/json' };
      await rest.call({ url, method: 'POST', headers, body: '{}' });
    },
  };
}

/** @throws Fault `internal` when a build succeeded without an image, or is in no state that is known */
function stateOf(build: Build, what: string): BuildState {
  switch (build.status) {
    case 'PENDING':
    case 'QUEUED':
    case 'WORKING':
      return { status: 'running' };
    case 'SUCCESS': {
      const digest = build.results?.images[0]?.digest;
      if (digest === undefined)
        throw new Fault('internal', `${what}: the build succeeded without an image in its results`);
      return { status: 'succeeded', digest, ran: timesOf(build) };
    }
    case 'FAILURE':
    case 'INTERNAL_ERROR':
    case 'TIMEOUT':
    case 'CANCELLED':
    case 'EXPIRED':
      return { status: 'failed', reason: reasonOf(build) };
    default:
      throw new Fault('internal', `${what}: the build is in the state "${build.status}"`);
  }
}

function reasonOf({ status, failureInfo, statusDetail }: Build): string {
  const details = [failureInfo?.type, failureInfo?.detail || statusDetail].filter(Boolean);
  return [status, ...details].join(': ');
}

function timesOf({ startTime, finishTime }: Build): { from: string; to: string } | undefined {
  const [from, to] = [Date.parse(startTime ?? ''), Date.parse(finishTime ?? '')];
  return from <= to ? { from: new Date(from).toISOString(), to: new Date(to).toISOString() } : undefined;
}
