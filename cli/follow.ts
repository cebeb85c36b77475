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
  let shown: DeploymentView | undefined;
  let answeredAt = clock.now();
  for (let frame = 0; ; frame += 1) {
    signal.throwIfAborted();
    const now = clock.now();
    let deployment = shown;
    try {
      deployment = await api.deployment(id);
      answeredAt = now;
    } catch (error) {
      if (!(error instanceof Unreachable) || now - answeredAt > patienceMs) throw error;
    }
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

/** What to say when somebody stops watching. */
export const goesOn = (id: string): string =>
  `The deployment goes on. Watch it: slipway watch ${id} · stop it: slipway cancel ${id} REASON`;
