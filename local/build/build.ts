import type { BuildRequest } from './build-request.ts';
import type { BuiltImage, TimeSpan } from './run-build.ts';

/** A Build as the API answers it: https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#Build */
export interface Build extends BuildRequest {
  name: string;
  id: string;
  projectId: string;
  status: 'QUEUED' | 'WORKING' | 'SUCCESS' | 'FAILURE' | 'INTERNAL_ERROR' | 'TIMEOUT' | 'CANCELLED';
  statusDetail?: string;
  createTime: string;
  startTime?: string;
  finishTime?: string;
  failureInfo?: { type: string; detail: string };
  results?: { images: BuiltImage[] };
  timing?: Record<string, TimeSpan>;
  sourceProvenance?: { resolvedStorageSource: BuildRequest['source']['storageSource'] };
}

/** True until the build has come to its end. */
export function isActive({ status }: Build): boolean {
  return status === 'QUEUED' || status === 'WORKING';
}

/** The google.rpc codes are unverified. */
const endCodes = { FAILURE: 2, CANCELLED: 1, TIMEOUT: 4, INTERNAL_ERROR: 13 } as const;

/** The long-running operation of a build. Its name begins with `build-`, as all services share one `/operations/`. */
export function operationOf(build: Build): unknown {
  const type = 'type.googleapis.com/google.devtools.cloudbuild.v1';
  const operation = {
    name: build.name.replace(/builds\/([^/]+)$/, 'operations/build-$1'),
    metadata: { '@type': `${type}.BuildOperationMetadata`, build },
  };
  const { status, statusDetail = status } = build;
  if (status === 'QUEUED' || status === 'WORKING') return operation;
  if (status === 'SUCCESS') {
    return { ...operation, done: true, response: { '@type': `${type}.Build`, ...build } };
  }
  return {
    ...operation,
    done: true,
    error: { code: endCodes[status], message: `Build ended: ${statusDetail}` },
  };
}
