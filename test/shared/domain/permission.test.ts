import { describe, expect, it } from 'vitest';
import { isProtected, mayDo, type Action, type Via } from '#shared/domain/permission.ts';
import { Policy } from '#shared/domain/service/policy.ts';

const ana = { id: 'ana@example.com', slackUser: 'U0ANA', groups: ['S0DEPLOYERS'] };
const zoe = { id: 'slack:U0ZOE', slackUser: 'U0ZOE' };
const actions: Action[] = ['deploy', 'rollback', 'cancel', 'lock', 'quarantine'];
const at = (policy: object, environment = 'staging') => ({
  service: 'hello',
  environment,
  policy: Policy.parse(policy),
});

describe('who may do what', () => {
  interface Row {
    policy: object;
    environment?: string;
    person?: typeof ana | typeof zoe;
    api: boolean;
    slack: boolean;
  }
  const open = { api: true, slack: true };
  const closed = { api: false, slack: false };
  it.each<Row>([
    { policy: {}, ...open },
    { policy: {}, environment: 'production', api: true, slack: false },
    { policy: { protected: false }, environment: 'production', ...open },
    { policy: { protected: true }, api: true, slack: false },
    { policy: { allow: { deploy: ['ANA@example.com'] } }, environment: 'production', ...open },
    { policy: { allow: { deploy: ['U0ANA'] } }, environment: 'production', ...open },
    { policy: { allow: { deploy: ['S0DEPLOYERS'] } }, environment: 'production', ...open },
    { policy: { allow: { deploy: ['bob@example.com', 'S0OTHERS', 'U0BOB'] } }, ...closed },
    { policy: { allow: { deploy: ['S0DEPLOYERS'] } }, person: zoe, ...closed },
    { policy: { allow: { deploy: ['U0ZOE'] } }, person: zoe, ...open },
  ])('$policy in $environment: $api through the API, $slack from Slack, for every action', (row) => {
    for (const via of ['api', 'slack'] as Via[])
      for (const action of actions)
        expect(mayDo(action, at(row.policy, row.environment), row.person ?? ana, via).allowed).toBe(row[via]);
  });

  it.each(actions.slice(1))(
    '%s has a list of its own, which alone counts when it names somebody',
    (action) => {
      const named = at({ allow: { deploy: ['bob@example.com'], [action]: ['ana@example.com'] } });
      expect(mayDo(action, named, ana, 'api').allowed).toBe(true);
      expect(mayDo('deploy', named, ana, 'api').allowed).toBe(false);
      const others = at({ allow: { deploy: ['ana@example.com'], [action]: ['bob@example.com'] } });
      expect(mayDo(action, others, ana, 'api')).toEqual({
        allowed: false,
        reason: expect.stringMatching(
          /^ana@example.com may not .* hello staging: allowed are bob@example.com$/,
        ) as string,
      });
    },
  );

  it('is said where nobody is named', () => {
    expect(mayDo('cancel', at({}, 'production'), ana, 'slack')).toEqual({
      allowed: false,
      reason: expect.stringContaining('it is protected, and policy.allow.cancel names nobody') as string,
    });
  });
});

describe('an environment', () => {
  it.each([
    ['production', undefined, true],
    ['prod-eu', undefined, true],
    ['staging', undefined, false],
    ['preprod', undefined, false],
    ['staging', true, true],
    ['production', false, false],
  ])('%s with protected: %s is protected: %s', (environment, protect, expected) => {
    expect(isProtected({ environment, policy: { protected: protect } })).toBe(expected);
  });
});
