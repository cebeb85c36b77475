/** Connectors of machines, clusters, databases and projects; connector-table.ts says how to read them. */
export const computeRows = `
compute.v1 /compute/v1 wait=status
compute.beta /compute/beta wait=status
  instances /projects/{project}/zones/{zone}/instances/{instance}
      insert*?requestId,sourceInstanceTemplate,sourceMachineImage get list delete*?requestId start*?requestId
      stop*?discardLocalSsd,requestId reset*?requestId suspend*?discardLocalSsd,requestId resume*?requestId
      update*?minimalAction,mostDisruptiveAllowedAction,requestId attachDisk*?forceAttach,requestId
      detachDisk*?deviceName,requestId setLabels*?requestId setMetadata*?requestId setTags*?requestId
      setMachineType*?requestId setServiceAccount*?requestId setScheduling*?requestId
      aggregatedList=GET/projects/{project}/aggregated/instances?filter,maxResults,orderBy,pageToken
      setDeletionProtection*=POST/projects/{project}/zones/{zone}/instances/{resource}/setDeletionProtection?deletionProtection,requestId
      bulkInsert*=POST/projects/{project}/zones/{zone}/instances/bulkInsert?requestId
      getSerialPortOutput=GET/projects/{project}/zones/{zone}/instances/{instance}/serialPort?port,start
  disks /projects/{project}/zones/{zone}/disks/{disk} insert*?requestId,sourceImage get list delete*?requestId
      resize*?requestId createSnapshot*?guestFlush,requestId
  images /projects/{project}/global/images/{image} insert*?forceCreate,requestId get list patch*?requestId
      delete*?requestId deprecate*?requestId
      getFromFamily=GET/projects/{project}/global/images/family/{family}
  snapshots /projects/{project}/global/snapshots/{snapshot} insert*?requestId get list delete*?requestId
  instanceTemplates /projects/{project}/global/instanceTemplates/{instanceTemplate} insert*?requestId get list
      delete*?requestId
  instanceGroups /projects/{project}/zones/{zone}/instanceGroups/{instanceGroup} insert*?requestId get list
      delete*?requestId addInstances*?requestId removeInstances*?requestId
      listInstances?filter,maxResults,orderBy,pageToken
  instanceGroupManagers /projects/{project}/zones/{zone}/instanceGroupManagers/{instanceGroupManager}
      insert*?requestId get list patch*?requestId delete*?requestId resize*?requestId,size recreateInstances*?requestId
      listManagedInstances?filter,maxResults,orderBy,pageToken setInstanceTemplate*?requestId
  regionInstanceGroupManagers /projects/{project}/regions/{region}/instanceGroupManagers/{instanceGroupManager}
      insert*?requestId get list patch*?requestId delete*?requestId resize*?requestId,size
      listManagedInstances?filter,maxResults,orderBy,pageToken
  machineTypes /projects/{project}/zones/{zone}/machineTypes/{machineType} get list
  addresses /projects/{project}/regions/{region}/addresses/{address} insert*?requestId get list delete*?requestId
  globalAddresses /projects/{project}/global/addresses/{address} insert*?requestId get list delete*?requestId
  healthChecks /projects/{project}/global/healthChecks/{healthCheck} insert*?requestId get list patch*?requestId
      update*?requestId delete*?requestId
  backendServices /projects/{project}/global/backendServices/{backendService} insert*?requestId get list patch*?requestId
      update*?requestId delete*?requestId
  urlMaps /projects/{project}/global/urlMaps/{urlMap} insert*?requestId get list patch*?requestId update*?requestId
      delete*?requestId invalidateCache*?requestId
  routes /projects/{project}/global/routes/{route} insert*?requestId get list delete*?requestId
  routers /projects/{project}/regions/{region}/routers/{router} insert*?requestId get list patch*?requestId
      update*?requestId delete*?requestId
  networks /projects/{project}/global/networks/{network} insert*?requestId get list patch*?requestId delete*?requestId
  subnetworks /projects/{project}/regions/{region}/subnetworks/{subnetwork} insert*?requestId get list
      patch*?drainTimeoutSeconds,requestId delete*?requestId setPrivateIpGoogleAccess*?requestId
      expandIpCidrRange*?requestId
  firewalls /projects/{project}/global/firewalls/{firewall} insert*?requestId get list patch*?requestId
      update*?requestId delete*?requestId
  projects /projects/{project} get
  regions /projects/{project}/regions/{region} get list
  zones /projects/{project}/zones/{zone} get list
  zoneOperations /projects/{project}/zones/{zone}/operations/{operation} get list delete wait*
  regionOperations /projects/{project}/regions/{region}/operations/{operation} get list delete wait*
  globalOperations /projects/{project}/global/operations/{operation} get list delete wait*
container.v1 /v1 wait=status
  projects.locations.clusters create* get?clusterId,projectId,zone list?projectId,zone update*=PUT/{+name}
      delete*?clusterId,projectId,zone
  projects.locations.clusters.nodePools create* get?clusterId,nodePoolId,projectId,zone list?clusterId,projectId,zone
      update*=PUT/{+name} delete*?clusterId,nodePoolId,projectId,zone setSize* rollback*
  projects.locations.operations get?operationId,projectId,zone list?projectId,zone cancel
  projects.zones.clusters /projects/{projectId}/zones/{zone}/clusters/{clusterId}
      create*=POST/projects/{projectId?}/zones/{zone?}/clusters get?name list?parent update* delete*?name
  projects.zones.clusters.nodePools /projects/{projectId}/zones/{zone}/clusters/{clusterId}/nodePools/{nodePoolId}
      create* get?name list?parent delete*?name setSize*
  projects.zones.operations /projects/{projectId}/zones/{zone}/operations/{operationId} get?name list?parent
sqladmin.v1 /v1 wait=status
sqladmin.v1beta4 /sql/v1beta4 wait=status
  instances /projects/{project}/instances/{instance} insert* get list?filter,maxResults,pageToken patch* update* delete*
      clone* export* import* restart* restoreBackup* failover* startReplica* stopReplica* promoteReplica*
  databases /projects/{project}/instances/{instance}/databases/{database} insert* get list patch* update* delete*
  backupRuns /projects/{project}/instances/{instance}/backupRuns/{id} insert* get list?maxResults,pageToken delete*
  users /projects/{project}/instances/{instance}/users/{name} insert* get?host list
      update*=PUT/projects/{project}/instances/{instance}/users?host,name
      delete*=DELETE/projects/{project}/instances/{instance}/users?host,name
  operations /projects/{project}/operations/{operation} get list?instance,maxResults,pageToken cancel
cloudresourcemanager.v3 /v3
  projects create*=POST/projects get list=GET/projects?pageSize,pageToken,parent,showDeleted
      search=GET/projects:search?pageSize,pageToken,query patch* delete* undelete* move*
      getIamPolicy=POST/{+resource}:getIamPolicy setIamPolicy testIamPermissions
  folders create*=POST/folders get list=GET/folders?pageSize,pageToken,parent,showDeleted
      search=GET/folders:search?pageSize,pageToken,query patch* delete* undelete* move*
      getIamPolicy=POST/{+resource}:getIamPolicy setIamPolicy testIamPermissions
  organizations get search=GET/organizations:search?pageSize,pageToken,query
      getIamPolicy=POST/{+resource}:getIamPolicy setIamPolicy testIamPermissions
  operations get
`;
