/** A right that no function has by the list of targets. */
export interface OtherRight {
  who: keyof typeof holders;
  role: string;
  on: keyof typeof things;
  why: string;
}

/** In words, who else has rights. */
export const holders = {
  workflow: '`PREFIX-workflow`',
  'pubsub-push': '`PREFIX-pubsub-push`',
  'source-build': '`PREFIX-source-build`',
  'image-build': '`PREFIX-image-build` of each target project, with `source_buckets`',
  'pubsub-agent': "Pub/Sub's agent",
  'run-agent': "Cloud Run's agent of each target project",
  'api-invokers': 'each of `api_invokers`',
  'report-readers': 'each of `report_readers`',
  everybody: 'everybody, with `slack` and `enable_chatops_for_everybody`',
};

/** In words, what such a right is on. */
export const things = {
  'step-topics': "the steps' topics",
  'dead-letters': 'the topic `dead-letters`',
  subscriptions: "each function's subscription",
  listeners: 'each function with a topic',
  chatops: '`chatops`',
  api: '`api`',
  'push-account': '`PREFIX-pubsub-push`',
  project: 'the project of Slipway',
  'own-project': 'its own project',
  'function-sources': "the bucket of the functions' archive",
  'copied-sources': 'the project of Slipway, only for buckets named `gcf-v2-sources-NUMBER-…`',
  'function-images': 'the repository `PREFIX-functions`',
  'source-buckets': 'each of `source_buckets`',
  repositories: 'each repository of images',
  'foreign-repositories': 'each repository of images in another project',
  reports: 'the bucket, below `reports/`',
};

/**
 * Who else has which right and why: with what the list of targets says, these are all the rights that Terraform gives.
 * docs/security.md has them as a table, and a test compares them with a plan.
 */
export const otherRights: OtherRight[] = [
  right('workflow', 'pubsub.publisher', 'step-topics', 'hands each step its work'),
  right('workflow', 'logging.logWriter', 'project', 'its executions are logged'),
  right('pubsub-push', 'run.invoker', 'listeners', 'the account under which Pub/Sub calls functions'),
  right(
    'pubsub-agent',
    'iam.serviceAccountOpenIdTokenCreator',
    'push-account',
    "makes that account's tokens",
  ),
  right('pubsub-agent', 'pubsub.publisher', 'dead-letters', 'puts there what no function took'),
  right('pubsub-agent', 'pubsub.subscriber', 'subscriptions', 'takes it from there'),
  right('source-build', 'storage.objectViewer', 'function-sources', 'reads the code of the functions'),
  right('source-build', 'storage.objectViewer', 'copied-sources', 'Cloud Functions copies the code there'),
  right('source-build', 'artifactregistry.writer', 'function-images', 'writes the images of the functions'),
  right('source-build', 'logging.logWriter', 'project', 'says why a build failed'),
  right('image-build', 'storage.objectViewer', 'source-buckets', 'reads the sources of services'),
  right('image-build', 'artifactregistry.writer', 'repositories', 'writes the images of services'),
  right('image-build', 'logging.logWriter', 'own-project', 'says why a build failed'),
  right('run-agent', 'artifactregistry.reader', 'foreign-repositories', 'pulls the images of services'),
  right('api-invokers', 'run.invoker', 'api', 'the command line; what each may do is in the service files'),
  right('report-readers', 'storage.objectViewer', 'reports', 'opens reports'),
  right('everybody', 'run.invoker', 'chatops', 'Slack has no account; its signature is verified'),
];

function right(who: OtherRight['who'], role: string, on: OtherRight['on'], why: string): OtherRight {
  return { who, role: `roles/${role}`, on, why };
}
