import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { accountOf, change, denied, enabledThere, paths, project, type Cloud } from './doctor-gcp-cloud.ts';
import { where, one, without, setIn, aSubscription, openDoctor, type Json } from './doctor-gcp-edits.ts';
import { runCli, runHere } from './run-cli.ts';

const doctor = openDoctor();

describe('an installation as Terraform leaves it', () => {
  it('is all good, told by a process of its own to somebody who named nothing but the region', async () => {
    const env = { ...doctor.google.env, SLIPWAY_REGION: 'europe-west1' };
    const { code, stdout, stderr } = await runCli(['doctor', 'gcp'], env);
    expect(stderr).toBe('');
    // How many there are is the business of others.
    expect(stdout.replace(/: \d+ (?!message)/g, ': N ')).toMatchInlineSnapshot(`
      "✓ APIs: N switched on in my-deployer
      ✓ functions: N ACTIVE in europe-west1, as functions/targets.json has them; with slack, without pager, without builds
      ✓ services of the functions: N ready
      ✓ who may call: N called by whom they should be
      ✓ who may use the command line (slipway-api): user:ana@example.com
      ✓ topics: N there
      ✓ subscriptions: N there, with endpoint, account, dead letters, retries, and no end
      ✓ dead letters: none waits
      ✓ schedule slipway-reconcile: ENABLED; its attempt of 2026-11-25T03:00:00.1Z succeeded
      ✓ workflow slipway-deploy: ACTIVE; revision 000003-a1b of 2026-11-20T10:00:00Z is workflows/deploy.yaml of this checkout
      ✓ ledger slipway: FIRESTORE_NATIVE in europe-west1, protected, with point-in-time recovery
      ✓ indexes: N READY
      ✓ expiry: N ACTIVE
      ✓ fields without an index: N exempt
      ✓ bucket my-deployer-slipway: versions kept, uniform access, never public
      ✓ repository slipway-functions: there
      ✓ secrets: N there; those that are read have an enabled version
      ✓ service accounts in my-deployer: N there and enabled
      ✓ custom roles in my-deployer: N there with their permissions
      ✓ alerts: N there and on

      20 good · 0 wrong · 0 not known
      "
    `);
    expect(code).toBe(0);
    // Only reads; no secret's value, and no value of a variable.
    expect(
      doctor.google.asked.filter((line) => !line.startsWith('GET ') || line.includes(':access')),
    ).toEqual([]);
    expect(stdout).not.toContain('business');
  });

  it('is all good without Slack, where other things are expected', async () => {
    const { bad } = await doctor.diagnose((cloud) => {
      for (const name of ['chatops', 'commands']) {
        without(paths.functions, 'functions', `slipway-${name}`)(cloud);
        without(paths.runServices, 'services', `slipway-${name}`)(cloud);
        without(paths.accounts(), 'accounts', accountOf(name))(cloud);
        cloud.delete(paths.policy(name));
      }
      without(paths.subscriptions, 'subscriptions', 'slipway-commands')(cloud);
      for (const id of ['slack-bot-token', 'slack-signing-secret']) cloud.set(paths.versions(id), {});
      change<{ functions: { serviceConfig: Json }[] }>(cloud, paths.functions, ({ functions }) => {
        for (const { serviceConfig } of functions) {
          const given = serviceConfig['environmentVariables'] as Json;
          for (const name of Object.keys(given)) if (/SLACK|CHATOPS/.test(name)) delete given[name];
          delete serviceConfig['secretEnvironmentVariables'];
        }
      });
    });
    expect(bad).toEqual([]);
  });

  it('is all good with the registry and the services in other projects', async () => {
    const elsewhere = (cloud: Cloud): void => {
      aSubscription('image-push', 'topic')('projects/my-images/topics/gcr')(cloud);
      one(paths.subscriptions, 'subscriptions', 'slipway-image-push', (thing) => {
        thing['name'] = `projects/${project}/subscriptions/slipway-image-push-my-images`;
        setIn(
          thing,
          ['pushConfig', 'pushEndpoint'],
          'https://slipway-image-push-abc-ew.a.run.app/projects/my-images/topics/gcr',
        );
      })(cloud);
      without(paths.topics, 'topics', 'gcr')(cloud);
      const { roles } = cloud.get(paths.roles()) as { roles: Json[] };
      const own = roles.filter(({ name }) =>
        /callbacks|executions|read_files|write_reports/.test(String(name)),
      );
      cloud.set(paths.roles(), { roles: own });
      cloud.set(paths.roles('my-services'), { roles: roles.filter((role) => !own.includes(role)) });
      cloud.set(paths.accounts('my-services'), {});
      cloud.set(paths.targetServices, enabledThere('iam.googleapis.com', 'run.googleapis.com'));
    };
    const named = await doctor.diagnose(elsewhere, '--target', 'my-services');
    expect(named.bad).toEqual([]);
    const { bad, code } = await doctor.diagnose(elsewhere);
    expect(bad).toEqual([expect.objectContaining({ id: 'roles:targets', ok: 'unknown' })]);
    expect(bad[0]?.fix).toContain('--target PROJECT');
    expect(code).toBe(0);
  });
});

describe('what is only there under a condition', () => {
  const told = (name: string) => (cloud: Cloud) =>
    change<{ functions: { serviceConfig: { environmentVariables: Json } }[] }>(
      cloud,
      paths.functions,
      ({ functions }) => {
        for (const { serviceConfig } of functions) serviceConfig.environmentVariables[name] = 'set';
      },
    );

  it('a pager: its address is read, and has to be there', async () => {
    const { bad } = await doctor.diagnose(told('SLIPWAY_HAS_PAGER'));
    expect(bad.map(({ id, found }) => [id, found])).toEqual([
      ['functions:slipway-notify', 'of its secrets SLIPWAY_PAGER_URL missing'],
      ['secrets:slipway-pager-url', expect.stringContaining('no version is enabled')],
    ]);
  });

  it('builds: an account for them where services run', async () => {
    const { bad } = await doctor.diagnose(
      (cloud) => {
        told('SLIPWAY_BUILD_ACCOUNT')(cloud);
        cloud.set(paths.accounts('my-services'), {});
        cloud.set(paths.roles('my-services'), cloud.get(paths.roles()));
        cloud.set(paths.targetServices, enabledThere('iam.googleapis.com', 'run.googleapis.com'));
      },
      '--target',
      'my-services',
    );
    const email = 'slipway-image-build@my-services.iam.gserviceaccount.com';
    expect(bad.map(({ id }) => id)).toEqual([
      'apis:my-services:cloudbuild.googleapis.com',
      `accounts:my-services:${email}`,
    ]);
  });
});

describe('where services run, if it is another project', () => {
  const looked = (services: unknown) =>
    doctor.diagnose(
      (cloud) => {
        cloud.set(paths.targetServices, services);
        cloud.set(paths.accounts('my-services'), {});
        cloud.set(paths.roles('my-services'), cloud.get(paths.roles()));
      },
      '--target',
      'my-services',
    );

  it('Cloud Run and IAM have to be on', async () => {
    const { bad, code } = await looked(enabledThere('iam.googleapis.com', 'storage.googleapis.com'));
    expect(bad).toEqual([
      {
        id: 'apis:my-services:run.googleapis.com',
        ok: false,
        what: 'APIs in my-services: run.googleapis.com',
        found: 'it is not switched on',
        fix: 'gcloud services enable run.googleapis.com --project my-services',
      },
    ]);
    expect(code).toBe(1);
  });

  it('a right that is missing is one to be had there', async () => {
    const { bad } = await looked(denied());
    expect(bad).toEqual([
      expect.objectContaining({
        id: 'apis:my-services',
        ok: 'unknown',
        fix: 'gcloud projects add-iam-policy-binding my-services --member=user:YOU@example.com --role=roles/viewer',
      }),
    ]);
  });
});

describe('who asks, and of which project', () => {
  const nobody = { HOME: '/nonexistent', METADATA_SERVER_DETECTION: 'none' };

  it('without credentials there is one clear error', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', 'gcp', ...where], nobody);
    expect(stderr).toMatch(
      /^No credentials for Google Cloud: .*\nSign in: gcloud auth application-default login\n$/,
    );
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });

  it("a person's own credentials go to Google alone", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
    const file = join(directory, 'credentials.json');
    await writeFile(
      file,
      JSON.stringify({ type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' }),
    );
    const asked = doctor.google.asked.length;
    const { code, stderr } = await runCli(['doctor', 'gcp', ...where], {
      ...doctor.google.env,
      GOOGLE_APPLICATION_CREDENTIALS: file,
    });
    await rm(directory, { recursive: true });
    expect(stderr).toContain('unset GOOGLE_APIS_ENDPOINT');
    expect(code).toBe(2);
    expect(doctor.google.asked).toHaveLength(asked);
  });

  test.each([
    [['--project', 'no good'], /project "no good": expected a project id/],
    [['--region', 'europe'], /region "europe": expected a region/],
    [['--prefix', 'x;y'], /prefix "x;y"/],
    [['--target', '../x'], /targetProjects\.0 "\.\.\/x"/],
    [['--timeout', '0'], /Expected seconds/],
  ])('refuses %j before anything is asked', async (words, said) => {
    const asked = doctor.google.asked.length;
    const { code, stderr } = await runHere(['doctor', 'gcp', ...where, ...words], doctor.google.env);
    expect(stderr).toMatch(said);
    expect(code).toBe(2);
    expect(doctor.google.asked).toHaveLength(asked);
  });

  it('SLIPWAY_PROJECT names it as well', async () => {
    const env = { ...doctor.google.env, SLIPWAY_PROJECT: 'another-one' };
    await runHere(['doctor', 'gcp'], env);
    expect(doctor.google.asked.at(-1)).toContain('/another-one/');
  });

  it('explains itself', async () => {
    const { code, stdout } = await runHere(['doctor', 'gcp', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('slipway doctor gcp --project my-deployer --json');
    expect(stdout).toContain('1 something is wrong · 2 wrong usage · 3 no credentials');
  });
});
