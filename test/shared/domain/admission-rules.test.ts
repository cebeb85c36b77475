import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAdmission, type AdmissionFacts } from '#shared/domain/admission.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { ManualLock } from '#shared/domain/manual-lock.ts';
import type { Quarantine } from '#shared/domain/quarantine.ts';
import type { Policy } from '#shared/domain/service/policy.ts';
import { at, config, deploymentWith, digest } from '#test/shared/domain/records.ts';

const nowMs = Date.parse(at);
const ada = 'ada@example.com';
const bob = 'bob@example.com';
const version = (digit: string) => ({ [digest(digit)]: { version: `1.0.${digit}` } });

/** Release 2 is wanted; 1 is older, 3 is newer. */
const push: AdmissionFacts['wanted'] = {
  digest: digest('2'),
  tag: 'v1.0.2',
  configHash: 'hash-1',
  byPerson: false,
  requestedBy: 'topic gcr',
  overrideFreeze: undefined,
  approved: false,
};
const byAda = { ...push, byPerson: true, requestedBy: ada };
const nothing: AdmissionFacts = {
  service: 'hello',
  environment: 'staging',
  wanted: push,
  policy: config.policy,
  active: undefined,
  waiting: undefined,
  live: undefined,
  onceLive: undefined,
  quarantine: undefined,
  manualLock: undefined,
  orders: { ...version('1'), ...version('2'), ...version('3') },
  nowMs,
};
const deploymentOf = (id: string, digit: string): Deployment =>
  deploymentWith({ id, request: { ...deploymentWith().request, digest: digest(digit) } });
const active = (digit: string) => deploymentOf('d000000000aa', digit);
const waiting = (digit: string) => deploymentOf('d000000000bb', digit);
const live = (digit: string, configHash = 'hash-1') => ({
  deploymentId: 'd000000000cc',
  digest: digest(digit),
  configHash,
});
const quarantine: Quarantine = {
  id: 'hello.staging.222222222222.hash-1',
  service: 'hello',
  environment: 'staging',
  digest: digest('2'),
  configHash: 'hash-1',
  reason: 'validate (candidate): status 500',
  deploymentId: 'd000000000dd',
  owner: bob,
  at,
  holds: true,
  releases: [],
};
const manualLock: ManualLock = {
  owner: bob,
  reason: 'release day',
  since: at,
  expiresAt: new Date(nowMs + 3_600_000).toISOString(),
};
const policy = (more: Partial<Policy>): Policy => ({ ...config.policy, ...more });
const allowing = (...deploy: string[]) => ({ ...config.policy.allow, deploy });
const freeze = [{ name: 'holidays', start: '2025-12-24T00:00', end: '2026-01-07T00:00', timeZone: 'UTC' }];
const approvals = { required: 1, from: [ada, bob], timeout: 1800 };

interface Row extends Partial<AdmissionFacts> {
  name: string;
  decision: string;
  says?: RegExp;
}
const decide = (facts: Partial<AdmissionFacts>) => decideAdmission({ ...nothing, ...facts });
const rows = (table: Row[]) =>
  it.each<Row>(table)('$name: $decision', ({ name: _name, decision, says = /./, ...facts }) => {
    expect(decide(facts)).toMatchObject({ decision, reason: expect.stringMatching(says) as string });
  });

describe('quarantine', () => {
  rows([
    {
      name: 'of the release says why, whose it was and how to let it go',
      quarantine,
      decision: 'refused',
      says: /since d000000000dd of bob@example.com: validate \(candidate\): status 500.*slipway quarantine release hello.staging.222222222222.hash-1 --reason …/,
    },
    { name: 'holds for a person too', wanted: byAda, quarantine, decision: 'refused' },
  ]);
});

describe('who may deploy', () => {
  rows([
    { name: 'are everybody when none are listed', wanted: byAda, decision: 'admitted' },
    {
      name: 'are who is listed',
      wanted: byAda,
      policy: policy({ allow: allowing('Ada@example.com') }),
      decision: 'admitted',
    },
    {
      name: 'are nobody else',
      wanted: byAda,
      policy: policy({ allow: allowing(bob) }),
      decision: 'refused',
      says: /ada@example.com may not deploy hello staging: allowed are bob@example.com/,
    },
    {
      name: 'are the members of a listed group, as of when they asked',
      wanted: { ...byAda, via: 'slack', slackUser: 'U0ADA', groups: ['S0DEPLOYERS'] },
      policy: policy({ allow: allowing('S0DEPLOYERS') }),
      decision: 'admitted',
    },
    {
      name: 'are nobody from Slack where it is protected and nobody is listed',
      wanted: { ...byAda, via: 'slack' },
      policy: policy({ protected: true }),
      decision: 'refused',
      says: /policy.allow.deploy names nobody/,
    },
    { name: 'are no matter of a push', policy: policy({ allow: allowing(bob) }), decision: 'admitted' },
  ]);
});

describe('a manual lock', () => {
  rows([
    {
      name: 'of somebody else says whose, why, since when, until when and how to steal it',
      wanted: byAda,
      manualLock,
      decision: 'refused',
      says: /locked by bob@example.com since 2026-01-01 00:00 UTC, until 2026-01-01 01:00 UTC: release day; .*slipway lock hello staging --steal/,
    },
    { name: 'keeps pushes away', manualLock, decision: 'refused' },
    {
      name: 'lets its owner through',
      wanted: { ...byAda, requestedBy: bob },
      manualLock,
      decision: 'admitted',
    },
  ]);
  it('that is expired is as none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.boolean(), (ago, byPerson) => {
        const expiresAt = new Date(nowMs - ago).toISOString();
        const facts = { wanted: byPerson ? byAda : push, active: active('1') };
        expect(decide({ ...facts, manualLock: { ...manualLock, expiresAt } })).toEqual(decide(facts));
      }),
    );
  });
});

describe('a freeze', () => {
  rows([
    { name: 'refuses a push', policy: policy({ freeze }), decision: 'refused', says: /frozen: holidays/ },
    {
      name: 'refuses a person, and says how to override it',
      wanted: byAda,
      policy: policy({ freeze }),
      decision: 'refused',
      says: /say why: slipway deploy hello staging v1\.0\.2 --override-freeze …$/,
    },
    {
      name: 'is over after its end',
      policy: policy({ freeze }),
      nowMs: Date.UTC(2026, 0, 7),
      decision: 'admitted',
    },
    {
      name: 'cannot be overridden by an event',
      wanted: { ...push, overrideFreeze: 'x' },
      policy: policy({ freeze }),
      decision: 'refused',
    },
    {
      name: 'begins by the wall clock: at 09:59 in Berlin on the day summer time begins, nothing is frozen yet',
      policy: policy({
        freeze: [{ name: 'sunday', days: ['sun'], from: '10:00', to: '24:00', timeZone: 'Europe/Berlin' }],
      }),
      nowMs: Date.UTC(2026, 2, 29, 7, 59),
      decision: 'admitted',
    },
    {
      name: 'begins by the wall clock: at 10:00 in Berlin on the day summer time begins, it is',
      policy: policy({
        freeze: [{ name: 'sunday', days: ['sun'], from: '10:00', to: '24:00', timeZone: 'Europe/Berlin' }],
      }),
      nowMs: Date.UTC(2026, 2, 29, 8, 0),
      decision: 'refused',
    },
  ]);
  it('that a person overrides is on record with the reason', () => {
    const wanted = { ...byAda, overrideFreeze: 'the site is down' };
    expect(decide({ wanted, policy: policy({ freeze }) })).toMatchObject({
      decision: 'admitted',
      reason: expect.stringMatching(/in spite of holidays .*: the site is down/) as string,
      overrides: [{ rule: 'freeze', by: ada, reason: 'the site is down', at }],
    });
    expect(decide({ wanted })).toMatchObject({ decision: 'admitted', overrides: [] });
  });
});

describe('the newest', () => {
  rows([
    { name: 'replaces what is live', live: live('1'), decision: 'admitted' },
    { name: 'waits for what is deployed', active: active('1'), decision: 'waiting' },
    {
      name: 'takes the place of an older one that waits',
      active: active('1'),
      waiting: waiting('1'),
      decision: 'waiting',
    },
    {
      name: 'is live: an older push is too late',
      live: live('3'),
      decision: 'superseded',
      says: /older than d000000000cc \(live\) by semantic version/,
    },
    {
      name: 'is deploying: an older push is too late',
      active: active('3'),
      live: live('1'),
      decision: 'superseded',
      says: /older than d000000000aa \(deploying\)/,
    },
    {
      name: 'waits: an older push is too late',
      active: active('1'),
      waiting: waiting('3'),
      decision: 'superseded',
      says: /older than d000000000bb \(waiting\)/,
    },
    {
      name: 'is what a person says, and it is said',
      wanted: byAda,
      live: live('3'),
      decision: 'admitted',
      says: /older than d000000000cc \(live\) by semantic version, but asked for by ada@example.com/,
    },
    {
      name: 'is who comes last when nothing is known',
      live: live('3'),
      orders: { [digest('2')]: {}, [digest('3')]: {} },
      decision: 'admitted',
    },
    {
      name: 'is not asked about the same release with another configuration',
      live: live('2', 'old'),
      orders: {},
      decision: 'admitted',
    },
    {
      name: 'is always what is still to be built',
      wanted: { ...push, digest: undefined },
      live: live('3'),
      orders: {},
      decision: 'admitted',
    },
    {
      name: 'is never a release that was live before, when it is pushed',
      onceLive: 'd000000000ee',
      live: live('1'),
      decision: 'refused',
      says: /v1.0.2 was live before \(d000000000ee\); to go back, say why: slipway rollback hello staging --reason …/,
    },
    {
      name: 'may be a release that was live before, when a person says so',
      wanted: byAda,
      onceLive: 'd000000000ee',
      live: live('1'),
      decision: 'admitted',
      says: /was live before \(d000000000ee\), but asked for by ada@example.com/,
    },
    {
      name: 'may be the live release with another configuration',
      onceLive: 'd000000000cc',
      live: live('2', 'old'),
      decision: 'admitted',
    },
  ]);

  it('cannot be told before the order of all is known: they are to be looked up', () => {
    const facts = { live: live('3'), active: active('1'), orders: version('1') };
    expect(decide(facts)).toEqual({
      decision: 'needs-order',
      of: [
        { digest: digest('2'), tag: 'v1.0.2' },
        { digest: digest('3'), tag: undefined },
      ],
    });
    expect(decide({ orders: {} }).decision).toBe('admitted');
  });

  it('of two tags that come at once is the same whichever comes first', () => {
    const second = { ...push, digest: digest('3'), tag: 'v1.0.3' };
    expect(decide({ wanted: second, active: active('2') }).decision).toBe('waiting');
    expect(decide({ active: active('3') }).decision).toBe('superseded');
  });
});

describe('approvals', () => {
  rows([
    {
      name: 'are waited for',
      policy: policy({ approvals }),
      decision: 'awaiting-approval',
      says: /1 of ada@example.com, bob@example.com must approve/,
    },
    {
      name: 'are waited for also while another is deployed',
      active: active('1'),
      policy: policy({ approvals }),
      decision: 'awaiting-approval',
    },
    {
      name: 'were given',
      wanted: { ...push, approved: true },
      policy: policy({ approvals }),
      decision: 'admitted',
    },
    {
      name: 'cannot be given for what is not built yet',
      wanted: { ...byAda, digest: undefined },
      policy: policy({ approvals }),
      decision: 'refused',
    },
  ]);
});

/** Every rule at once; taking away what the first says shows the next. */
describe('the order of the rules', () => {
  const all: Partial<AdmissionFacts> = {
    wanted: byAda,
    waiting: waiting('2'),
    active: active('3'),
    live: live('3'),
    quarantine,
    manualLock,
    onceLive: 'd000000000ee',
    policy: policy({ allow: allowing(bob), freeze, approvals }),
  };
  const peeled: { without: Partial<AdmissionFacts>; decision: string; says: RegExp }[] = [
    { without: {}, decision: 'duplicate', says: /d000000000bb already waits/ },
    { without: { waiting: undefined }, decision: 'refused', says: /quarantine/ },
    { without: { quarantine: undefined }, decision: 'refused', says: /may not deploy/ },
    { without: { wanted: push }, decision: 'refused', says: /locked by/ },
    { without: { manualLock: undefined }, decision: 'refused', says: /frozen/ },
    { without: { policy: policy({ approvals }) }, decision: 'refused', says: /live before/ },
    { without: { onceLive: undefined }, decision: 'superseded', says: /older than/ },
    {
      without: { active: active('1'), live: live('1') },
      decision: 'awaiting-approval',
      says: /must approve/,
    },
    {
      without: { wanted: { ...push, approved: true } },
      decision: 'waiting',
      says: /d000000000aa is deploying/,
    },
    { without: { active: undefined }, decision: 'admitted', says: /nothing else/ },
  ];
  it('is as written', () => {
    let facts = all;
    for (const { without, decision, says } of peeled) {
      facts = { ...facts, ...without };
      expect(decide(facts)).toMatchObject({ decision, reason: expect.stringMatching(says) as string });
    }
  });
});

describe('whatever is there', () => {
  const maybe = <T>(...values: T[]) => fc.constantFrom<T | undefined>(undefined, ...values);
  const facts = fc.record({
    wanted: fc.record({
      digest: maybe(digest('1'), digest('2'), digest('3')),
      tag: maybe('v1.0.1', 'v1.0.2'),
      configHash: fc.constantFrom('hash-1', 'hash-2'),
      byPerson: fc.boolean(),
      requestedBy: fc.constantFrom(ada, bob, 'topic gcr'),
      overrideFreeze: maybe('why'),
      approved: fc.boolean(),
    }),
    active: maybe(active('1'), active('2')),
    waiting: maybe(waiting('1'), waiting('3')),
    live: maybe(live('1'), live('3', 'hash-2')),
    quarantine: maybe(quarantine),
    manualLock: maybe(manualLock),
    onceLive: maybe('d000000000ee'),
    policy: fc.constantFrom(
      config.policy,
      policy({ freeze }),
      policy({ approvals }),
      policy({ allow: allowing(ada) }),
    ),
  });

  it('nothing is admitted while another is active, and nothing waits while none is', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const { decision } = decide(some);
        expect(decision).not.toBe(some.active ? 'admitted' : 'waiting');
      }),
      { numRuns: 500 },
    );
  });

  it('a push never replaces a newer one, and what is held or not approved never starts', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const { decision } = decide(some);
        if (decision !== 'admitted' && decision !== 'waiting') return;
        const { wanted } = some;
        expect(some.quarantine).toBeUndefined();
        expect(wanted.approved || !some.policy.approvals).toBe(true);
        expect(!some.manualLock || wanted.requestedBy === bob).toBe(true);
        if (wanted.byPerson || wanted.digest === undefined) return;
        const rivals = [some.active?.request.digest, some.waiting?.request.digest, some.live?.digest];
        for (const rival of rivals) expect((rival ?? '') <= wanted.digest).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
