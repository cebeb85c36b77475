import { expect, it } from 'vitest';
import { openTestStack } from '#test/support/stack.ts';

it('a stack stopped in the middle of a deployment gives it an outcome after the next start, and keeps everything', async () => {
  const test = await openTestStack();
  try {
    await test.serviceFile();
    const first = await test.deployment(await test.pushHello({ version: '1' }, 'v1'));
    const digest = await test.pushHello({ version: '2' }, 'v2');
    await test.deployment(digest, ({ trafficMoved }) => trafficMoved);
    await test.restart({ reconcileEveryMs: 1000 });
    const done = await test.deployment(digest);
    expect(done.result).toMatchObject({
      outcome: 'rolled-back',
      serving: [{ revision: `hello-${first.id}`, percent: 100 }],
    });
    expect(done.mode).toBe('recover');
    const answer = (await (await fetch(first.serviceUrl!)).json()) as { version: string };
    expect(answer.version).toBe('1');
    const again = await test.deployment(await test.pushHello({ version: '3' }, 'v3'));
    expect(again.result?.outcome).toBe('live');
  } finally {
    await test.close();
  }
});
