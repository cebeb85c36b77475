import { describe, expect, test } from 'vitest';
import { decideAdmission, type AdmissionFacts } from '#shared/domain/admission.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { at, config, deploymentWith, digest } from '#test/shared/domain/records.ts';

const request = (wanted: string | undefined): Deployment['request'] => {
  const { digest: _none, ...rest } = deploymentWith().request;
  return wanted === undefined ? rest : { ...rest, digest: wanted };
};
const wanted: AdmissionFacts['wanted'] = {
  digest: digest('1'),
  tag: 'v1',
  configHash: 'hash-1',
  byPerson: true,
  requestedBy: 'ada@example.com',
  overrideFreeze: undefined,
  approved: false,
};
const build = { ...wanted, digest: undefined, tag: undefined };
/** No policy, and nothing is known that puts releases in an order. */
const nothing: AdmissionFacts = {
  service: 'hello',
  environment: 'staging',
  wanted,
  policy: config.policy,
  active: undefined,
  waiting: undefined,
  live: undefined,
  onceLive: undefined,
  quarantine: undefined,
  manualLock: undefined,
  orders: Object.fromEntries(['1', '2', '3'].map((digit) => [digest(digit), {}])),
  nowMs: Date.parse(at),
};
const active = (digit: string | undefined, configHash = 'hash-1'): Deployment =>
  deploymentWith({
    id: 'd000000000aa',
    status: 'active',
    request: request(digit === undefined ? undefined : digest(digit)),
    configHash,
  });
const waiting = (digit: string | undefined, configHash = 'hash-1'): Deployment => ({
  ...active(digit, configHash),
  id: 'd000000000bb',
  status: 'waiting',
});
const live = (digit: string, configHash = 'hash-1') => ({
  deploymentId: 'd000000000cc',
  digest: digest(digit),
  configHash,
});
const built: Deployment = {
  ...active(undefined),
  release: { image: 'i', digest: digest('1'), sizeBytes: 1, platforms: [] },
};

interface Row extends Partial<AdmissionFacts> {
  name: string;
  decision: string;
  of?: string;
  supersedes?: string;
}

describe('admission', () => {
  test.each<Row>([
    { name: 'nothing is there', decision: 'admitted' },
    { name: 'the same release is live', live: live('1'), decision: 'duplicate', of: 'd000000000cc' },
    {
      name: 'the same release is live with another configuration',
      live: live('1', 'old'),
      decision: 'admitted',
    },
    { name: 'another release is live', live: live('2'), decision: 'admitted' },
    {
      name: 'a build is wanted and its configuration is live',
      wanted: build,
      live: live('1'),
      decision: 'admitted',
    },
    {
      name: 'the same release is being deployed',
      active: active('1'),
      decision: 'duplicate',
      of: 'd000000000aa',
    },
    {
      name: 'the same release was built and is being deployed',
      active: built,
      decision: 'duplicate',
      of: 'd000000000aa',
    },
    {
      name: 'the same release is being deployed with another configuration',
      active: active('1', 'old'),
      decision: 'waiting',
    },
    { name: 'another release is being deployed', active: active('2'), decision: 'waiting' },
    {
      name: 'another one is being deployed and this one is live',
      active: active('2'),
      live: live('1'),
      decision: 'waiting',
    },
    {
      name: 'a build is wanted while a build runs',
      wanted: build,
      active: active(undefined),
      decision: 'waiting',
    },
    {
      name: 'the same release waits',
      active: active('2'),
      waiting: waiting('1'),
      decision: 'duplicate',
      of: 'd000000000bb',
    },
    {
      name: 'another one waits',
      active: active('2'),
      waiting: waiting('3'),
      decision: 'waiting',
      supersedes: 'd000000000bb',
    },
    {
      name: 'a build waits and a build is wanted',
      wanted: build,
      active: active('2'),
      waiting: waiting(undefined),
      decision: 'waiting',
      supersedes: 'd000000000bb',
    },
    {
      name: 'the same one is being deployed but another waits to replace it',
      active: active('1'),
      waiting: waiting('2'),
      decision: 'waiting',
      supersedes: 'd000000000bb',
    },
  ])('when $name: $decision', ({ name: _name, decision, of, supersedes, ...facts }) => {
    const answer = decideAdmission({ ...nothing, ...facts });
    expect(answer).toMatchObject({ decision, reason: expect.stringMatching(/./) as string });
    expect(answer.decision === 'duplicate' ? answer.deploymentId : undefined).toBe(of);
    expect(answer.decision === 'waiting' ? answer.supersedes : undefined).toBe(supersedes);
  });

  test('names the deployment that is in the way', () => {
    const answer = decideAdmission({ ...nothing, active: active('2') });
    expect(answer).toMatchObject({ reason: expect.stringContaining('d000000000aa') as string });
  });
});
