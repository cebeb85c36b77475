import { describe, expect, it } from 'vitest';
import { approvals, callable, messagesOf, messagesOfApproval, states } from './gallery.ts';
import { problemsOf } from './problems.ts';
import { readable } from './readable.ts';

const drawn = (messages: ReturnType<typeof messagesOf>): string =>
  Object.entries(messages)
    .map(([name, message]) => `=== ${name} ===\n${readable(message)}`)
    .join('\n');

describe('what is said', () => {
  it.each(Object.entries(states))('of a deployment that is %s', async (name, deployment) => {
    const messages = messagesOf(deployment);
    await expect(drawn(messages)).toMatchFileSnapshot(`snapshots/${name.replace(/\W+/g, '-')}.txt`);
    for (const message of Object.values(messages)) expect(problemsOf(message, callable)).toEqual([]);
  });

  it.each(Object.entries(approvals))('of an approval that is %s', async (name, approval) => {
    const messages = messagesOfApproval(approval);
    await expect(drawn(messages)).toMatchFileSnapshot(`snapshots/approval-${name.replace(/\W+/g, '-')}.txt`);
    for (const message of Object.values(messages)) expect(problemsOf(message, callable)).toEqual([]);
  });
});
