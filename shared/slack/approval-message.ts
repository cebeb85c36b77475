import { expiryInWords, type Approval, type Word } from '#shared/domain/approval.ts';
import { shortDigest } from '#shared/domain/image.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { howInWords } from '#shared/report/words.ts';
import { actionButton, actions, context, fields, header, section } from './blocks.ts';
import { escapeText } from './escape.ts';
import { fitted } from './fitted.ts';
import { isCallable, mention, mentions, personInWords } from './mention.ts';
import { code, foreign, link, time } from './mrkdwn.ts';

/**
 * Asks people to agree to a deployment, edited as they answer, here or elsewhere; when it is decided the decision stands
 * where the buttons were.
 * @param first true for the posting, which calls those who may approve; edits name them only
 * @param live the release it would take the place of, while it is asked for
 */
export function approvalMessage(
  approval: Approval,
  { first, live }: { first: boolean; live?: { tag?: string; digest: string } | undefined },
): SlackMessage {
  const { status, request, approvals, required, image, configHash } = approval;
  const subject = subjectOf(approval);
  const headline = `${titles[status]}: ${subject}`;
  const asks = `${personInWords(approval.requestedBy)} asks to deploy ${foreign(subject, 200)} (${howInWords(request.source)}).`;
  const { reason, change, override } = request;
  const title = change && `${change.id}: ${change.title}`;
  const open = status === 'open';
  const who = first && open ? whoMay(approval, mention) : whoMay(approval, named);
  const decision = decisionLine(approval);
  const expires = `Expires ${time(approval.expiresAt)}: nothing is deployed then.`;
  return fitted({
    text: open
      ? `${foreign(headline, 200)}. ${asks} ${progressOf(approval)} ${who} may approve until ${time(approval.expiresAt)}.`
      : `${foreign(headline, 200)}. ${decision}`,
    blocks: [
      header(escapeText(headline)),
      ...section(
        `${asks}${override?.freeze === undefined ? '' : ` A freeze is to be set aside: ${foreign(override.freeze)}`}`,
      ),
      ...fields({
        Image: `${foreign(image)}${request.tag === undefined ? '' : `, tag ${code(request.tag)}`}`,
        Digest: request.digest === undefined ? undefined : code(shortDigest(request.digest)),
        'Live now': open && live ? code(live.tag ?? shortDigest(live.digest)) : undefined,
        Change: title === undefined ? undefined : change?.url ? link(change.url, title) : foreign(title),
        Reason: reason === undefined ? undefined : foreign(reason),
        Configuration: code(configHash.slice(0, 12)),
        Approvals: `${approvals.length} of ${required}`,
      }),
      ...(approvals.length > 0 && open
        ? section(...approvals.map((word) => `Approved by ${wordInWords(word)}`))
        : []),
      ...(open ? actions(...buttonsFor(approval)) : section(decision)),
      context(...(open ? [expires, `${who} may approve, but not who asks.`] : []), code(approval.id)),
    ],
  });
}

/** A new message for those who may approve, when half of the time has passed: an edit calls nobody. */
export function reminderMessage(approval: Approval): SlackMessage {
  const called = mentions(approval.from.filter(isCallable));
  const text = `${called === '' ? '' : `${called} `}${foreign(subjectOf(approval), 200)} still waits for approval: ${progressOf(approval)} It expires ${time(approval.expiresAt)}.`;
  return fitted({ text, blocks: section(text) });
}

const titles: Record<Approval['status'], string> = {
  open: 'Approval needed',
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Not approved in time',
};

function subjectOf({ service, environment, request }: Approval): string {
  const label = request.tag ?? (request.digest && shortDigest(request.digest));
  return `${service} ${label === undefined ? '' : `${label} `}to ${environment}`;
}

const progressOf = ({ approvals, required }: Approval): string =>
  `${approvals.length} of ${required} ${required === 1 ? 'approval' : 'approvals'}.`;

const whoMay = ({ from }: Approval, name: (id: string) => string): string => from.map(name).join(', ');

/** Without calling: Slack shows no name of a group that it does not call. */
const named = (id: string): string => (isCallable(id) ? code(id) : foreign(id));

function wordInWords({ by, at, reason }: Word): string {
  return `${personInWords(by)}, ${time(at)}${reason === undefined ? '' : `: ${foreign(reason)}`}`;
}

function decisionLine(approval: Approval): string {
  const { status, approvals, rejection, outcome, deploymentId } = approval;
  const followed =
    deploymentId === undefined
      ? outcome === undefined
        ? ''
        : ` What became of it: ${foreign(outcome, 500)}`
      : ` Deployment ${code(deploymentId)}.`;
  switch (status) {
    case 'approved':
      return `Approved by ${approvals.map(wordInWords).join('; ')}.${followed}`;
    case 'rejected':
      return `Rejected by ${rejection ? wordInWords(rejection) : 'somebody'}. Nothing is deployed.`;
    case 'expired':
      return `Nothing is deployed: ${foreign(expiryInWords(approval))}.`;
    case 'open':
      return progressOf(approval);
  }
}

function buttonsFor({ id, service, environment, request }: Approval) {
  const what = `${foreign(service, 34)} to ${foreign(environment, 60)}`;
  const digest = request.digest === undefined ? '' : `, image ${code(shortDigest(request.digest))}`;
  return [
    actionButton(
      'Approve Deploy',
      { action: 'approve', approvalId: id },
      {
        style: 'primary',
        confirm: { title: 'Approve this deployment?', text: `${what}${digest}.`, yes: 'Approve Deploy' },
      },
    ),
    actionButton(
      'Reject',
      { action: 'reject', approvalId: id },
      {
        confirm: {
          title: 'Reject this deployment?',
          text: `${what}${digest}: it is not deployed then.`,
          yes: 'Reject',
        },
      },
    ),
  ];
}
