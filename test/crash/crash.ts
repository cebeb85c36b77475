import type { Deps } from '#functions/deps.ts';

/** Shared by the processes of one run: the n-th call of all of them is where one dies. */
export interface CrashPoint {
  at: number;
  /** Before the call takes effect, or after it did and before its answer is seen. */
  when: 'before' | 'after';
  calls: number;
  crashed: boolean;
  /** The call it died at: `run.updateService`. */
  name: string;
}

export const crashPoint = (at: number, when: CrashPoint['when']): CrashPoint => ({
  at,
  when,
  calls: 0,
  crashed: false,
  name: '',
});

/** A process died. */
class Crash extends Error {}

const ports = [
  'ledger',
  'run',
  'jobs',
  'registry',
  'build',
  'secrets',
  'prober',
  'workflows',
  'pubsub',
  'callback',
  'objects',
  'slack',
  'pager',
] as const;

/**
 * Runs work as a process that dies at the point: from then on nothing of it happens any more, neither effects nor
 * `catch` blocks, because no call of a dead process ever comes back.
 * @throws Crash when it died
 */
export async function asProcess(
  deps: Deps,
  point: CrashPoint,
  work: (deps: Deps) => Promise<void>,
): Promise<void> {
  let dead = false;
  let die: (reason: Crash) => void = () => undefined;
  const death = new Promise<never>((_resolve, reject) => {
    die = reject;
  });
  death.catch(() => undefined);
  const forever = new Promise<never>(() => undefined);

  function crash(name: string): Promise<never> {
    dead = true;
    point.crashed = true;
    point.name = name;
    die(new Crash(`died ${point.when} ${name}`));
    return forever;
  }
  async function call(name: string, effect: () => Promise<unknown>): Promise<unknown> {
    if (dead) return forever;
    const isLast = !point.crashed && (point.calls += 1) === point.at;
    if (isLast && point.when === 'before') return crash(name);
    const answer = await effect().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    if (dead) return forever;
    if (isLast) return crash(name);
    return answer();
  }
  const wrapped = <T extends object>(port: T, portName: string): T =>
    new Proxy(port, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) =>
          call(`${portName}.${String(key)}`, async () => member.apply(target, args) as unknown);
      },
    });

  const mortal: Deps = {
    ...deps,
    clock: {
      now: () => deps.clock.now(),
      sleep: async (ms, signal) => {
        if (dead) return forever;
        await deps.clock.sleep(ms, signal);
        return dead ? forever : undefined;
      },
    },
    ...Object.fromEntries(ports.map((name) => [name, deps[name] && wrapped(deps[name], name)])),
  };
  await Promise.race([work(mortal), death]);
}
