import { describe, expect, it } from 'vitest';
import { isDeployedTag } from '#shared/config/tag-policy.ts';
import { file, problemsOf } from './hello-file.ts';

describe('a pushed tag', () => {
  it.each<[string[], string, boolean]>([
    [[], 'v1', false],
    [['stable'], 'stable', true],
    [['stable'], 'stable-2', false],
    [['v*'], 'v1.2', true],
    [['v*'], 'w1.2', false],
    [['semver:>=1.2 <3'], '1.2.0', true],
    [['semver:>=1.2 <3'], 'v2.9.9', true],
    [['semver:>=1.2 <3'], '3.0.0', false],
    [['semver:>=1.2 <3'], '1.1.9', false],
    [['semver:>=1.2 <3'], '1.3', false],
    [['semver:>=1.2 <3'], 'main', false],
    [['semver:>=1.2 <3'], '2.0.0-rc.1', false],
    [['semver:>=2.0.0-rc.0 <3'], '2.0.0-rc.1', true],
    [['semver:^1 || ^3'], '3.1.0', true],
    [['main', 'semver:~1.4'], 'main', true],
    [['main', 'semver:~1.4'], '1.5.0', false],
  ])('by %j: %s %s', (patterns, tag, deployed) => expect(isDeployedTag(patterns, tag)).toBe(deployed));
});

describe('a policy in a service file', () => {
  const policy = (text: string): string[] => problemsOf(file(`policy: ${text}`));
  it.each([
    [`{ autoDeploy: ['v*', 'semver:>=1.2 <3'] }`],
    [`{ freeze: [{ name: night, days: [sat], timeZone: UTC }] }`],
    [`{ approvals: { from: [ada@example.com] }, allow: { deploy: [bob@example.com, S012AB3CD] } }`],
    [`{ approvals: { required: 2, from: [S012AB3CD] } }`],
    [`{ approvals: { required: 2, from: [ada@example.com, bob@example.com], timeout: 2h } }`],
  ])('may be %s', (text) => expect(policy(text)).toEqual([]));

  it.each([
    [
      `{ autoDeploy: ['v*', 'semver:banana'] }`,
      '5:30 policy.autoDeploy[1]: "semver:banana" — expected a range after semver: such as semver:>=1.2 <3',
    ],
    [
      `{ autoDeploy: ['semver:'] }`,
      '5:24 policy.autoDeploy[0]: "semver:" — expected a range after semver: such as semver:>=1.2 <3',
    ],
    [
      `{ approvals: { required: 2, from: [ada@example.com, Ada@example.com] } }`,
      '5:34 policy.approvals.required: 2 — expected at most 1: so many different people are in from',
    ],
    [
      `{ freeze: [{ name: night, days: [sat], timeZone: Mars }] }`,
      '5:58 policy.freeze[0].timeZone: "Mars" — expected a time zone such as Europe/Berlin or UTC',
    ],
    [`{ approvals: { from: [ada] } }`, '5:31 policy.approvals.from[0]: "ada" — expected an e-mail address'],
    [`{ approvals: {} }`, '5:11 policy.approvals.from: missing — expected a list'],
  ])('may not be %s', (text, problem) => expect(policy(text)).toEqual([problem]));
});
