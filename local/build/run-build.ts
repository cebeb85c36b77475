import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import { parseReference } from '#local/registry/reference.ts';
import { labelsOf, type BuildRequest } from './build-request.ts';
import { buildImage, type OciImage } from './image.ts';
import { pushImage, PushError } from './push-image.ts';
import { readArchive } from './source.ts';

/** RFC 3339 times of a phase of a build. */
export interface TimeSpan {
  startTime: string;
  endTime: string;
}

/** One entry of a build's results. */
export interface BuiltImage {
  name: string;
  digest: string;
  pushTiming: TimeSpan;
}

/** How a build ended; `images` are those that were pushed, also by a build that failed after. */
export interface BuildEnd {
  status: 'SUCCESS' | 'FAILURE' | 'TIMEOUT';
  /** `failureInfo` of the Build, with its types. */
  failureInfo?: { type: string; detail: string };
  images: BuiltImage[];
  timing: Record<string, TimeSpan>;
}

/** What a build reaches outside itself. */
export interface BuildWorld {
  clock: Clock;
  /** The archive a build's source names. Rejects when it is not there. */
  readObject(bucket: string, object: string, generation: string | undefined): Promise<Buffer>;
  /** `host` is the registry's name in references, `endpoint` the address it really listens on. */
  registry: { host: string; endpoint: string };
  /** An access token of the account the build runs as. */
  token(request: BuildRequest): string;
}

const defaultTimeoutSeconds = 3600;

/**
 * Fetches the source, builds it and pushes the image under every name asked for. A failure is an end like another;
 * `signal` and the timeout are looked at between the phases.
 * Once `signal` has aborted, it rejects or its end means nothing.
 */
export async function runBuild(
  request: BuildRequest,
  world: BuildWorld,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<BuildEnd> {
  const { clock } = world;
  const timeoutSeconds = Number.parseFloat(request.timeout ?? `${defaultTimeoutSeconds}s`);
  const deadline = clock.now() + timeoutSeconds * 1000;
  const timing: Record<string, TimeSpan> = {};
  const images: BuiltImage[] = [];

  async function phase<T>(name: string, failure: string, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (clock.now() >= deadline) throw new BuildStop('TIMEOUT', `not finished after ${timeoutSeconds} s`);
    log(name);
    const startTime = clock.now();
    try {
      return await work();
    } catch (error) {
      throw new BuildStop(isRefused(error) ? 'PUSH_NOT_AUTHORIZED' : failure, messageOf(error), error);
    } finally {
      timing[name] = span(startTime, clock.now());
    }
  }

  async function push(image: OciImage, reference: string): Promise<void> {
    const { host, name, tag, digest } = parseReference(reference);
    if (host !== world.registry.host) {
      throw new Error(`${reference}: the local cloud has the registry ${world.registry.host} only`);
    }
    if (tag === undefined || digest !== undefined)
      throw new Error(`${reference}: an image is pushed by its tag`);
    const startTime = clock.now();
    const { endpoint } = world.registry;
    const pushed = await pushImage({ endpoint, token: world.token(request), name, tag, image, signal });
    log(`${reference}: digest: ${pushed}`);
    images.push({ name: reference, digest: pushed, pushTiming: span(startTime, clock.now()) });
  }

  try {
    const { bucket, object, generation } = request.source.storageSource;
    const source = await phase('FETCHSOURCE', 'FETCH_SOURCE_FAILED', async () =>
      readArchive(await world.readObject(bucket, object, generation)),
    );
    const image = await phase('BUILD', 'USER_BUILD_STEP', async () => {
      log(`${source.files.length} files; ignored: ${source.ignored.join(', ') || 'none'}`);
      return buildImage(source.files, labelsOf(request.steps[0]?.args ?? []));
    });
    await phase('PUSH', 'PUSH_FAILED', async () => {
      for (const reference of request.images) await push(image, reference);
    });
    log('DONE');
    return { status: 'SUCCESS', images, timing };
  } catch (error) {
    if (!(error instanceof BuildStop)) throw error;
    log(`ERROR: ${error.message}`);
    if (error.type === 'TIMEOUT') return { status: 'TIMEOUT', images, timing };
    return { status: 'FAILURE', failureInfo: { type: error.type, detail: error.message }, images, timing };
  }
}

class BuildStop extends Error {
  readonly type: string;

  constructor(type: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.type = type;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof PushError && (error.httpStatus === 401 || error.httpStatus === 403);
}

function span(start: number, end: number): TimeSpan {
  return { startTime: new Date(start).toISOString(), endTime: new Date(end).toISOString() };
}
