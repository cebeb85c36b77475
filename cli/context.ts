import { systemClock, type Clock } from '#shared/clock.ts';
import type { ApiClient } from './api-client.ts';
import { connect } from './connect.ts';
import { listenForInterrupts, type Interrupt } from './interrupt.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** What a command may touch. */
export interface Context {
  terminal: Terminal;
  clock: Clock;
  env: Record<string, string | undefined>;
  stdin: NodeJS.Process['stdin'];
  /** Slipway, local or on Google Cloud. @throws CommandError that says how to reach it */
  api(stateDirectory: string): Promise<ApiClient>;
  /** From the first call on, Ctrl-C and SIGTERM are the command's to handle. */
  interrupt(): Interrupt;
}

export function createContext(host: NodeJS.Process): Context {
  const { env, stdin, stdout, stderr } = host;
  let interrupt: Interrupt | undefined;
  return {
    terminal: createTerminal({ stdout, stderr }, env),
    clock: systemClock,
    env,
    stdin,
    api: (stateDirectory) => connect({ env, stateDirectory }),
    interrupt: () => (interrupt ??= listenForInterrupts(host)),
  };
}
