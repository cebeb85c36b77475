import { describe, expect, it } from 'vitest';
import { DeploymentView } from '#cli/answers.ts';
import { CommandError, Unreachable } from '#cli/exit.ts';
import { follow } from '#cli/follow.ts';
import { createTerminal } from '#cli/terminal.ts';
import { deploymentOf, stepOf } from '#test/support/deployment.ts';
import { createVirtualClock } from '#test/support/virtual-clock.ts';

const running = DeploymentView.parse(deploymentOf({ steps: [stepOf('deploy', 1, { status: 'running' })] }));
const finished = DeploymentView.parse(deploymentOf({ status: 'finished' }));

function watch(answers: () => DeploymentView | Error, isTTY = false) {
  const clock = createVirtualClock();
  const stop = new AbortController();
  let output = '';
  const stdout = { isTTY, columns: 80, rows: 24, write: (text: string) => (output += text) };
  const terminal = createTerminal({ stdout, stderr: stdout }, { NO_COLOR: '1' });
  const api = {
    async deployment() {
      const answer = answers();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const done = follow({ api, id: running.id, terminal, clock, signal: stop.signal });
  // Awaited later; a rejection until then is not unhandled.
  done.catch(() => undefined);
  return { clock, stop, done, output: () => output };
}

describe('follow', () => {
  it('looks until the deployment is finished', async () => {
    let looks = 0;
    const { clock, done } = watch(() => ((looks += 1) < 5 ? running : finished));
    await clock.advance(10_000);
    expect(await done).toBe(finished);
    expect(looks).toBe(5);
  });

  it('bears a short silence, and gives up after a long one', async () => {
    let answer: DeploymentView | Error = running;
    const { clock, done } = watch(() => answer);
    await clock.advance(1000);
    answer = new Unreachable('gone');
    await clock.advance(10_000);
    answer = running;
    await clock.advance(1000);
    answer = new Unreachable('gone for good');
    await clock.advance(14_000);
    await clock.advance(3000);
    await expect(done).rejects.toThrow('gone for good');
  });

  it('does not go on after any other error', async () => {
    const { clock, done } = watch(() => new CommandError(2, 'there is no such deployment'));
    await clock.advance(1);
    await expect(done).rejects.toThrow('no such deployment');
  });

  it('ends with the reason when it is interrupted', async () => {
    const { clock, stop, done } = watch(() => running);
    await clock.advance(1000);
    stop.abort(new CommandError(130, 'Interrupted.'));
    await expect(done).rejects.toThrow('Interrupted.');
  });

  it('writes one line per change into a pipe, and nothing else', async () => {
    let looks = 0;
    const { clock, done, output } = watch(() => ((looks += 1) < 50 ? running : finished));
    await clock.advance(60_000);
    await done;
    expect(output()).not.toContain('\u001B');
    expect(output().match(/… deploy/g)).toHaveLength(1);
  });

  it('replaces what it drew on a terminal, and leaves wrapping on', async () => {
    let looks = 0;
    const { clock, done, output } = watch(() => ((looks += 1) < 3 ? running : finished), true);
    await clock.advance(5000);
    await done;
    const frames = output().split('\u001B[?7l').slice(1);
    expect(frames).toHaveLength(3);
    expect(frames[1]?.startsWith('\u001B[2A\r')).toBe(true);
    for (const frame of frames) expect(frame.endsWith('\u001B[?7h')).toBe(true);
  });
});
