import type { Check } from '#shared/domain/check.ts';
import type { Deployment, Failure, Release } from '#shared/domain/deployment.ts';
import type { Outcome } from '#shared/domain/outcome.ts';
import type { StepMessage } from '#shared/domain/protocol.ts';
import { claimDispatch } from '#shared/ledger/claims.ts';
import { finishDeployment } from '#shared/ledger/finish.ts';
import type { Ledger } from '#shared/ledger/ledger.ts';
import { config } from '#test/shared/domain/records.ts';

export const start = Date.UTC(2026, 0, 1);

/** Ends a deployment as the report step does: claims its dispatch, then finishes under that claim. */
export async function endAs(
  ledger: Ledger,
  id: string,
  outcome: Outcome,
  found: { failure?: Failure; checks?: Check[]; nowMs?: number } = {},
) {
  const { nowMs = start, ...rest } = found;
  const deployment = (await ledger.get('deployments', id))!;
  const { digest = `sha256:${'f'.repeat(64)}`, tag } = deployment.request;
  const release: Release = {
    image: config.image,
    digest,
    sizeBytes: 1,
    platforms: ['linux/amd64'],
    ...(tag === undefined ? {} : { tag }),
  };
  const patched: Deployment = { ...deployment, release, completed: rest.failure === undefined, ...rest };
  await ledger.transaction((tx) => tx.put('deployments', id, patched));
  const message: StepMessage = {
    version: 1,
    deploymentId: id,
    executionId: `execution-of-${id}`,
    seq: deployment.newestSeq + 1,
    step: 'report',
    attempt: 1,
    phase: 'after',
    callbackUrl: 'https://example.com/callback',
    deadline: nowMs / 1000 + 180,
  };
  await claimDispatch(ledger, message, 'claim', nowMs);
  const result = {
    outcome,
    verdict: { status: 'pass' as const, explanation: 'all checks passed' },
    explanation: 'all checks passed',
    serving: [],
    finishedAt: new Date(nowMs).toISOString(),
  };
  return (await finishDeployment(ledger, message, 'claim', result, nowMs))!;
}
