import { describe, expect, it } from 'vitest';
import { createLookups, type LocalLookups } from '#local/lookups/lookups.ts';
import { systemClock } from '#shared/clock.ts';
import type { Check } from '#shared/domain/check.ts';
import { createLookUps } from '#shared/google/look-ups.ts';
import { preflightChecks } from '#functions/preflight/preflight.ts';
import { configsOf } from '#test/shared/config/hello-file.ts';
import { openCloud } from '#test/shared/google/cloud.ts';
import { createWorld, image, serviceFile } from '#test/support/world.ts';

/** Whether Cloud Run's agent may pull an image of another project, asked of the local cloud over its sockets. */
const agent = 'service-424242424242@serverless-robot-prod.iam.gserviceaccount.com';
const numbers: Record<string, string> = { 'slipway-local': '424242424242', 'shop-prod': '77' };
const permission = 'artifactregistry.repositories.downloadArtifacts';
const elsewhere = 'us-central1-docker.pkg.dev/images-elsewhere/apps/hello';

async function agentCheck(
  wanted: string,
  arrange: (local: LocalLookups) => void = () => undefined,
  project = 'slipway-local',
): Promise<Check | undefined> {
  const cloud = await openCloud();
  const local = createLookups({ project, projectNumber: numbers[project] ?? '' });
  arrange(local);
  const endpoint = await cloud.listen(local.routes);
  const { deps } = createWorld({
    clock: systemClock,
    lookUps: createLookUps({ endpoint, rest: cloud.rest }),
  });
  const text = serviceFile().replace(image, wanted).replace('project: slipway-local', `project: ${project}`);
  const { checks } = await preflightChecks(deps, { config: configsOf(text)[0]! });
  return checks.find(({ id }) => id === 'service-agent');
}

describe('Cloud Run may pull an image of another project', () => {
  it.each([
    ['with a grant', () => undefined, 'pass', `${agent} may`],
    [
      'not without one, and is told which',
      ({ grants }: LocalLookups) => grants.deny(agent, permission, '/images-elsewhere/'),
      'fail',
      `${agent} may not: grant it roles/artifactregistry.reader on projects/images-elsewhere/locations/us-central1/repositories/apps`,
    ],
    [
      'also when only another repository is closed to it',
      ({ grants }: LocalLookups) => grants.deny(agent, permission, '/repositories/other'),
      'pass',
      `${agent} may`,
    ],
  ])('%s', async (_name, arrange, outcome, observed) => {
    expect(await agentCheck(elsewhere, arrange)).toMatchObject({
      suite: 'Registry',
      severity: 'required',
      outcome,
      evidence: { observed, asked: expect.stringContaining('projects/images-elsewhere/locations') },
    });
  });

  it.each<[string, (local: LocalLookups) => unknown, RegExp]>([
    [
      'policies that cannot be seen',
      ({ grants }) => grants.hide(agent, permission),
      /^not known for service-424242424242@.*not all policies can be seen/,
    ],
    [
      'an answer of 403',
      ({ off }) => off.add('iam.googleapis.com'),
      /^not known for service-424242424242@.*403.*grant roles\/iam\.securityReviewer/,
    ],
  ])('or perhaps: %s leave it open and stop nothing', async (_name, arrange, observed) => {
    expect(await agentCheck(elsewhere, (local) => void arrange(local))).toMatchObject({
      severity: 'advisory',
      outcome: 'inconclusive',
      evidence: { observed: expect.stringMatching(observed) },
    });
  });

  it("is asked for the agent of the service's project, whose number may not be known", async () => {
    const asked = await agentCheck(image, () => undefined, 'shop-prod');
    expect(asked).toMatchObject({
      outcome: 'pass',
      evidence: { observed: 'service-77@serverless-robot-prod.iam.gserviceaccount.com may' },
    });
    const hidden = await agentCheck(image, ({ off }) => off.add('serviceusage.googleapis.com'), 'shop-prod');
    expect(hidden).toMatchObject({ severity: 'advisory', outcome: 'inconclusive' });
  });

  it.each([
    ['eu.gcr.io/images-elsewhere/hello', 'projects/images-elsewhere/locations/europe/repositories/eu.gcr.io'],
    ['gcr.io/images-elsewhere/team/hello', 'projects/images-elsewhere/locations/us/repositories/gcr.io'],
  ])('by the repository that stands for %s', async (wanted, repository) => {
    expect(await agentCheck(wanted)).toMatchObject({
      evidence: { asked: `${permission} on ${repository}` },
    });
  });

  it.each([
    ['is in the same project', image],
    ['is in no registry of Google’s', 'ghcr.io/slipway/hello'],
  ])('is no question when it %s', async (_name, wanted) => {
    expect(await agentCheck(wanted)).toBeUndefined();
  });
});
