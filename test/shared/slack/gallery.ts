import type { Approval } from '#shared/domain/approval.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { reportPage } from '#shared/report/links.ts';
import { alarmMessage } from '#shared/slack/alarm-message.ts';
import { approvalMessage, reminderMessage } from '#shared/slack/approval-message.ts';
import { callFor } from '#shared/slack/broadcast.ts';
import { rootMessage } from '#shared/slack/root-message.ts';
import { threadMessages } from '#shared/slack/thread-messages.ts';
import {
  at,
  checkOf,
  configOf,
  deploymentOf,
  evidenceOf,
  start,
  stepOf,
  waitingOf,
} from '#test/support/deployment.ts';
import { withForeign } from '#test/support/hostile.ts';
import { finishedAs, withheld } from '#test/support/outcomes.ts';

export const now = start + 12_000;
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** Who may be called: the service file's, and who asked. */
export const slack = {
  owners: ['S0OWNERS'],
  onCall: ['S0ONCALL', 'U0ONCALL'],
  runbook: 'https://example.com/runbook?service=hello&env=staging',
};
export const callable = ['U0ANA', 'S0OWNERS', 'S0ONCALL', 'U0ONCALL'];

/** In a channel of people, where something is configured of all that can be. */
export const withPeople = (
  deployment: Deployment,
  config: { environment?: string; slack?: unknown; traffic?: unknown } = {},
): Deployment => ({
  ...deployment,
  environment: config.environment ?? deployment.environment,
  request: { ...deployment.request, source: 'slack', slackUser: 'U0ANA' },
  config: configOf({ slack, traffic: { steps: [25, 100] }, ...config }),
});
export const inProduction = (deployment: Deployment): Deployment =>
  withPeople(deployment, { environment: 'production' });

const attempt = (index: number, ok = true) => ({
  at: new Date(start + 12_000 + index * 1000).toISOString(),
  ok,
  seen: ok ? '200' : '503',
  durationMs: 20 + ((index * 7) % 30) + (ok ? 0 : 400),
});
export const probed = (count: number, bad = 0) =>
  checkOf({
    id: 'healthy',
    title: 'Candidate is healthy',
    suite: 'Health',
    step: 'health-probe',
    evidence: evidenceOf({
      observed: `200 ×${count}`,
      attempts: Array.from({ length: count }, (_, index) => attempt(index, index < count - bad)),
    }),
  });

/** Foreign text in every place that others fill, those of a Slack conversation too. */
export const hostile = (deployment: Deployment, text: () => string): Deployment => ({
  ...withForeign(deployment, text),
  approvedBy: [text(), text()],
  overrides: [{ rule: 'freeze', what: text(), by: text(), reason: text(), at: at(1) }],
  acknowledged: { by: text(), at: at(60) },
  ...(deployment.takenBack && { takenBack: { ...deployment.takenBack, by: text(), reason: text() } }),
  ...(deployment.signal && { signal: { ...deployment.signal, by: text(), reason: text() } }),
});

const three = { traffic: { steps: [5, 25, 100] } };
const { failure } = finishedAs('failed');
const byFault = finishedAs('failed', {
  failure: {
    ...failure!,
    ending: 'fault',
    step: 'push',
    code: 'unavailable',
    message: 'the registry gave no answer',
  },
  checks: [checkOf()],
  steps: [
    stepOf('preflight', 1),
    stepOf('push', 2, { status: 'failed', attempt: 6, summary: 'the registry gave no answer' }),
  ],
});
const acknowledged = { by: 'ana@example.com', slackUser: 'U0ANA', at: at(60) };

const takenBack = {
  by: 'lee@example.com',
  reason: 'checkout is broken',
  at: at(90),
  to: 'hello-d1f3k0000aaa',
};

/** A deployment in every state that has a message of its own look. */
export const states: Record<string, Deployment> = {
  waiting: withPeople(waitingOf()),
  starting: withPeople(waitingOf({ status: 'starting' })),
  running: withPeople(deploymentOf({ checks: [...deploymentOf().checks, probed(9)] }), three),
  'running under traffic': withPeople(
    deploymentOf({
      trafficMoved: true,
      steps: [
        ...deploymentOf().steps,
        stepOf('shift-traffic', 6, { phase: 'traffic-5' }),
        stepOf('health-probe', 7, { phase: 'traffic-5', status: 'pending', summary: '200 ×5', attempt: 2 }),
      ],
    }),
    three,
  ),
  'being cancelled': withPeople(
    deploymentOf({ signal: { kind: 'cancel', by: 'slack:U0ANA', reason: 'wrong tag', at: at(10) } }),
  ),
  live: withPeople(finishedAs('live', { approvedBy: ['lee@example.com', 'kim@example.com'] })),
  'live and taken back': withPeople(finishedAs('live', { takenBack })),
  'live with recommendations': withPeople(finishedAs('live-with-recommendations')),
  failed: withPeople(finishedAs('failed', { checks: [...finishedAs('failed').checks, probed(30, 2)] })),
  'failed by a fault': withPeople(byFault),
  'rolled back': inProduction(finishedAs('rolled-back')),
  'not rolled back': inProduction(finishedAs('rollback-failed')),
  'not rolled back, somebody is on it': inProduction(finishedAs('rollback-failed', { acknowledged })),
  'not rolled back on purpose': inProduction(withheld()),
  refused: withPeople(finishedAs('refused')),
  superseded: withPeople(finishedAs('superseded')),
  cancelled: withPeople(finishedAs('cancelled')),
};

export const approvalOf = (overrides: Partial<Approval> = {}): Approval => ({
  id: 'a1f3k7q2x9ab',
  service: 'hello',
  environment: 'production',
  image: 'us-central1-docker.pkg.dev/slipway-local/apps/hello',
  request: {
    ...waitingOf().request,
    digest,
    change: { id: '#1278', title: 'database timeout 30 s', url: 'https://example.com/1278', claims: [] },
  },
  configHash: 'c'.repeat(64),
  timeoutSeconds: 1800,
  settled: false,
  status: 'open',
  requestedBy: 'ana@example.com',
  required: 2,
  from: ['S0ONCALL', 'kim@example.com'],
  expiresAt: at(1800),
  approvals: [],
  ...overrides,
});
const kim = { by: 'kim@example.com', at: at(60) };
const lee = { by: 'slack:U0LEE', slackUser: 'U0LEE', groups: ['S0ONCALL'], at: at(90) };

export const approvals: Record<string, Approval> = {
  open: approvalOf(),
  'half approved': approvalOf({ approvals: [kim] }),
  approved: approvalOf({
    status: 'approved',
    approvals: [kim, lee],
    settled: true,
    deploymentId: 'd1f3k7q2x9ab',
  }),
  'approved and refused': approvalOf({
    status: 'approved',
    approvals: [kim, lee],
    settled: true,
    outcome: 'refused: frozen by release freeze',
  }),
  rejected: approvalOf({ status: 'rejected', rejection: { ...kim, reason: 'not on a Friday' } }),
  expired: approvalOf({ status: 'expired', approvals: [kim] }),
};

/** Everything that is ever said about a deployment, by a name for it. */
export function messagesOf(deployment: Deployment): Record<string, SlackMessage> {
  const page = reportPage(deployment, { bucket: 'slipway', storage: 'https://storage.googleapis.com' });
  const call = callFor(deployment, { previousOutcome: 'failed', sameFailureWithin30min: 0, nowMs: now });
  return {
    root: rootMessage(deployment, now, { page }),
    ...Object.fromEntries(
      threadMessages(deployment, page).map((message, index) => [`thread ${index}`, message]),
    ),
    ...(deployment.result?.outcome === 'rollback-failed' ? { alarm: alarmMessage(deployment) } : {}),
    ...(call.kind === 'none' ? {} : { [call.kind]: call.message }),
  };
}

export const messagesOfApproval = (approval: Approval): Record<string, SlackMessage> => ({
  posting: approvalMessage(approval, { first: true, live: { tag: '1.0.0', digest } }),
  edit: approvalMessage(approval, { first: false }),
  ...(approval.status === 'open' ? { reminder: reminderMessage(approval) } : {}),
});
