import type { Clock } from '#shared/clock.ts';
import { oneLine } from '#shared/report/text.ts';
import type { RequestView } from './answers.ts';
import type { ApiClient, DeployBody } from './api-client.ts';
import { Unreachable } from './exit.ts';
import { patiently } from './follow.ts';
import type { ApprovalView } from './policy-answers.ts';
import type { Terminal } from './terminal.ts';

/** `admit` decides within seconds; past this something is wrong. */
const decisionMs = 60_000;
const approvalEveryMs = 1000;
/** `reconcile` ends an approval whose time is over within minutes. */
const settleMs = 600_000;

/** The request's id makes a repeat the same request, so an answer that was lost costs nothing. @returns that id */
export async function askFor(
  { clock, api }: { clock: Clock; api: Pick<ApiClient, 'deploy'> },
  body: DeployBody,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await api.deploy(body);
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt === 3) throw error;
      await clock.sleep(attempt * 500);
    }
  }
}

/** What became of a request. @throws Unreachable when nothing did in time */
export async function decisionOn(
  { clock, api }: { clock: Clock; api: Pick<ApiClient, 'requests'> },
  requestId: string,
): Promise<RequestView> {
  const until = clock.now() + decisionMs;
  while (clock.now() < until) {
    const [record] = await api.requests(requestId);
    if (record) return record;
    await clock.sleep(200);
  }
  throw new Unreachable(
    `Slipway took the request, but did not decide on it within ${decisionMs / 1000} s. Look later: slipway status`,
  );
}

/**
 * Waits until it is known what follows from an approval, and says every yes when it comes. How long is measured here:
 * the clocks of two machines differ.
 * @throws the signal's reason when it aborts: the request goes on
 */
export async function approvalSettled(options: {
  api: Pick<ApiClient, 'approval'>;
  approval: ApprovalView;
  terminal: Pick<Terminal, 'print'>;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const { api, terminal, clock, signal } = options;
  const { id, timeoutSeconds } = options.approval;
  const look = patiently(clock, () => api.approval(id));
  const until = clock.now() + timeoutSeconds * 1000 + settleMs;
  let told = options.approval.approvals.length;
  while (clock.now() < until) {
    signal.throwIfAborted();
    const approval = await look();
    for (const { by, reason } of approval?.approvals.slice(told) ?? []) {
      told += 1;
      const why = reason === undefined ? '' : ` (${oneLine(reason)})`;
      terminal.print(`${oneLine(by)} says yes${why}: ${told} of ${approval?.required}`);
    }
    if (approval?.settled) return;
    await clock.sleep(approvalEveryMs, signal);
  }
  throw new Unreachable(
    `The time of ${id} is over, but nothing follows from it. Look later: slipway approvals --all`,
  );
}
