import { oneLine } from '#shared/report/text.ts';
import { utc } from '#shared/report/words.ts';
import type { ApprovalView } from './policy-answers.ts';
import { imageOf } from './words.ts';

/** How many people have still to say yes. */
export const missingOf = ({ required, approvals }: ApprovalView): number =>
  Math.max(required - approvals.length, 0);

/** `open`, `approved`, `rejected by bob@example.com`, `expired`; and what followed where it is another thing. */
export function approvalState({ status, rejection, deploymentId, settled, outcome }: ApprovalView): string {
  switch (status) {
    case 'rejected':
      return rejection === undefined ? 'rejected' : `rejected by ${oneLine(rejection.by)}`;
    case 'approved':
      if (deploymentId !== undefined) return `approved, ${oneLine(deploymentId)}`;
      return settled && outcome !== undefined ? `approved, then: ${oneLine(outcome)}` : 'approved';
    case 'open':
    case 'expired':
      return status;
  }
}

/** Everything one has to know to say yes or no. */
export function approvalLines(approval: ApprovalView): string[] {
  const { id, service, environment, request, requestedBy, approvals, from, expiresAt } = approval;
  const agreed = approvals.map(({ by, reason }) =>
    reason === undefined ? oneLine(by) : `${oneLine(by)} (${oneLine(reason)})`,
  );
  return [
    `${oneLine(id)}: ${oneLine(service)} → ${oneLine(environment)}, ${approvalState(approval)}`,
    `  release      ${imageOf(request)}`,
    `  digest       ${oneLine(request.digest ?? 'none')}`,
    `  asked for by ${oneLine(requestedBy)}`,
    ...(request.reason === undefined ? [] : [`  reason       ${oneLine(request.reason)}`]),
    ...(request.change === undefined
      ? []
      : [`  change       ${oneLine(`${request.change.id}: ${request.change.title}`)}`]),
    `  agreed       ${agreed.length === 0 ? 'nobody yet' : agreed.join(', ')}`,
    `  missing      ${missingOf(approval)} of ${approval.required}, from ${from.map(oneLine).join(', ')}`,
    `  expires      ${utc(expiresAt)}`,
  ];
}
