/** How a connector's answer comes: at once, or when what it started has ended. */
type Awaits = 'nothing' | 'operation' | 'job-execution';

export interface Connector {
  /** `googleapis.` + this is what a workflow calls. */
  name: string;
  service: string;
  method: string;
  /** `{name}` takes an argument as one segment, `{+name}` one whose slashes stay; both are required. */
  path: string;
  /** Optional arguments that go into the query. */
  query: readonly string[];
  awaits: Awaits;
}

/**
 * Methods this runtime can reach, as in Google's discovery documents. A call of any other is refused at deployment.
 * https://docs.cloud.google.com/workflows/docs/reference/googleapis
 */
const table = `
pubsub.v1.projects.topics.create                      PUT    /v1/{+name}
pubsub.v1.projects.topics.get                         GET    /v1/{+topic}
pubsub.v1.projects.topics.list                        GET    /v1/{+project}/topics ?pageSize,pageToken
pubsub.v1.projects.topics.patch                       PATCH  /v1/{+name}
pubsub.v1.projects.topics.delete                      DELETE /v1/{+topic}
pubsub.v1.projects.topics.publish                     POST   /v1/{+topic}:publish
pubsub.v1.projects.subscriptions.create               PUT    /v1/{+name}
pubsub.v1.projects.subscriptions.get                  GET    /v1/{+subscription}
pubsub.v1.projects.subscriptions.list                 GET    /v1/{+project}/subscriptions ?pageSize,pageToken
pubsub.v1.projects.subscriptions.patch                PATCH  /v1/{+name}
pubsub.v1.projects.subscriptions.delete               DELETE /v1/{+subscription}
pubsub.v1.projects.subscriptions.pull                 POST   /v1/{+subscription}:pull
pubsub.v1.projects.subscriptions.acknowledge          POST   /v1/{+subscription}:acknowledge
run.v1.namespaces.services.create                     POST   /apis/serving.knative.dev/v1/{+parent}/services ?dryRun
run.v1.namespaces.services.get                        GET    /apis/serving.knative.dev/v1/{+name}
run.v1.namespaces.services.list                       GET    /apis/serving.knative.dev/v1/{+parent}/services ?labelSelector,limit,continue
run.v1.namespaces.services.replaceService             PUT    /apis/serving.knative.dev/v1/{+name} ?dryRun
run.v1.namespaces.services.delete                     DELETE /apis/serving.knative.dev/v1/{+name} ?dryRun
run.v1.namespaces.jobs.create                         POST   /apis/run.googleapis.com/v1/{+parent}/jobs
run.v1.namespaces.jobs.get                            GET    /apis/run.googleapis.com/v1/{+name}
run.v1.namespaces.jobs.list                           GET    /apis/run.googleapis.com/v1/{+parent}/jobs ?labelSelector,limit,continue
run.v1.namespaces.jobs.replaceJob                     PUT    /apis/run.googleapis.com/v1/{+name}
run.v1.namespaces.jobs.delete                         DELETE /apis/run.googleapis.com/v1/{+name}
run.v1.namespaces.jobs.run                            POST   /apis/run.googleapis.com/v1/{+name}:run job-execution
run.v1.namespaces.executions.get                      GET    /apis/run.googleapis.com/v1/{+name}
run.v1.namespaces.executions.cancel                   POST   /apis/run.googleapis.com/v1/{+name}:cancel
run.v2.projects.locations.services.create             POST   /v2/{+parent}/services ?serviceId,validateOnly operation
run.v2.projects.locations.services.get                GET    /v2/{+name}
run.v2.projects.locations.services.list               GET    /v2/{+parent}/services ?pageSize,pageToken,showDeleted
run.v2.projects.locations.services.patch              PATCH  /v2/{+name} ?allowMissing,validateOnly,updateMask operation
run.v2.projects.locations.services.delete             DELETE /v2/{+name} ?etag,validateOnly operation
run.v2.projects.locations.services.revisions.get      GET    /v2/{+name}
run.v2.projects.locations.services.revisions.list     GET    /v2/{+parent}/revisions ?pageSize,pageToken,showDeleted
run.v2.projects.locations.services.revisions.delete   DELETE /v2/{+name} ?etag,validateOnly operation
run.v2.projects.locations.jobs.create                 POST   /v2/{+parent}/jobs ?jobId,validateOnly operation
run.v2.projects.locations.jobs.get                    GET    /v2/{+name}
run.v2.projects.locations.jobs.list                   GET    /v2/{+parent}/jobs ?pageSize,pageToken,showDeleted
run.v2.projects.locations.jobs.patch                  PATCH  /v2/{+name} ?allowMissing,validateOnly operation
run.v2.projects.locations.jobs.delete                 DELETE /v2/{+name} ?etag,validateOnly operation
run.v2.projects.locations.jobs.run                    POST   /v2/{+name}:run operation
run.v2.projects.locations.jobs.executions.get         GET    /v2/{+name}
run.v2.projects.locations.jobs.executions.list        GET    /v2/{+parent}/executions ?pageSize,pageToken,showDeleted
run.v2.projects.locations.jobs.executions.cancel      POST   /v2/{+name}:cancel operation
run.v2.projects.locations.operations.get              GET    /v2/{+name}
cloudbuild.v1.projects.builds.create                  POST   /v1/projects/{projectId}/builds ?parent operation
cloudbuild.v1.projects.builds.get                     GET    /v1/projects/{projectId}/builds/{id} ?name
cloudbuild.v1.projects.builds.list                    GET    /v1/projects/{projectId}/builds ?parent,filter,pageSize,pageToken
cloudbuild.v1.projects.builds.cancel                  POST   /v1/projects/{projectId}/builds/{id}:cancel
cloudbuild.v1.projects.builds.retry                   POST   /v1/projects/{projectId}/builds/{id}:retry operation
cloudbuild.v1.projects.triggers.run                   POST   /v1/projects/{projectId}/triggers/{triggerId}:run ?name operation
cloudbuild.v1.projects.locations.builds.create        POST   /v1/{+parent}/builds ?projectId operation
cloudbuild.v1.projects.locations.builds.get           GET    /v1/{+name} ?id,projectId
cloudbuild.v1.projects.locations.builds.list          GET    /v1/{+parent}/builds ?filter,pageSize,pageToken,projectId
cloudbuild.v1.projects.locations.builds.cancel        POST   /v1/{+name}:cancel
workflowexecutions.v1.projects.locations.workflows.executions.create POST /v1/{+parent}/executions
workflowexecutions.v1.projects.locations.workflows.executions.get    GET  /v1/{+name} ?view
workflowexecutions.v1.projects.locations.workflows.executions.list   GET  /v1/{+parent}/executions ?filter,orderBy,pageSize,pageToken,view
workflowexecutions.v1.projects.locations.workflows.executions.cancel POST /v1/{+name}:cancel
secretmanager.v1.projects.secrets.create              POST   /v1/{+parent}/secrets ?secretId
secretmanager.v1.projects.secrets.get                 GET    /v1/{+name}
secretmanager.v1.projects.secrets.list                GET    /v1/{+parent}/secrets ?filter,pageSize,pageToken
secretmanager.v1.projects.secrets.patch               PATCH  /v1/{+name} ?updateMask
secretmanager.v1.projects.secrets.delete              DELETE /v1/{+name} ?etag
secretmanager.v1.projects.secrets.addVersion          POST   /v1/{+parent}:addVersion
secretmanager.v1.projects.secrets.versions.access     GET    /v1/{+name}:access
secretmanager.v1.projects.secrets.versions.get        GET    /v1/{+name}
secretmanager.v1.projects.secrets.versions.list       GET    /v1/{+parent}/versions ?filter,pageSize,pageToken
secretmanager.v1.projects.secrets.versions.enable     POST   /v1/{+name}:enable
secretmanager.v1.projects.secrets.versions.disable    POST   /v1/{+name}:disable
secretmanager.v1.projects.secrets.versions.destroy    POST   /v1/{+name}:destroy
storage.v1.buckets.insert                             POST   /storage/v1/b ?project
storage.v1.buckets.get                                GET    /storage/v1/b/{bucket}
storage.v1.buckets.list                               GET    /storage/v1/b ?project,prefix,maxResults,pageToken
storage.v1.buckets.delete                             DELETE /storage/v1/b/{bucket}
storage.v1.objects.insert                             POST   /upload/storage/v1/b/{bucket}/o ?name,uploadType,ifGenerationMatch
storage.v1.objects.get                                GET    /storage/v1/b/{bucket}/o/{object} ?alt,generation,ifGenerationMatch
storage.v1.objects.list                               GET    /storage/v1/b/{bucket}/o ?prefix,delimiter,maxResults,pageToken,versions
storage.v1.objects.patch                              PATCH  /storage/v1/b/{bucket}/o/{object} ?generation,ifMetagenerationMatch
storage.v1.objects.delete                             DELETE /storage/v1/b/{bucket}/o/{object} ?generation,ifGenerationMatch
storage.v1.objects.copy                               POST   /storage/v1/b/{sourceBucket}/o/{sourceObject}/copyTo/b/{destinationBucket}/o/{destinationObject}
`;

export const connectors: readonly Connector[] = table.trim().split('\n').map(connector);

function connector(line: string): Connector {
  const [name, method, path, ...rest] = line.split(/ +/);
  if (name === undefined || method === undefined || path === undefined) {
    throw new Error(`not a row of connectors: ${line}`);
  }
  const query = rest.find((part) => part.startsWith('?'));
  const awaits = rest.find((part) => !part.startsWith('?'));
  return {
    name,
    service: name.slice(0, name.indexOf('.')),
    method,
    path,
    query: query?.slice(1).split(',') ?? [],
    awaits: awaits === 'operation' || awaits === 'job-execution' ? awaits : 'nothing',
  };
}
