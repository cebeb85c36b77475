import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import { Report } from '#shared/report/document.ts';
import { at, deploymentOf, stepOf, waitingOf } from '#test/support/deployment.ts';
import { openApi, token, type ApiServer } from './api-server.ts';
import { runHere, type Finished } from './run-cli.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await openApi();
});
afterAll(() => server.close());
const slipway = (...words: string[]): Promise<Finished> =>
  runHere(words, { SLIPWAY_API_URL: server.url, SLIPWAY_IDENTITY_TOKEN: token });

let ids = 0;
const newId = (): string => `d1f3k7q${String((ids += 1)).padStart(5, '0')}`;
const finished = (outcome: Outcome, overrides: Partial<Deployment> = {}): Deployment =>
  deploymentOf({
    id: newId(),
    status: 'finished',
    result: {
      outcome,
      verdict: { status: 'pass', explanation: 'all 2 checks passed' },
      explanation: `this is why it is ${outcome}`,
      serving: [{ revision: 'hello-d1f3k0000aaa', percent: 100 }],
      finishedAt: at(60),
    },
    ...overrides,
  });

describe('deploy', () => {
  it.each([
    ['live', 0],
    ['live-with-recommendations', 0],
    ['failed', 1],
    ['rolled-back', 1],
    ['rollback-failed', 1],
    ['superseded', 1],
    ['cancelled', 1],
  ] as const)('that ends %s is exit code %d, with the reason and what serves', async (outcome, code) => {
    const deployment = finished(outcome);
    await server.put(deployment);
    server.decide({ decision: 'admitted', reason: 'nothing else is deploying', deploymentId: deployment.id });
    const result = await slipway('deploy', 'hello', 'staging', 'v2');
    expect(result).toMatchObject({ code, stderr: '' });
    expect(result.stdout).toContain(`Admitted as ${deployment.id}: nothing else is deploying`);
    expect(result.stdout).toContain(`${outcome}: this is why it is ${outcome}`);
    expect(result.stdout).toContain('Serves now: hello-d1f3k0000aaa 100 %');
    expect(result.stdout).not.toContain('\u001B');
  });

  it.each([
    ['refused', 'there is no service "x"', 1, /^Refused: there is no service "x"/],
    ['refused', 'frozen: holidays\n  say why', 1, /^Refused: frozen: holidays\n {2}say why\n$/],
    ['ignored', 'not tracked', 1, /^Ignored: not tracked/],
    ['superseded', 'older than what is live', 1, /^Superseded: older than what is live/],
  ] as const)('that is %s follows nothing', async (decision, reason, code, says) => {
    server.decide({ decision, reason });
    const result = await slipway('deploy', 'hello', 'staging', 'v2');
    expect(result.code).toBe(code);
    expect(result.stdout).toMatch(says);
  });

  it('of what is live already is done', async () => {
    const deployment = finished('live');
    await server.put(deployment);
    server.decide({ decision: 'duplicate', reason: 'made this release live', deploymentId: deployment.id });
    const result = await slipway('deploy', 'hello', 'staging', 'v2');
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^Nothing new: made this release live/);
  });

  it('with --no-wait ends when it is decided, and passes on what the change claims', async () => {
    const deployment = waitingOf({ id: newId() });
    await server.put(deployment);
    server.decide({ decision: 'waiting', reason: 'after another', deploymentId: deployment.id });
    const change = ['--reason', 'now', '--change', '12 Faster', '--claim', 'a', '--claim', 'b'];
    const result = await slipway(
      'deploy',
      'hello',
      'staging',
      `sha256:${'0'.repeat(64)}`,
      '--no-wait',
      ...change,
    );
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(`Watch it: slipway watch ${deployment.id}`);
    expect(server.asked.at(-1)).toMatchObject({
      digest: `sha256:${'0'.repeat(64)}`,
      reason: 'now',
      change: { id: '12', title: 'Faster', claims: ['a', 'b'] },
    });
  });

  it('with --json gives machines the decision and the deployment, and the progress to people', async () => {
    const deployment = finished('failed');
    await server.put(deployment);
    server.decide({ decision: 'admitted', reason: 'go', deploymentId: deployment.id });
    const { code, stdout, stderr } = await slipway('deploy', 'hello', 'staging', 'v2', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      decision: 'admitted',
      deploymentId: deployment.id,
      deployment: { id: deployment.id, result: { outcome: 'failed' } },
    });
    expect(stderr).toMatch(/^Admitted as [\s\S]*failed: this is why/);
    server.decide({ decision: 'refused', reason: 'no' });
    const refused = await slipway('deploy', 'hello', 'staging', 'v2', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ decision: 'refused', reason: 'no', deployment: null });
  });

  it('passes on why a freeze shall not count', async () => {
    server.decide({ decision: 'refused', reason: 'no' });
    await slipway('deploy', 'hello', 'staging', 'v2', '--override-freeze', 'the site is down');
    expect(server.asked.at(-1)).toMatchObject({ override: { freeze: 'the site is down' } });
  });

  it('repeats the same request when the answer is lost', async () => {
    server.decide({ decision: 'refused', reason: 'no' });
    const before = server.asked.length;
    server.next('cut');
    expect((await slipway('deploy', 'hello', 'staging')).code).toBe(1);
    const [first, second, ...more] = server.asked.slice(before);
    expect(second).toMatchObject({ requestId: (first as { requestId: string }).requestId });
    expect(more).toEqual([]);
  });

  it('goes on line by line until the end, each step when it begins and ends', async () => {
    const steps = [stepOf('preflight', 1), stepOf('deploy', 2, { status: 'running' })];
    const running = deploymentOf({ id: newId(), steps, createdAt: new Date().toISOString() });
    await server.put(running);
    server.decide({ decision: 'admitted', reason: 'go', deploymentId: running.id });
    const going = slipway('deploy', 'hello', 'staging', 'v2');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await server.put(
      finished('failed', {
        id: running.id,
        steps: [...steps.slice(0, 1), stepOf('deploy', 2, { status: 'rejected' })],
      }),
    );
    const { code, stdout } = await going;
    expect(code).toBe(1);
    expect(stdout.match(/preflight|[…✗] deploy|failed:/g)).toEqual([
      'preflight',
      'preflight',
      '… deploy',
      '✗ deploy',
      'failed:',
    ]);
  });
});

describe('looking', () => {
  it('status shows the newest of each place, history all of them, both as JSON too', async () => {
    const old = finished('live', { service: 'shop' });
    const newest = finished('failed', { service: 'shop' });
    await server.put(old, newest);
    const status = await slipway('status', 'shop');
    expect(status.stdout).toContain(newest.id);
    expect(status.stdout).not.toContain(old.id);
    expect((await slipway('history', 'shop')).stdout).toMatch(new RegExp(`${newest.id}[\\s\\S]*${old.id}`));
    const json = await slipway('history', 'shop', '-n', '1', '--json');
    expect(JSON.parse(json.stdout)).toEqual([JSON.parse(JSON.stringify(newest))]);
  });

  it('an empty list says what to do', async () => {
    expect(await slipway('status', 'nothing', 'staging')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('slipway deploy nothing staging TAG'),
    });
    expect((await slipway('refusals')).stdout).toBe('No message was refused.\n');
  });

  it('report gives the same report for people, tickets and machines', async () => {
    const deployment = finished('live');
    await server.put(deployment);
    expect((await slipway('report', deployment.id)).stdout).toContain(deployment.id);
    expect((await slipway('report', deployment.id, '--markdown')).stdout).toMatch(/^# /);
    const { stdout } = await slipway('report', deployment.id, '--json');
    expect(Report.parse(JSON.parse(stdout)).outcome).toBe('live');
  });

  it('show says where it answers and who asked', async () => {
    const deployment = finished('live');
    await server.put(deployment);
    const { stdout } = await slipway('show', deployment.id);
    expect(stdout).toContain('Address: https://hello-424242424242.us-central1.run.app');
    expect(stdout).toContain('Asked for by ana@example.com');
    expect(stdout).not.toMatch(/Approved by|In spite of|Cause/);
  });

  it('show and report name who approved and what was overridden, show also the cause and what to do', async () => {
    const command = ['gcloud', 'logging', 'read', 'a b'];
    const deployment = finished('failed', {
      approvedBy: ['bob@example.com', 'eve\u001B[2J@example.com'],
      overrides: [
        { rule: 'freeze', what: 'holidays', by: 'ana@example.com', reason: 'the site is down', at: at(0) },
      ],
      failure: {
        ending: 'rejected',
        step: 'deploy',
        phase: 'candidate',
        code: 'x',
        message: 'm',
        at: at(9),
        cause: { class: 'port', sentence: 'It listens on 3000.', nextStep: 'Listen on $PORT.', command },
      },
    });
    await server.put(deployment);
    const policy =
      'Approved by bob@example.com, eve[2J@example.com\n' +
      'In spite of holidays, by ana@example.com: the site is down\n';
    const cause = "Cause: port: It listens on 3000.\nNext: Listen on $PORT.\n  gcloud logging read 'a b'\n";
    expect((await slipway('show', deployment.id)).stdout).toContain(policy + cause);
    expect((await slipway('report', deployment.id)).stdout).toContain(policy);
  });
});

describe('stopping', () => {
  it('says what the word did: told, told before, still waiting, too late', async () => {
    const [running, waiting, done] = [
      deploymentOf({ id: newId() }),
      waitingOf({ id: newId() }),
      finished('live'),
    ];
    await server.put(running, waiting, done);
    expect((await slipway('cancel', running.id, 'too', 'slow')).stdout).toContain('is told');
    expect((await slipway('cancel', running.id, 'other')).stdout).toContain(
      'told before: cancel by ana@example.com',
    );
    expect((await slipway('cancel', waiting.id, 'no')).stdout).toContain(
      'was still waiting and is cancelled',
    );
    expect(await slipway('cancel', done.id, 'no')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('finished: live'),
    });
    const kept = await server.ledger.get('deployments', running.id);
    expect(kept?.signal).toMatchObject({ kind: 'cancel', reason: 'too slow' });
  });
});
