import { describe, expect, test } from 'vitest';
import type { ChatCommand } from '#shared/chatops/command.ts';
import { environmentNamed, withKnownNames } from '#shared/chatops/names.ts';

const services = new Map([
  ['hello', ['staging', 'production']],
  ['checkout', ['dev', 'prod']],
]);
const deploy = (service: string, environment: string): ChatCommand => ({
  verb: 'deploy',
  service,
  environment,
  ref: 'v1',
});

describe('an environment is found', () => {
  test.each([
    ['production', ['staging', 'production'], 'production'],
    ['prod', ['staging', 'production'], 'production'],
    ['production', ['prod'], 'prod'],
    ['stg', ['staging'], 'staging'],
    ['development', ['dev'], 'dev'],
    // Both exist: what was typed counts.
    ['prod', ['production', 'prod'], 'prod'],
    ['qa', ['staging'], undefined],
    ['stagin', ['staging'], undefined],
  ])('%s among %j', (word, environments, found) => {
    expect(environmentNamed(word, environments)).toBe(found);
  });
});

describe('a command with names', () => {
  test.each([
    [deploy('hello', 'prod'), deploy('hello', 'production')],
    [deploy('checkout', 'production'), deploy('checkout', 'prod')],
    [{ verb: 'status' }, { verb: 'status' }],
    [
      { verb: 'status', service: 'hello' },
      { verb: 'status', service: 'hello' },
    ],
    [{ verb: 'doctor' }, { verb: 'doctor' }],
  ] as [ChatCommand, ChatCommand][])('%j that exist gets them as they are called', (command, known) => {
    expect(withKnownNames(command, services)).toEqual(known);
  });

  test.each([
    [deploy('helo', 'prod'), 'deploy hello production v1'],
    [deploy('hello', 'stagin'), 'deploy hello staging v1'],
    [deploy('Hello-', 'staging'), 'deploy hello staging v1'],
    [deploy('chekout', 'prd'), 'deploy checkout prod v1'],
    [deploy('hello', 'qa'), undefined],
    [deploy('xyzzy', 'staging'), undefined],
    [deploy('__proto__', 'staging'), undefined],
  ])('%j of which one does not exist is answered with the nearest that does: %s', (command, didYouMean) => {
    const answer = withKnownNames(command, services) as { problem: string; didYouMean?: string };
    expect(answer.problem).toMatch(/There is no service|has no environment/);
    expect(answer.problem).toMatch(/hello, checkout|staging, production|dev, prod/);
    expect(answer.didYouMean).toBe(didYouMean);
  });

  test('hears at most twenty names', () => {
    const many = new Map(Array.from({ length: 25 }, (_, index) => [`service-${index}`, []]));
    expect(withKnownNames(deploy('hello', 'staging'), many)).toMatchObject({
      problem: expect.stringMatching(/service-19, and 5 more\.$/),
    });
  });
});
