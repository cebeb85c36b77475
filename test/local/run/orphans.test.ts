import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { recordProcesses } from '#local/run/orphans.ts';
import { openStore } from '#local/store.ts';

function sleeper(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test.runIf(existsSync('/proc'))(
  'a recorded process of an earlier run is killed at the next start',
  async () => {
    const store = openStore(':memory:');
    const child = sleeper();
    recordProcesses(store).add(child.pid!);
    recordProcesses(store);
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(store.collection('run-processes').list()).toEqual([]);
  },
);

test('a process that only has the same id is left alone', () => {
  const store = openStore(':memory:');
  const child = sleeper();
  store.collection('run-processes').put(String(child.pid), { pid: child.pid, startedAt: 'another boot/1' });
  recordProcesses(store);
  expect(child.kill(0)).toBe(true);
  expect(store.collection('run-processes').list()).toEqual([]);
});
