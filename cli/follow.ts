import type { Clock } from '#shared/clock.ts';
import type { DeploymentView } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import { Unreachable } from './exit.ts';
import { changedLines, progressLines } from './progress.ts';
import type { Terminal } from './terminal.ts';

const everyMs = 250;
/** How long Slipway may be silent before we give up: a function may just be starting again. */
const patienceMs = 15_000;

/**
 * Shows a deployment until it is finished: in place on a live terminal, else line by line.
 * @throws the signal's reason when it aborts: the deployment goes on
 */
export async function follow(options: {
  api: Pick<ApiClient, 'deployment'>;
  id: string;
  terminal: Terminal;
  clock: Clock;
  signal: AbortSignal;
}): Promise<DeploymentView> {
  const { api, id, terminal, clock, signal } = options;
  const look = patiently(clock, () => api.deployment(id));
  let shown: DeploymentView | undefined;
  for (let frame = 0; ; frame += 1) {
    signal.throwIfAborted();
    const deployment = (await look()) ?? shown;
    if (deployment) show(shown, deployment, frame);
    if (deployment?.status === 'finished') return deployment;
    shown = deployment;
    await clock.sleep(everyMs, signal);
  }

  function show(before: DeploymentView | undefined, after: DeploymentView, frame: number): void {
    const { paint, width } = terminal;
    if (terminal.isLive) terminal.draw(progressLines(after, clock.now(), { paint, width, frame }));
    else for (const line of changedLines(before, after, clock.now())) terminal.print(line);
  }
}

/** The same look, which finds nothing while Slipway is silent. @throws what it throws, once that has lasted too long */
export function patiently<T>(clock: Clock, look: () => Promise<T>): () => Promise<T | undefined> {
  let answeredAt = clock.now();
  return async () => {
    const now = clock.now();
    try {
      const found = await look();
      answeredAt = now;
      return found;
    } catch (error) {
      if (!(error instanceof Unreachable) || now - answeredAt > patienceMs) throw error;
      return undefined;
    }
  };
}

/** What to say when somebody stops watching. */
export const goesOn = (id: string): string =>
  `The deployment goes on. Watch it: slipway watch ${id} · stop it: slipway cancel ${id} REASON`;
