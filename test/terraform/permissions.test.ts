import { describe, expect, test } from 'vitest';
import { manifest, type InstalledTarget } from './manifest.ts';
import { callsOf, secretsOf } from './reach.ts';

/** What the code asks of Google's APIs and what `functions/targets.json` lets it do: the one is the other, both ways. */

const actAs = 'iam.serviceAccounts.actAs';

/** The permissions that each call of a port takes. */
const takes: Record<string, string[]> = {
  'run.locations': ['run.locations.list'],
  'run.getService': ['run.services.get'],
  'run.getRevision': ['run.revisions.get'],
  'run.revisions': ['run.revisions.list'],
  'run.deleteRevision': ['run.revisions.delete'],
  // Preflight wants both with it.
  'run.updateService': ['run.services.update', 'run.services.get', actAs],
  // Cloud Run wants who deploys an image to be allowed to read it.
  'run.createService': ['run.services.create', 'artifactregistry.repositories.downloadArtifacts', actAs],
  'run.openOrClose': ['run.services.setIamPolicy'],
  'jobs.get': ['run.jobs.get'],
  'jobs.find': ['run.executions.list'],
  'jobs.execution': ['run.executions.get'],
  'jobs.cancel': ['run.executions.cancel', 'run.executions.get'],
  'jobs.run': [
    'run.jobs.get',
    'run.jobs.run',
    'run.jobs.runWithOverrides',
    'run.jobs.update',
    'run.operations.get',
    actAs,
  ],
  'build.create': ['cloudbuild.builds.create', `${actAs} of the builder`],
  'build.find': ['cloudbuild.builds.list'],
  'build.get': ['cloudbuild.builds.get'],
  'build.cancel': ['cloudbuild.builds.update'],
  'registry.resolve': ['artifactregistry.repositories.downloadArtifacts'],
  'registry.tags': ['artifactregistry.repositories.downloadArtifacts'],
  'registry.repository': ['artifactregistry.repositories.downloadArtifacts'],
  'monitoring.requestStats': ['monitoring.timeSeries.list'],
  'logging.entries': ['logging.logEntries.list'],
  'prober.request': ['run.routes.invoke'],
  'prober.webSocket': ['run.routes.invoke'],
  'prober.certificate': [],
  'workflows.create': ['workflows.executions.create'],
  'workflows.find': ['workflows.executions.list'],
  'workflows.state': ['workflows.executions.get'],
  'workflows.cancel': ['workflows.executions.cancel'],
  'callback.post': ['workflows.callbacks.send'],
  // Without the right to list, what is not there is "forbidden".
  'objects.read': ['storage.objects.get', 'storage.objects.list'],
  'objects.list': ['storage.objects.list'],
  // What is there already is replaced.
  'objects.write': ['storage.objects.create', 'storage.objects.delete'],
  'secrets.version': ['secretmanager.versions.get'],
  'secrets.judge': ['secretmanager.versions.access'],
  'lookUps.serviceUsage.enabled': ['serviceusage.services.get'],
  'lookUps.cloudSql.instance': ['cloudsql.instances.get'],
  'lookUps.network.connector': ['vpcaccess.connectors.get'],
  'lookUps.network.subnetwork': ['compute.subnetworks.get'],
  'lookUps.iam.mine': [],
  'lookUps.iam.serviceAccount': ['iam.serviceAccounts.get'],
  'lookUps.iam.granted': manifest.capabilities['see-policies']?.permissions ?? [],
};

/** What of a predefined role is used. */
const usedOf: Record<string, string[]> = {
  'roles/datastore.user': [],
  'roles/artifactregistry.reader': ['artifactregistry.repositories.downloadArtifacts'],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
};

/** Only reachable because a module is imported for something else in it, or withheld on purpose. */
const notNeeded: Record<string, Record<string, string>> = {
  admit: { 'workflows.callbacks.send': 'announces; never pokes' },
  reconcile: { 'workflows.callbacks.send': 'announces; never pokes' },
  commands: {
    'secretmanager.versions.access': 'values of secrets are judged by preflight alone; here: inconclusive',
  },
  api: {
    'secretmanager.versions.access': 'values of secrets are judged by preflight alone; here: inconclusive',
  },
  rollback: {
    'run.jobs.get': 'ends jobs; starts none',
    'run.jobs.run': 'ends jobs; starts none',
    'run.jobs.runWithOverrides': 'ends jobs; starts none',
    'run.jobs.update': 'ends jobs; starts none',
    'run.operations.get': 'ends jobs; starts none',
    'storage.objects.get': 'reads no results of jobs that it ends',
    'storage.objects.list': 'reads no results of jobs that it ends',
  },
};

const callNames = ({ name, kind }: InstalledTarget): string[] =>
  [...callsOf({ name, kind })].filter((each) => !/^(pubsub|slack|pager)\./.test(each));

const given = ({ may }: InstalledTarget): string[] =>
  Object.keys(may).flatMap((name) => {
    const { role, permissions, on } = manifest.capabilities[name] ?? { on: '' };
    if (permissions) return permissions;
    if (role === 'roles/iam.serviceAccountUser')
      return [on === 'build-accounts' ? `${actAs} of the builder` : actAs];
    return usedOf[role ?? ''] ?? [`${role} is not in this test`];
  });

describe.each(manifest.targets)('$name', (target) => {
  const calls = callNames(target);

  test('calls only what this test knows the permissions of', () => {
    expect(calls.filter((each) => !(each in takes))).toEqual([]);
  });

  const needed = new Set(calls.flatMap((each) => takes[each] ?? []));
  const has = new Set(given(target));
  const spared = Object.keys(notNeeded[target.name] ?? {});

  test('may do what its code does', () => {
    expect([...needed].filter((each) => !has.has(each)).sort()).toEqual(spared.sort());
  });

  test('may do nothing that its code does not', () => {
    expect([...has].filter((each) => !needed.has(each))).toEqual([]);
  });

  test('reads the secrets that its code uses, and no other', () => {
    expect(Object.keys(target.secrets ?? {}).sort()).toEqual(secretsOf(target).sort());
  });

  test('publishes where its code publishes', () => {
    const topics = [...callsOf(target)].flatMap((each) => /^pubsub\.publish (.+)$/.exec(each)?.[1] ?? []);
    const wanted = target.name === 'chatops' ? ['chat-commands'] : topics;
    expect(Object.keys(target.publishes).sort()).toEqual(
      wanted.filter((topic) => !(target.name === 'notify' && topic === 'deploy-events')).sort(),
    );
  });
});

test('a reply can be sent without the right to start executions', () => {
  expect(manifest.capabilities['send-callbacks']?.permissions).toEqual(['workflows.callbacks.send']);
  const starters = manifest.targets.filter(({ may }) => 'start-executions' in may).map(({ name }) => name);
  expect(starters).toEqual(['admit', 'reconcile', 'api']);
});
