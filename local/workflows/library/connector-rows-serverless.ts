/** Connectors of what runs code and passes messages on; connector-table.ts says how to read them. */
export const serverlessRows = `
pubsub.v1 /v1
  projects.topics create=PUT/{+name} get=GET/{+topic} list=GET/{+project}/topics?pageSize,pageToken
      patch=PATCH/{+name} delete=DELETE/{+topic} publish=POST/{+topic}:publish getIamPolicy setIamPolicy testIamPermissions
  projects.topics.subscriptions list=GET/{+topic}/subscriptions?pageSize,pageToken
  projects.subscriptions create=PUT/{+name} get=GET/{+subscription} list=GET/{+project}/subscriptions?pageSize,pageToken
      patch=PATCH/{+name} delete=DELETE/{+subscription} pull=POST/{+subscription}:pull seek=POST/{+subscription}:seek
      acknowledge=POST/{+subscription}:acknowledge detach=POST/{+subscription}:detach
      modifyAckDeadline=POST/{+subscription}:modifyAckDeadline modifyPushConfig=POST/{+subscription}:modifyPushConfig
      getIamPolicy setIamPolicy testIamPermissions
  projects.snapshots create=PUT/{+name} get=GET/{+snapshot} list=GET/{+project}/snapshots?pageSize,pageToken
      delete=DELETE/{+snapshot}
  projects.schemas create?schemaId get?view list?pageSize,pageToken,view delete
run.v1 /apis/serving.knative.dev/v1 region=location?
  namespaces.services create*ready?dryRun get list?continue,labelSelector,limit replaceService*ready=PUT/{+name}?dryRun
      delete?apiVersion,dryRun,kind,propagationPolicy
  namespaces.revisions get list?continue,labelSelector,limit delete?apiVersion,dryRun,kind,propagationPolicy
  namespaces.routes get list?continue,labelSelector,limit
  namespaces.configurations get list?continue,labelSelector,limit
run.v1 /apis/run.googleapis.com/v1 region=location?
  namespaces.jobs create*ready get list?continue,labelSelector,limit replaceJob*ready=PUT/{+name} run*completed
      delete?apiVersion,kind,propagationPolicy
  namespaces.executions get list?continue,labelSelector,limit cancel delete?apiVersion,kind,propagationPolicy
  namespaces.tasks get list?continue,labelSelector,limit
run.v1 /v1 region=location?
  projects.locations.services getIamPolicy setIamPolicy testIamPermissions
  projects.locations.jobs getIamPolicy setIamPolicy testIamPermissions
run.v2 /v2
  projects.locations.services create*?serviceId,validateOnly get list?pageSize,pageToken,showDeleted
      patch*?allowMissing,updateMask,validateOnly delete*?etag,validateOnly getIamPolicy setIamPolicy testIamPermissions
  projects.locations.services.revisions get list?pageSize,pageToken,showDeleted delete*?etag,validateOnly
  projects.locations.jobs create*?jobId,validateOnly get list?pageSize,pageToken,showDeleted
      patch*?allowMissing,validateOnly delete*?etag,validateOnly run* getIamPolicy setIamPolicy testIamPermissions
  projects.locations.jobs.executions get list?pageSize,pageToken,showDeleted delete*?etag,validateOnly cancel*
  projects.locations.jobs.executions.tasks get list?pageSize,pageToken,showDeleted
  projects.locations.operations get list=GET/{+name}/operations?filter,pageSize,pageToken delete wait*
cloudfunctions.v1 /v1
  projects.locations.functions create*=POST/{+location}/functions get?versionId list?pageSize,pageToken patch* delete* call
      generateUploadUrl=POST/{+parent}/functions:generateUploadUrl generateDownloadUrl
      getIamPolicy setIamPolicy testIamPermissions
cloudfunctions.v2 /v2
  projects.locations.functions create*?functionId get?revision list patch* delete*
      generateUploadUrl=POST/{+parent}/functions:generateUploadUrl generateDownloadUrl
      getIamPolicy setIamPolicy testIamPermissions
cloudbuild.v1 /v1
  projects.builds /projects/{projectId}/builds/{id} create*?parent get?name list?filter,pageSize,pageToken,parent
      cancel=POST/projects/{projectId}/builds/{id}:cancel retry*=POST/projects/{projectId}/builds/{id}:retry
      approve*=POST/{+name}:approve
  projects.triggers /projects/{projectId}/triggers/{triggerId} create?parent get?name list?pageSize,pageToken,parent
      patch?updateMask delete?name run*=POST/projects/{projectId}/triggers/{triggerId}:run?name
  projects.locations.builds create*?projectId get?id,projectId list?filter,pageSize,pageToken,projectId cancel retry*
      approve*
  projects.locations.triggers create?projectId get?projectId,triggerId list?pageSize,pageToken,projectId run*
      patch=PATCH/{+resourceName}?projectId,triggerId,updateMask delete?projectId,triggerId
  projects.locations.operations get cancel
workflows.v1 /v1
  projects.locations.workflows create*?workflowId get?revisionId list patch* delete*
  projects.locations.operations get list=GET/{+name}/operations?filter,pageSize,pageToken delete
workflowexecutions.v1 /v1
  projects.locations.workflows.executions create*state get?view list?filter,orderBy,pageSize,pageToken,view cancel
cloudscheduler.v1 /v1
  projects.locations.jobs create get list?pageSize,pageToken patch delete pause resume run
cloudtasks.v2 /v2
  projects.locations.queues create get list?filter,pageSize,pageToken patch delete pause purge resume
      getIamPolicy=POST/{+resource}:getIamPolicy setIamPolicy testIamPermissions
  projects.locations.queues.tasks create get?responseView list?pageSize,pageToken,responseView delete run
      buffer=POST/{+queue}/tasks/{taskId}:buffer
secretmanager.v1 /v1
  projects.secrets create?secretId get list?filter,pageSize,pageToken patch delete?etag
      addVersion=POST/{+parent}:addVersion getIamPolicy setIamPolicy testIamPermissions
  projects.secrets.versions access=GET/{+name}:access get list?filter,pageSize,pageToken enable disable destroy
batch.v1 /v1
  projects.locations.jobs create*state?jobId,requestId get list delete*?reason,requestId
  projects.locations.jobs.taskGroups.tasks get list?filter,pageSize,pageToken
  projects.locations.operations get list=GET/{+name}/operations?filter,pageSize,pageToken
integrations.v1 /v1 region=location
  projects.locations.integrations list execute schedule
`;
