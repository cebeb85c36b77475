import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { slackDoctor } from '#functions/doctor.ts';
import { chatops, type ChatopsDeps } from '#functions/triggers/chatops.ts';
import { doctorApi } from '#functions/triggers/doctor-api.ts';
import { systemClock } from '#shared/clock.ts';
import { Fault } from '#shared/domain/fault.ts';
import { loadConfig } from '#shared/env.ts';
import { scopes } from '#shared/slack/scopes.ts';
import type { DoctorFinding } from '#shared/slack/diagnose.ts';
import { scriptedSlack } from '#test/support/scripted-slack.ts';
import { createWorld } from '#test/support/world.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const everything = scopes.map(({ name }) => name);
const workspace = {
  'auth.test': { team: 'Acme', team_id: 'T0ACME', user: 'deploy' },
  'users.conversations': { channels: [{ id: 'C0000001', name: 'deployments' }] },
  'conversations.info': ({ channel }: Record<string, string>) =>
    channel === 'C0000002'
      ? { channel: { id: 'C0000002', name: 'approvals', is_member: true } }
      : 'channel_not_found',
  'users.info': ({ user }: Record<string, string>) =>
    user === 'U0000001' ? { user: { name: 'ana', team_id: 'T0ACME' } } : 'user_not_found',
  'usergroups.users.list': ({ usergroup }: Record<string, string>) =>
    usergroup === 'S0000001' ? { users: ['U0000001'] } : 'no_such_subteam',
};

const place = '{ project: my-project, region: us-central1 }';
const complete = `service: hello
image: us-central1-docker.pkg.dev/my-project/apps/hello
environments:
  production: ${place}
policy:
  allow: { deploy: [U0000001, S0000001, ana@example.com] }
slack: { channel: '#deployments', approvalsChannel: C0000002, onCall: [S0000001] }
`;

/**
 * The real chatops function over a socket, or an address that answers as told.
 * @param answer in place of its own
 */
async function listen(settings: Partial<ChatopsDeps> = {}, answer?: (isForged: boolean) => number) {
  const asked: { status: number; rawBody: Buffer }[] = [];
  const published: unknown[] = [];
  const deps: ChatopsDeps = {
    signingSecret: 'shhh',
    teams: ['T0ACME'],
    appId: undefined,
    slackEndpoint: undefined,
    clock: systemClock,
    log: () => undefined,
    publish: async (_topic, message) => void published.push(message),
    responder: { respond: async () => undefined },
    ...settings,
  };
  const server = createServer((request, response) => {
    const { method = '', headers } = request;
    void buffer(request).then(async (rawBody) => {
      const own = await chatops(deps, { method, headers, rawBody });
      const status = answer ? answer(own.status !== 200) : own.status;
      asked.push({ status, rawBody });
      response.writeHead(status).end(own.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, published };
}

interface Given {
  env?: Record<string, string>;
  file?: string;
  script?: Parameters<typeof scriptedSlack>[0];
  granted?: string[];
}

async function world({ env, file = complete, script = {}, granted = everything }: Given) {
  const slack = await scriptedSlack({ ...workspace, ...script }, granted);
  open.push(slack);
  const config = loadConfig({
    SLIPWAY_PROJECT: 'my-project',
    SLIPWAY_PROJECT_NUMBER: '1',
    SLIPWAY_REGION: 'us-central1',
    SLIPWAY_BUCKET: 'slipway',
    SLIPWAY_LEDGER: 'sqlite::memory:',
    SLACK_BOT_TOKEN: 'xoxb-very-secret',
    SLACK_SIGNING_SECRET: 'shhh',
    SLACK_TEAM_IDS: 'T0ACME',
    SLACK_API_ENDPOINT: slack.endpoint,
    SLIPWAY_PAGER_URL: 'https://pager.example.com',
    ...env,
  });
  const made = createWorld({ config, clock: systemClock });
  made.configure(file);
  return { slack, deps: made.deps };
}

async function findings(given: Given = {}): Promise<Map<string, DoctorFinding>> {
  const { deps } = await world(given);
  return new Map((await slackDoctor(deps)).map((finding) => [finding.id, finding]));
}
const wrong = (found: Map<string, DoctorFinding>): string[] =>
  [...found.values()].filter(({ ok }) => ok === false).map(({ id }) => id);

describe('slackDoctor', () => {
  it('finds nothing wrong where everything is as it should be, and looks at all of it', async () => {
    const { url } = await listen();
    const found = await findings({ env: { SLIPWAY_CHATOPS_URL: url } });
    expect([...found.values()].filter(({ ok }) => ok !== true)).toEqual([]);
    expect([...found.keys()]).toEqual([
      'token',
      'workspace',
      ...scopes.map(({ name }) => `scope:${name}`),
      'channel:#deployments',
      'channel:C0000002',
      'user:U0000001',
      'group:S0000001',
      'signing-secret',
      'command-url',
      'command-url-forged',
      'allow:hello:production',
      'on-call:hello:production',
      'pager',
    ]);
  });

  it('says each thing that is wrong, with what to do, and no secret', async () => {
    const { url } = await listen({ signingSecret: 'another secret' });
    const found = await findings({
      env: { SLIPWAY_CHATOPS_URL: url, SLACK_TEAM_IDS: 'T0OTHER' },
      file: complete
        .replace('C0000002', 'C0000009')
        .replace('#deployments', '#nowhere')
        .replaceAll('U0000001', 'U0000009')
        .replaceAll('S0000001', 'S0000009'),
      granted: everything.filter((name) => name !== 'usergroups:read'),
    });
    expect(wrong(found)).toEqual([
      'workspace',
      'scope:usergroups:read',
      'channel:#nowhere',
      'channel:C0000009',
      'user:U0000009',
      'group:S0000009',
      'command-url',
    ]);
    expect(wrong(found).filter((id) => found.get(id)?.fix === undefined)).toEqual([]);
    expect(JSON.stringify([...found.values()])).not.toMatch(/xoxb-very-secret|shhh/);
  });

  it('asks Slack for nothing more when the token is refused, and goes on with the rest', async () => {
    const { deps, slack } = await world({ script: { 'auth.test': 'invalid_auth' } });
    const ids = (await slackDoctor(deps)).filter(({ ok }) => ok === false).map(({ id }) => id);
    expect(ids).toEqual(['token']);
    expect(slack.calls.map(({ method }) => method)).toEqual(['auth.test']);
  });

  it('does not call wrong what Slack did not answer', async () => {
    const found = await findings({ script: { 'auth.test': 'down' } });
    expect(found.get('token')).toMatchObject({ ok: 'unknown' });
    expect(wrong(found)).toEqual([]);
  });

  it('says how to begin where nothing of Slack is configured', async () => {
    const found = await findings({ env: { SLACK_BOT_TOKEN: '', SLACK_SIGNING_SECRET: '' } });
    expect(wrong(found)).toEqual(['token', 'signing-secret']);
    expect(found.get('token')?.fix).toContain('slipway slack manifest');
  });

  it('looks at the default channel only when a service reports there, and at the fallback always', async () => {
    const env = { SLIPWAY_SLACK_CHANNEL: '#nowhere', SLIPWAY_SLACK_FALLBACK_CHANNEL: 'C0000009' };
    expect(wrong(await findings({ env }))).toEqual(['channel:C0000009']);
    const file = complete.replace("channel: '#deployments', ", '');
    expect(wrong(await findings({ env, file }))).toEqual(['channel:#nowhere', 'channel:C0000009']);
  });

  it('says which service file it could not read, and looks at the others', async () => {
    const { deps } = await world({});
    await deps.objects.write('services/broken.yaml', 'service: broken\n', 'text/yaml');
    const found = await slackDoctor(deps);
    expect(found.find(({ id }) => id === 'service-files:services/broken.yaml')).toMatchObject({ ok: false });
    expect(found.find(({ id }) => id === 'group:S0000001')).toMatchObject({ ok: true });
  });

  it('goes on without service files when the bucket does not answer', async () => {
    const { deps } = await world({});
    const objects = {
      ...deps.objects,
      list: async () => Promise.reject(new Fault('unavailable', 'storage gave no answer')),
    };
    const found = await slackDoctor({ ...deps, objects });
    expect(found[0]).toMatchObject({ id: 'service-files', ok: 'unknown' });
    expect(found.find(({ id }) => id === 'token')).toMatchObject({ ok: true });
  });
});

describe('where commands arrive', () => {
  const tried = async (url: string): Promise<Map<string, DoctorFinding>> =>
    findings({ env: { SLIPWAY_CHATOPS_URL: url } });

  it('is asked for help, once signed and once with a wrong signature, and nothing comes of it', async () => {
    const { url, asked, published } = await listen();
    await tried(url);
    expect(asked.map(({ status }) => status)).toEqual([200, 401]);
    expect(published).toEqual([]);
    for (const { rawBody } of asked) expect(rawBody.toString()).not.toContain('shhh');
  });

  it.each([
    ['another workspace', { teams: ['T0OTHER'] }, 'does not listen to the workspace T0ACME'],
    ['another app', { appId: 'A0OTHER' }, 'listens to another app'],
  ])('is wrong when it hears %s', async (_, settings, says) => {
    const { url } = await listen(settings);
    const finding = (await tried(url)).get('command-url');
    expect(finding).toMatchObject({ ok: false });
    expect(finding?.found).toContain(says);
  });

  it.each([
    ['has another secret', 401, 'it has another secret'],
    ['is closed by IAM', 403, 'Grant allUsers'],
    ['has no function', 404, 'Deploy the chatops function'],
    ['leads elsewhere', 302, 'it answers 302'],
    ['fails', 500, 'logs of the chatops function'],
  ])('an address that %s is told from the others', async (_, status, says) => {
    const { url } = await listen({}, () => status);
    const finding = (await tried(url)).get('command-url');
    expect(finding?.ok).toBe(false);
    expect(`${finding?.found} ${finding?.fix}`).toContain(says);
  });

  it('what believes a forged command is called wrong', async () => {
    const { url } = await listen({}, () => 200);
    const found = await tried(url);
    expect(wrong(found)).toEqual(['command-url-forged']);
  });

  it('an address where nobody listens is wrong', async () => {
    const { url } = await listen();
    await open.pop()?.close();
    const found = await tried(url);
    expect(found.get('command-url')).toMatchObject({ ok: false });
    expect(found.get('command-url')?.found).toContain('ECONNREFUSED');
    expect(found.has('command-url-forged')).toBe(false);
  });

  it('without an address it is not tried, which is not wrong', async () => {
    const found = await findings();
    expect(found.get('command-url')).toMatchObject({ ok: 'unknown' });
    expect(found.get('command-url')?.fix).toContain('SLIPWAY_CHATOPS_URL');
  });
});

it('the api answers GET /doctor/slack and leaves other paths alone', async () => {
  const { deps } = await world({});
  const answer = await doctorApi(deps, { method: 'GET', path: '/doctor/slack' });
  expect(answer).toMatchObject({ status: 200, body: { findings: expect.arrayContaining([]) } });
  expect(await doctorApi(deps, { method: 'POST', path: '/doctor/slack' })).toBeUndefined();
  expect(await doctorApi(deps, { method: 'GET', path: '/doctor' })).toBeUndefined();
});
