import { describe, expect, it } from 'vitest';
import { approvalSettled } from '#cli/decision.ts';
import { CommandError, Unreachable } from '#cli/exit.ts';
import { ApprovalView } from '#cli/policy-answers.ts';
import { at } from '#test/support/deployment.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const approval: ApprovalView = {
  id: 'a1f3k7q2x9ab',
  service: 'hello',
  environment: 'staging',
  status: 'open',
  request: { tag: 'v1' },
  requestedBy: 'ana@example.com',
  required: 3,
  from: ['bob@example.com'],
  timeoutSeconds: 60,
  // Long ago: the clock of the machine that wrote it may be wrong, or ours.
  expiresAt: at(-86_400),
  approvals: [{ by: 'bob@example.com', at: at(0) }],
  settled: false,
};
const more = ApprovalView.parse({
  ...approval,
  approvals: [...approval.approvals, { by: 'eve\u001B[2J@example.com', at: at(1), reason: 'tested' }],
});

function wait(answer: () => ApprovalView | Error) {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const said: string[] = [];
  const api = {
    async approval() {
      const found = answer();
      if (found instanceof Error) throw found;
      return found;
    },
  };
  const terminal = { print: (text: string) => void said.push(text) };
  const done = approvalSettled({ api, approval, terminal, clock, signal: stop.signal });
  // Awaited later; a rejection until then is not unhandled.
  done.catch(() => undefined);
  return { clock, stop, done, said };
}

describe('waiting for an approval', () => {
  it('says every new yes once, bears a short silence, and ends when it is settled', async () => {
    let answer: ApprovalView | Error = approval;
    const { clock, done, said } = wait(() => answer);
    await clock.advance(3000);
    answer = more;
    await clock.advance(3000);
    answer = new Unreachable('starting again');
    await clock.advance(5000);
    answer = { ...more, settled: true };
    await clock.advance(2000);
    await done;
    expect(said).toEqual(['eve[2J@example.com says yes (tested): 2 of 3']);
  });

  it('gives up when its time is long over and nothing follows', async () => {
    const { clock, done } = wait(() => approval);
    await clock.advance(659_000);
    const early = await Promise.race([done.then(() => 'over'), Promise.resolve('waits')]);
    expect(early).toBe('waits');
    await clock.advance(3000);
    await expect(done).rejects.toThrow('The time of a1f3k7q2x9ab is over');
  });

  it.each([new CommandError(2, 'there is no such approval'), new CommandError(130, 'Interrupted.')])(
    'ends with %s',
    async (error) => {
      let answer: ApprovalView | Error = approval;
      const { clock, stop, done } = wait(() => answer);
      await clock.advance(2000);
      if (error.exitCode === 130) stop.abort(error);
      else answer = error;
      await clock.advance(2000);
      await expect(done).rejects.toBe(error);
    },
  );
});
