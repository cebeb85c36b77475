import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { openNetra, readNetraInputs, type Netra } from '#cli/commands/local/netra.ts';
import { accounts, place } from '#local/place.ts';
import type { Check } from '#shared/domain/check.ts';
import type { Report } from '#shared/report/document.ts';
import { renderMarkdown } from '#shared/report/markdown.ts';
import { buildReport } from '#shared/report/report.ts';
import { suiteInWords } from '#shared/report/words.ts';
import { runCli } from '#test/cli/run-cli.ts';

/** The seed scenario: what its report says, and what it does not say once the evidence for it is taken away. */

describe('demo --netra', () => {
  let directory: string;
  let said: { report: Report; files: string[]; ok: boolean };
  const counts = (title: string): string | undefined => {
    const suite = said.report.suites.find((one) => one.title === title);
    return suite && suiteInWords(suite);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-netra-'));
    const { code, stdout, stderr } = await runCli(['demo', '--netra', '--json', '--state', directory]);
    if (code !== 0) throw new Error(`${code}: ${stderr}${stdout}`);
    said = JSON.parse(stdout) as typeof said;
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('deploys the change, and counts what was asked', () => {
    expect(said.ok).toBe(true);
    expect(said.report.outcome).toBe('live-with-recommendations');
    expect(counts('Database resilience')).toBe('Database resilience 10/10 before traffic');
    expect(counts('Configuration validation')).toBe('Configuration validation 6/9 before traffic');
    expect(counts('Infrastructure timeouts')).toBe('Infrastructure timeouts 6/9 before traffic');
    expect(counts('Golden path')).toBe('Golden path 6/6 before traffic, 6/6 at 100 % of the traffic');
  });

  it('counts the tests of the database, and shows the job beside them', () => {
    const [round] = said.report.suites.find(({ title }) => title === 'Database resilience')!.rounds;
    const [job, ...tests] = round!.checks;
    expect(job).toMatchObject({ id: 'resilience', isSum: true, outcome: 'pass' });
    expect(tests).toHaveLength(10);
    const times = tests.flatMap((test) => (test.outcome === 'pass' ? [test.evidence.at] : []));
    expect(new Set(times).size).toBe(10);
    expect(times).toEqual(times.toSorted());
  });

  it('builds it from source, and says how long that took', () => {
    const checks = said.report.suites.flatMap(({ rounds }) => rounds.flatMap((round) => round.checks));
    expect(checks.find(({ id }) => id === 'built')).toMatchObject({
      evidence: { observed: expect.stringMatching(/^SUCCESS, took \d+ m?s, from /) },
    });
    expect(said.report.headline).toContain('netra-backend 1.1.0');
    expect(renderMarkdown(said.report)).toMatch(
      /\| Build \| succeeded: build \S+ took \d+ m?s; the step took /,
    );
  });

  it('recommends by rule, with what is declared', () => {
    const advice = said.report.recommendations.filter(({ outcome }) => outcome === 'fail');
    expect(advice.map(({ rule }) => rule)).toEqual([
      'database-pool-usual-load',
      'database-overflow-startup',
      'liveness-missing',
      'vpc-direct-egress',
      'websocket-request-timeout',
      'websocket-idle-delays',
      'component-timeouts-startup',
    ]);
    expect(advice.map(({ measured }) => measured)).toEqual(
      expect.arrayContaining([
        'declared: a pool of 12',
        'declared: an overflow of 18',
        'declared: an idle timeout of 32 s',
      ]),
    );
  });

  it('says what it did not look at and what it cannot know', () => {
    const open = said.report.recommendations.filter(({ outcome }) => outcome !== 'fail');
    expect(open.map(({ check, outcome }) => [check, outcome])).toEqual([
      ['The certificate is valid', 'not-run'],
      ['Users meet at most 1 % errors', 'inconclusive'],
    ]);
  });

  it('holds every claim against evidence, and one that names none is not verified', () => {
    const claims = said.report.change?.claims ?? [];
    expect(claims.filter(({ status }) => status === 'verified')).toHaveLength(9);
    const declared = 'its check rests on what is only declared: ';
    expect(claims.filter(({ status }) => status !== 'verified')).toMatchObject([
      {
        claim: 'the VPC connector carries all instances',
        status: 'not-verified',
        reason: `${declared}app.egress.megabitsPerInstance`,
      },
      {
        claim: 'the load balancer waits as long as the service',
        status: 'not-verified',
        reason: expect.stringContaining(`${declared}app.loadBalancer.timeout`),
      },
      { claim: 'SSL configuration enhanced', status: 'not-verified', reason: 'no check is bound to it' },
    ]);
  });

  it('computes from what was live to this', () => {
    const { changes, imageSize } = said.report;
    expect(changes?.config).toContainEqual({ path: 'app.database.timeout', from: '30', to: '90' });
    const { bytes, previous } = imageSize!;
    expect(previous!.percent).toBeCloseTo(((bytes - previous!.bytes) / previous!.bytes) * 100);
    expect(bytes).toBeLessThan(previous!.bytes);
  });

  it('leaves the report in all forms', async () => {
    expect(said.files).toHaveLength(3);
    const [markdown, json, html] = await Promise.all(said.files.map((name) => readFile(name, 'utf8')));
    expect(JSON.parse(json!)).toMatchObject({ deploymentId: said.report.deploymentId });
    for (const text of [markdown, html]) expect(text).toContain('Database resilience 10/10');
    expect(html).toMatch(/^<!DOCTYPE html>/);
  });
});

describe('without the evidence', () => {
  const inputs = readNetraInputs();
  let netra: Netra;
  const runtimeAccount = 'netra-backend@slipway-local.iam.gserviceaccount.com';

  /** What preflight says of the service file in the bucket, as by `check --live`. */
  async function preflight(): Promise<Check[]> {
    const answer = await netra.demo.api('POST', '/preflight', { file: (await inputs).file });
    const { environments } = (await answer.json()) as { environments: { checks: Check[] }[] };
    return environments[0]!.checks;
  }
  const outcomes = (checks: Check[], ids: string[]) =>
    Object.fromEntries(ids.map((id) => [id, checks.find((check) => check.id === id)?.outcome]));

  beforeAll(async () => {
    netra = await openNetra(await inputs, AbortSignal.timeout(200_000));
  });
  afterAll(() => netra?.close());

  it('of a release before it, nothing is compared', async () => {
    const { fileBefore, change } = await inputs;
    // As somebody would who writes the change down too early.
    const file = `${fileBefore}change: ${JSON.stringify(change)}\n`;
    const done = await netra.deploy({ file, version: '1.0.0', minify: false });
    expect(done.result?.outcome).toBe('live-with-recommendations');
    const report = buildReport(done);
    expect(report.changes).toMatchObject({ since: null });
    expect(renderMarkdown(report)).toContain('Not run: nothing to compare with');
    const byConfig = report.change?.claims.filter(({ claim }) => /from 60 s|timeout 30 s/.test(claim));
    expect(byConfig).toHaveLength(2);
    for (const claim of byConfig!)
      expect(claim).toMatchObject({
        status: 'not-verified',
        reason: expect.stringMatching(/^nothing to compare/),
      });
  });

  const sql = 'slipway-local:us-central1:netra-postgres';
  it.each([
    [
      'Service Usage',
      ['serviceusage.googleapis.com'],
      ['run.googleapis.com', 'sqladmin.googleapis.com'],
      'inconclusive',
    ],
    ['Cloud SQL Admin', ['sqladmin.googleapis.com'], [`${sql}/state`, `${sql}/name`], 'inconclusive'],
    ['Serverless VPC Access', ['vpcaccess.googleapis.com'], ['connector', 'connector-size'], 'inconclusive'],
    [
      'Serverless VPC Access for its throughput',
      ['vpcaccess.googleapis.com'],
      ['connector-throughput'],
      'not-run',
    ],
    ['IAM', ['iam.googleapis.com'], ['exists', 'bridge', 'deploy-service', 'JWT_SECRET'], 'inconclusive'],
  ])('of %s, what it would have said is open', async (_, off, ids, outcome) => {
    const before = (await preflight()).filter(({ suite }) => suite !== 'Cloud Run service');
    for (const id of ids) expect(outcomes(before, [id])).toEqual({ [id]: 'pass' });
    for (const api of off) netra.demo.stack.lookups.off.add(api);
    const after = (await preflight()).filter(({ suite }) => suite !== 'Cloud Run service');
    netra.demo.stack.lookups.off.clear();
    expect(outcomes(after, ids)).toEqual(Object.fromEntries(ids.map((id) => [id, outcome])));
  });

  it('of a golden path, a change, a baseline and tests, the report says that there are none', async () => {
    const document = parseDocument((await inputs).file);
    document.set('suites', []);
    document.delete('change');
    document.deleteIn(['imageRules', 'baselineSizeMiB']);
    const done = await netra.deploy({ file: document.toString(), version: '1.1.0', minify: true });
    expect(done.result?.outcome).toBe('live-with-recommendations');
    const text = renderMarkdown(buildReport(done));
    expect(text).toContain('Not run: neither the request, the image nor the service file names a change');
    expect(text).toContain('Not run: the service file declares no ordered suite');
    expect(text).toContain('Not run: the service file declares no suites of its own');
    expect(text).not.toMatch(/Database resilience|Golden path \d|Beside the baseline/);
  });

  it('of policies that may be seen, nobody says that the secrets can be read', async () => {
    netra.demo.stack.lookups.grants.hide(runtimeAccount, 'secretmanager.versions.access');
    const checks = await preflight();
    expect(outcomes(checks, ['bridge', 'JWT_SECRET'])).toEqual({
      bridge: 'inconclusive',
      JWT_SECRET: 'inconclusive',
    });
  });

  it('of results that can be read, the tests of the database are inconclusive', async () => {
    const { file } = await inputs;
    // What the job writes is XML.
    const broken = file.replace('results: junit', 'results: tap');
    const done = await netra.deploy({ file: broken, version: '1.1.1', minify: true });
    expect(done.result?.outcome).toBe('failed');
    const own = done.checks.filter(({ suite }) => suite === 'Database resilience');
    expect(own).toMatchObject([
      { outcome: 'inconclusive', evidence: { observed: expect.stringContaining('broken results') } },
    ]);
  });

  it('of the test job, the release is not proven and no user meets it', async () => {
    const { stack } = netra.demo;
    const { project, region } = place;
    const job = `${stack.origin}/v2/projects/${project}/locations/${region}/jobs/netra-resilience`;
    const authorization = `Bearer ${stack.identity.accessToken(accounts.developer)}`;
    expect((await fetch(job, { method: 'DELETE', headers: { authorization } })).ok).toBe(true);
    const { file } = await inputs;
    const done = await netra.deploy({ file, version: '1.2.0', minify: true });
    expect(done.result?.outcome).toBe('failed');
    expect(done.trafficMoved).toBe(false);
    expect(done.failure).toMatchObject({
      step: 'preflight',
      message: expect.stringContaining('there is no job netra-resilience'),
    });
    expect(done.checks.filter(({ suite }) => suite === 'Database resilience')).toEqual([]);
    const claim = buildReport(done).change?.claims.find(({ claim: words }) => words.includes('backoff'));
    expect(claim).toMatchObject({
      status: 'not-verified',
      reason: expect.stringMatching(/^there was no check/),
    });
  });
});
