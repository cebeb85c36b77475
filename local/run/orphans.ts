import { readFileSync } from 'node:fs';
import type { Collection, Store } from '#local/store.ts';

/**
 * The second net under `guard.mjs`, for a revision too busy to see its pipe close: every process is recorded, and one of
 * an earlier run that is still there is killed at the next start, if it is provably ours: same process id and same start
 * time. That needs /proc; elsewhere nothing is recorded and nothing killed.
 */
export interface ProcessRecords {
  add(pid: number): void;
  remove(pid: number): void;
}

interface ProcessRecord {
  pid: number;
  startedAt: string;
}

/** Kills what an earlier run left behind, then keeps the records of this one. */
export function recordProcesses(store: Store): ProcessRecords {
  const records: Collection<ProcessRecord> = store.collection('run-processes');
  for (const { pid, startedAt } of records.list()) {
    if (startTime(pid) === startedAt) kill(pid);
    records.delete(String(pid));
  }
  return {
    add(pid) {
      const startedAt = startTime(pid);
      if (startedAt !== undefined) records.put(String(pid), { pid, startedAt });
    },
    remove: (pid) => records.delete(String(pid)),
  };
}

/** The boot, and clock ticks since it (proc(5), field 22); undefined when there is no such process or no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, so count after it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : `${boot}/${ticks}`;
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It may end by itself between the look and the kill.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
