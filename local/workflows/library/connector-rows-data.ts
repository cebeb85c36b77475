/** Connectors of what keeps, moves and understands data; connector-table.ts says how to read them. */
export const dataRows = `
storage.v1 /storage/v1
  buckets /b/{bucket} insert?predefinedAcl,project get?projection list?maxResults,pageToken,prefix,project,projection patch
      update delete?ifMetagenerationMatch getIamPolicy=GET/b/{bucket}/iam setIamPolicy=PUT/b/{bucket}/iam
  objects /b/{bucket}/o/{object} get?alt,generation,ifGenerationMatch,projection
      list?delimiter,maxResults,pageToken,prefix,projection,startOffset,endOffset,versions
      patch?generation,ifMetagenerationMatch update?generation,ifMetagenerationMatch delete?generation,ifGenerationMatch
      compose=POST/b/{destinationBucket}/o/{destinationObject}/compose?ifGenerationMatch
      copy=POST/b/{sourceBucket}/o/{sourceObject}/copyTo/b/{destinationBucket}/o/{destinationObject}?sourceGeneration
      rewrite=POST/b/{sourceBucket}/o/{sourceObject}/rewriteTo/b/{destinationBucket}/o/{destinationObject}?rewriteToken
storage.v1 /upload/storage/v1
  objects insert=POST/b/{bucket}/o?contentEncoding,ifGenerationMatch,name,predefinedAcl,uploadType
storagetransfer.v1 /v1
  transferJobs create=POST/transferJobs get=GET/{+jobName}?projectId list=GET/transferJobs?filter,pageSize,pageToken
      patch=PATCH/{+jobName} run*=POST/{+jobName}:run delete=DELETE/{+jobName}?projectId
  transferOperations get list=GET/{+name}?filter,pageSize,pageToken cancel pause resume
bigquery.v2 /bigquery/v2 wait=status
  datasets /projects/{projectId}/datasets/{datasetId} insert get list?all,filter,maxResults,pageToken patch update
      delete?deleteContents
  tables /projects/{projectId}/datasets/{datasetId}/tables/{tableId} insert get?selectedFields,view
      list?maxResults,pageToken patch update delete
  routines /projects/{projectId}/datasets/{datasetId}/routines/{routineId} insert get?readMask
      list?filter,maxResults,pageToken,readMask update delete
  models /projects/{projectId}/datasets/{datasetId}/models/{modelId} get list?maxResults,pageToken patch delete
  tabledata /projects/{projectId}/datasets/{datasetId}/tables/{tableId} insertAll
      list=GET/projects/{projectId}/datasets/{datasetId}/tables/{tableId}/data?maxResults,pageToken,selectedFields,startIndex
  jobs /projects/{projectId}/jobs/{jobId} insert* get?location cancel?location
      list?allUsers,maxResults,pageToken,parentJobId,projection,stateFilter
      delete=DELETE/projects/{projectId}/jobs/{jobId}/delete?location query=POST/projects/{projectId}/queries
      getQueryResults=GET/projects/{projectId}/queries/{jobId}?location,maxResults,pageToken,startIndex,timeoutMs
  projects /projects/{projectId} list?maxResults,pageToken getServiceAccount=GET/projects/{projectId}/serviceAccount
bigquerydatatransfer.v1 /v1
  projects.transferConfigs create?authorizationCode,serviceAccountName,versionInfo get
      list?dataSourceIds,pageSize,pageToken patch?authorizationCode,serviceAccountName,updateMask,versionInfo delete
      startManualRuns*runs=POST/{+parent}:startManualRuns
  projects.transferConfigs.runs get list?pageSize,pageToken,runAttempt,states delete
  projects.locations.transferConfigs create?authorizationCode,serviceAccountName,versionInfo get
      list?dataSourceIds,pageSize,pageToken patch?authorizationCode,serviceAccountName,updateMask,versionInfo delete
      startManualRuns*runs=POST/{+parent}:startManualRuns
  projects.locations.transferConfigs.runs get list?pageSize,pageToken,runAttempt,states delete
firestore.v1 /v1
  projects.databases create*?databaseId get list?showDeleted patch* delete*?etag exportDocuments* importDocuments*
  projects.databases.documents get?mask,readTime,transaction patch?currentDocument,mask,updateMask
      delete?currentDocument createDocument=POST/{+parent}/{collectionId}?documentId,mask
      list=GET/{+parent}/{collectionId}?mask,orderBy,pageSize,pageToken,readTime,showMissing,transaction
      batchGet=POST/{+database}/documents:batchGet batchWrite=POST/{+database}/documents:batchWrite
      beginTransaction=POST/{+database}/documents:beginTransaction commit=POST/{+database}/documents:commit
      rollback=POST/{+database}/documents:rollback listCollectionIds=POST/{+parent}:listCollectionIds
      runQuery=POST/{+parent}:runQuery runAggregationQuery=POST/{+parent}:runAggregationQuery
  projects.databases.collectionGroups.indexes create* get list?filter,pageSize,pageToken delete
  projects.databases.operations get cancel delete list=GET/{+name}/operations?filter,pageSize,pageToken
spanner.v1 /v1
  projects.instances create* get?fieldMask list?filter,pageSize,pageToken patch*=PATCH/{+name} delete
  projects.instances.databases create* get list?pageSize,pageToken dropDatabase=DELETE/{+database}
      getDdl=GET/{+database}/ddl updateDdl*=PATCH/{+database}/ddl
  projects.instances.backups create*?backupId get list?filter,pageSize,pageToken patch delete
      copy*=POST/{+parent}/backups:copy
  projects.instances.databases.sessions create=POST/{+database}/sessions batchCreate=POST/{+database}/sessions:batchCreate
      get list=GET/{+database}/sessions?filter,pageSize,pageToken delete
      beginTransaction=POST/{+session}:beginTransaction commit=POST/{+session}:commit rollback=POST/{+session}:rollback
      executeSql=POST/{+session}:executeSql executeBatchDml=POST/{+session}:executeBatchDml read=POST/{+session}:read
dataflow.v1b3 /v1b3 wait=dataflow
  projects.jobs /projects/{projectId}/jobs/{jobId} create*?location,replaceJobId,view get?location,view
      list?filter,location,name,pageSize,pageToken,view update?location,updateMask
  projects.locations.jobs /projects/{projectId}/locations/{location}/jobs/{jobId} create*?replaceJobId,view get?view
      list?filter,name,pageSize,pageToken,view update?updateMask
  projects.templates create*=POST/projects/{projectId}/templates
      launch=POST/projects/{projectId}/templates:launch?gcsPath,location,validateOnly
  projects.locations.templates create*=POST/projects/{projectId}/locations/{location}/templates
      launch=POST/projects/{projectId}/locations/{location}/templates:launch?gcsPath,validateOnly
  projects.locations.flexTemplates launch=POST/projects/{projectId}/locations/{location}/flexTemplates:launch
sheets.v4 /v4
  spreadsheets /spreadsheets/{spreadsheetId} create get?includeGridData,ranges
      batchUpdate=POST/spreadsheets/{spreadsheetId}:batchUpdate
      getByDataFilter=POST/spreadsheets/{spreadsheetId}:getByDataFilter
  spreadsheets.sheets copyTo=POST/spreadsheets/{spreadsheetId}/sheets/{sheetId}:copyTo
  spreadsheets.values /spreadsheets/{spreadsheetId}/values/{range} get?dateTimeRenderOption,majorDimension,valueRenderOption
      update?includeValuesInResponse,responseDateTimeRenderOption,responseValueRenderOption,valueInputOption
      append=POST/spreadsheets/{spreadsheetId}/values/{range}:append?includeValuesInResponse,insertDataOption,valueInputOption
      clear=POST/spreadsheets/{spreadsheetId}/values/{range}:clear
      batchGet=GET/spreadsheets/{spreadsheetId}/values:batchGet?dateTimeRenderOption,majorDimension,ranges,valueRenderOption
      batchUpdate=POST/spreadsheets/{spreadsheetId}/values:batchUpdate
      batchClear=POST/spreadsheets/{spreadsheetId}/values:batchClear
forms.v1 /v1
  forms /forms/{formId} create get batchUpdate=POST/forms/{formId}:batchUpdate
  forms.responses /forms/{formId}/responses/{responseId} get list?filter,pageSize,pageToken
  forms.watches /forms/{formId}/watches/{watchId} create list delete renew=POST/forms/{formId}/watches/{watchId}:renew
language.v1 /v1
  documents analyzeEntities=POST/documents:analyzeEntities analyzeEntitySentiment=POST/documents:analyzeEntitySentiment
      analyzeSentiment=POST/documents:analyzeSentiment analyzeSyntax=POST/documents:analyzeSyntax
      annotateText=POST/documents:annotateText classifyText=POST/documents:classifyText
      moderateText=POST/documents:moderateText
translate.v2 /language/translate/v2
  languages list=GET/languages?model,target
  translations translate=POST/?format,model,q,source,target list=GET/?cid,format,model,q,source,target
  detections detect=POST/detect?q list=GET/detect?q
translate.v3 /v3
  projects translateText=POST/{+parent}:translateText detectLanguage=POST/{+parent}:detectLanguage
      getSupportedLanguages=GET/{+parent}/supportedLanguages?displayLanguageCode,model
  projects.locations translateText=POST/{+parent}:translateText detectLanguage=POST/{+parent}:detectLanguage
      getSupportedLanguages=GET/{+parent}/supportedLanguages?displayLanguageCode,model
      batchTranslateText*=POST/{+parent}:batchTranslateText batchTranslateDocument*=POST/{+parent}:batchTranslateDocument
      translateDocument=POST/{+parent}:translateDocument
  projects.locations.glossaries create* get list?filter,pageSize,pageToken patch* delete*
  projects.locations.operations get cancel delete wait*
translate.v3beta1 /v3beta1
  projects translateText=POST/{+parent}:translateText detectLanguage=POST/{+parent}:detectLanguage
  projects.locations translateText=POST/{+parent}:translateText detectLanguage=POST/{+parent}:detectLanguage
      batchTranslateText*=POST/{+parent}:batchTranslateText batchTranslateDocument*=POST/{+parent}:batchTranslateDocument
  projects.locations.glossaries create* get list?filter,pageSize,pageToken delete*
aiplatform.v1 /v1 region=region
aiplatform.v1beta1 /v1beta1 region=region
  projects.locations.customJobs create*state get list?filter,pageSize,pageToken,readMask cancel delete*
  projects.locations.batchPredictionJobs create*state get list?filter,pageSize,pageToken,readMask cancel delete*
  projects.locations.hyperparameterTuningJobs create*state get list?filter,pageSize,pageToken,readMask cancel delete*
  projects.locations.pipelineJobs create*state?pipelineJobId get list cancel delete*
  projects.locations.datasets create* get?readMask list patch delete* import* export*
  projects.locations.models get list patch delete* export* listVersions=GET/{+name}:listVersions?filter,pageSize,pageToken
      deleteVersion*=DELETE/{+name}:deleteVersion copy*=POST/{+parent}/models:copy upload*=POST/{+parent}/models:upload
  projects.locations.indexes create* get list?filter,pageSize,pageToken,readMask patch* delete*
      upsertDatapoints=POST/{+index}:upsertDatapoints removeDatapoints=POST/{+index}:removeDatapoints
  projects.locations.indexEndpoints create* get list?filter,pageSize,pageToken,readMask patch delete*
      deployIndex*=POST/{+indexEndpoint}:deployIndex undeployIndex*=POST/{+indexEndpoint}:undeployIndex
      mutateDeployedIndex*=POST/{+indexEndpoint}:mutateDeployedIndex
  projects.locations.schedules create get list patch delete* pause resume
  projects.locations.endpoints create*?endpointId get list patch delete* predict=POST/{+endpoint}:predict
      rawPredict=POST/{+endpoint}:rawPredict explain=POST/{+endpoint}:explain
      generateContent=POST/{+model}:generateContent streamGenerateContent=POST/{+model}:streamGenerateContent
      deployModel*=POST/{+endpoint}:deployModel undeployModel*=POST/{+endpoint}:undeployModel
  projects.locations.publishers.models predict=POST/{+endpoint}:predict rawPredict=POST/{+endpoint}:rawPredict
      generateContent=POST/{+model}:generateContent
      streamGenerateContent=POST/{+model}:streamGenerateContent
  projects.locations.operations get list=GET/{+name}/operations?filter,pageSize,pageToken cancel delete wait*?timeout
aiplatform.v1beta1 /v1beta1 region=region
  projects.locations.endpoints countTokens=POST/{+endpoint}:countTokens
  projects.locations.publishers.models countTokens=POST/{+endpoint}:countTokens
documentai.v1 /v1 region=location
documentai.v1beta3 /v1beta3 region=location
  projects.locations.processors create get list?pageSize,pageToken delete* enable* disable* process batchProcess*
  projects.locations.processors.processorVersions get list?pageSize,pageToken delete* deploy* undeploy* process
      batchProcess*
transcoder.v1 /v1
  projects.locations.jobs create*state get list delete?allowMissing
  projects.locations.jobTemplates create?jobTemplateId get list delete?allowMissing
ml.v1 /v1
  projects predict explain
  projects.jobs get list?filter,pageSize,pageToken cancel
  projects.locations get list?pageSize,pageToken
`;
