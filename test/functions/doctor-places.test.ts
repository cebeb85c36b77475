import { describe, expect, it } from 'vitest';
import { diagnosePolicies, namedInSlack } from '#functions/doctor/places.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/** @param more sections of the service file */
function configs(more: string): ServiceConfig[] {
  const file = `service: hello
image: us-central1-docker.pkg.dev/my-project/apps/hello
environments:
  staging: { project: my-project, region: us-central1 }
  production: { project: my-project, region: europe-west1 }
${more}`;
  const parsed = parseServiceFile(file, 'services/hello.yaml');
  if (parsed.status === 'invalid') throw new Error(JSON.stringify(parsed.problems));
  return [...parsed.configs];
}

describe('what is named in Slack', () => {
  const all = configs(`policy:
  allow: { deploy: [ana@example.com, U0000001], rollback: [S0000001] }
  approvals: { from: [S0000001, U0000002] }
slack: { channel: '#deploys', approvalsChannel: C0000001, owners: [U0000001], onCall: [S0000002] }`);
  const named = namedInSlack({ SLIPWAY_SLACK_CHANNEL: '#deploys', NOT_SET: undefined }, all);

  it('is every channel, user and group once, and no e-mail address', () => {
    const names = (list: { name: string }[]): string[] => list.map(({ name }) => name).sort();
    expect(names(named.channels)).toEqual(['#deploys', 'C0000001']);
    expect(names(named.users)).toEqual(['U0000001', 'U0000002']);
    expect(names(named.groups)).toEqual(['S0000001', 'S0000002']);
  });

  it('comes with every place that names it', () => {
    expect(named.channels[0]?.places).toEqual([
      'SLIPWAY_SLACK_CHANNEL',
      'hello staging: slack.channel',
      'hello production: slack.channel',
    ]);
    expect(named.users.find(({ name }) => name === 'U0000001')?.places).toContain(
      'hello production: policy.allow.deploy',
    );
  });
});

describe('protected environments', () => {
  const found = (more: string, hasPager = true) =>
    new Map(diagnosePolicies(configs(more), hasPager).map((finding) => [finding.id, finding]));

  it('that name nobody are closed to Slack and call nobody, which is wrong', () => {
    const findings = found('');
    expect(findings.get('allow:hello:production')).toMatchObject({ ok: false });
    expect(findings.get('allow:hello:production')?.fix).toContain('policy.allow of services/hello.yaml');
    expect(findings.get('on-call:hello:production')).toMatchObject({ ok: false });
    expect([...findings.keys()].join()).not.toContain('staging');
  });

  it('that name somebody for everything and somebody on call are well', () => {
    const findings = found('policy: { allow: { deploy: [U0000001] } }\nslack: { onCall: [S0000001] }');
    expect([...findings.values()].map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  it('that are closed for some acts may be meant so', () => {
    const finding = found('policy: { allow: { rollback: [U0000001] } }').get('allow:hello:production');
    expect(finding).toMatchObject({ ok: true });
    expect(finding?.found).toBe('it is protected; nobody may deploy, cancel, lock, quarantine');
  });

  it.each([
    ['', true, true],
    ['', false, false],
    ['policy: { protected: false }', false, true],
  ])('with %j and a pager: %s', (more, hasPager, ok) => {
    expect(found(more, hasPager).get('pager')).toMatchObject({ ok });
  });
});
