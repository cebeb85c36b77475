import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStack, type TestStack } from '#test/support/stack.ts';

/** A service file that names a place which is not there, on the whole stack: Google's own words reach nobody as they are. */
let test: TestStack;

beforeAll(async () => {
  test = await openTestStack();
});
afterAll(() => test?.close());

it.each([
  [
    'region',
    'us-central1',
    'us-central9',
    'Cloud Run has no location "us-central9" for slipway-local; did you mean us-central1?',
  ],
  [
    'project',
    'slipway-local',
    'my-shop',
    'there is no project "my-shop", or Slipway has no role in it (target_projects in Terraform)',
  ],
])('a wrong %s is one problem, named by its key', async (key, right, wrong, words) => {
  await test.serviceFile((text) => text.replace(new RegExp(`${key}: ${right}`, 'g'), `${key}: ${wrong}`));
  const refused = await test.deployment(await test.pushHello({ version: wrong }, wrong));
  expect(refused.failure?.step).toBe('preflight');
  expect(refused.failure?.message).toContain(`environments.staging.${key}: ${words}`);
  const bad = refused.checks.filter(({ severity, outcome }) => severity === 'required' && outcome !== 'pass');
  expect(bad.map(({ id }) => id)).toEqual(['place']);
  expect(refused.checks.filter(({ outcome }) => outcome === 'inconclusive')).toEqual([]);
  expect(JSON.stringify(refused.checks)).not.toMatch(/(GET|POST) http/);
});
