import { describe, expect, it, test } from 'vitest';
import { denied, disabled, never, paths, project } from './doctor-gcp-cloud.ts';
import { where, without, openDoctor } from './doctor-gcp-edits.ts';
import { runCli } from './run-cli.ts';

const doctor = openDoctor();

describe('an API that is off', () => {
  it('is one finding, not one for everything behind it', async () => {
    const api = 'firestore.googleapis.com';
    const { bad } = await doctor.diagnose((cloud) => {
      without(paths.services, 'services', api)(cloud);
      for (const path of [paths.database, paths.indexes, paths.fields]) cloud.set(path, disabled(api));
    });
    expect(bad.map(({ id, ok }) => [id, ok])).toEqual([[`apis:${api}`, false]]);
  });

  it('is found also where the list of APIs may not be read', async () => {
    const { bad } = await doctor.diagnose((cloud) => {
      cloud.set(paths.services, denied());
      cloud.set(paths.repository, disabled('artifactregistry.googleapis.com'));
    });
    expect(bad.map(({ id, ok }) => [id, ok])).toEqual([
      ['apis', 'unknown'],
      ['apis:artifactregistry.googleapis.com', false],
    ]);
  });

  it('in the project that the calls count for is said of that project', async () => {
    const { bad } = await doctor.diagnose((cloud) =>
      cloud.set(paths.repository, disabled('artifactregistry.googleapis.com', 'projects/999')),
    );
    expect(bad).toEqual([
      expect.objectContaining({
        found: expect.stringContaining('in project 999'),
        fix: 'gcloud services enable artifactregistry.googleapis.com --project 999',
      }),
    ]);
  });
});

describe('what may not be looked at is not known, with the right that is missing', () => {
  const cases: [path: string, id: string, permission: string, role: string][] = [
    [paths.services, 'apis', 'serviceusage.services.list', 'roles/viewer'],
    [paths.functions, 'functions', 'cloudfunctions.functions.list', 'roles/viewer'],
    [paths.runServices, 'services', 'run.services.list', 'roles/viewer'],
    [paths.policy('admit'), 'callers', 'run.services.getIamPolicy', 'roles/iam.securityReviewer'],
    [paths.topics, 'topics', 'pubsub.topics.list', 'roles/viewer'],
    [paths.subscriptions, 'subscriptions', 'pubsub.subscriptions.list', 'roles/viewer'],
    [paths.timeSeries, 'dead-letters', 'monitoring.timeSeries.list', 'roles/viewer'],
    [paths.job, 'schedule', 'cloudscheduler.jobs.get', 'roles/viewer'],
    [paths.workflow, 'workflow', 'workflows.workflows.get', 'roles/viewer'],
    [paths.database, 'ledger', 'datastore.databases.getMetadata', 'roles/viewer'],
    [paths.indexes, 'indexes', 'datastore.indexes.list', 'roles/viewer'],
    [paths.bucket, 'bucket', 'storage.buckets.get', 'roles/storage.bucketViewer'],
    [paths.repository, 'repository', 'artifactregistry.repositories.get', 'roles/viewer'],
    [paths.versions('slack-bot-token'), 'secrets', 'secretmanager.versions.list', 'roles/viewer'],
    [paths.accounts(), `accounts:${project}`, 'iam.serviceAccounts.list', 'roles/viewer'],
    [paths.roles(), `roles:${project}`, 'iam.roles.list', 'roles/viewer'],
    [paths.alerts, 'alerts', 'monitoring.alertPolicies.list', 'roles/viewer'],
  ];

  test.each(cases)('%s', async (path, id, permission, role) => {
    const { bad } = await doctor.diagnose((cloud) => cloud.set(path, denied()));
    expect(bad[0]).toEqual({
      id,
      ok: 'unknown',
      what: expect.any(String),
      found: expect.stringContaining(`${permission} is missing`),
      fix: `gcloud projects add-iam-policy-binding ${project} --member=user:YOU@example.com --role=${role}`,
    });
    expect(bad.filter(({ ok }) => ok === false)).toEqual([]);
    // Without the functions nobody knows of their secrets and of Slack.
    expect(bad).toHaveLength(1);
  });

  it('as Google names it', async () => {
    const { bad } = await doctor.diagnose((cloud) => cloud.set(paths.topics, denied('pubsub.topics.other')));
    expect(bad).toEqual([
      expect.objectContaining({ found: 'you may not look: pubsub.topics.other is missing' }),
    ]);
  });

  it('and is one finding for all policies and one for all secrets', async () => {
    const { bad, code } = await doctor.diagnose((cloud) => {
      for (const path of cloud.keys()) if (/:getIamPolicy$|\/versions$/.test(path)) cloud.set(path, denied());
    });
    expect(bad.map(({ id }) => id)).toEqual(['callers', 'secrets']);
    expect(bad[0]?.found).toMatch(/run\.services\.getIamPolicy is missing; nor are .*slipway-report$/);
    expect(code).toBe(0);
  });

  it('but another reason for a refusal is told as Google tells it', async () => {
    const error = {
      code: 403,
      status: 'PERMISSION_DENIED',
      message: 'This API method requires billing to be enabled.',
      details: [{ reason: 'BILLING_DISABLED', metadata: {} }],
    };
    const { bad } = await doctor.diagnose((cloud) => cloud.set(paths.repository, { status: 403, error }));
    expect(bad).toEqual([
      expect.objectContaining({ ok: 'unknown', found: expect.stringContaining('requires billing') }),
    ]);
    expect(bad[0]?.fix).toBeUndefined();
  });
});

describe('what does not answer is not known', () => {
  it('after the time that was given, and holds up nothing else', async () => {
    const began = Date.now();
    doctor.google.become((cloud) => {
      cloud.set(paths.workflow, never);
      cloud.set(paths.topics, never);
    });
    const { code, stdout } = await runCli(['doctor', 'gcp', ...where, '--timeout', '0.5'], doctor.google.env);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(stdout).toMatch(/^\? topics: GET http.*\/topics gave no answer within 0\.5 s$/m);
    expect(stdout).toMatch(/^\? workflow slipway-deploy: GET http.* gave no answer within 0\.5 s$/m);
    expect(stdout).toMatch(/^18 good · 0 wrong · 2 not known$/m);
    expect(code).toBe(0);
  });

  test.each([
    [
      'a server error',
      { status: 503, error: { code: 503, status: 'UNAVAILABLE', message: 'try later' } },
      /answered 503: UNAVAILABLE try later/,
    ],
    [
      'a refused token',
      { status: 401, error: { code: 401, status: 'UNAUTHENTICATED', message: 'expired' } },
      /answered 401/,
    ],
    ['an answer in another shape', { state: 7 }, /answered unexpectedly/],
  ])('%s', async (_, answer, found) => {
    const { bad } = await doctor.diagnose((cloud) => cloud.set(paths.workflow, answer));
    expect(bad).toEqual([
      expect.objectContaining({ id: 'workflow', ok: 'unknown', found: expect.stringMatching(found) }),
    ]);
  });

  it('so is a region that an API could not reach', async () => {
    const { bad } = await doctor.diagnose((cloud) =>
      cloud.set(paths.functions, { functions: [], unreachable: ['europe-west1'], nextPageToken: '' }),
    );
    expect(bad[0]).toMatchObject({
      id: 'functions',
      ok: 'unknown',
      found: expect.stringContaining('could not reach'),
    });
  });
});
