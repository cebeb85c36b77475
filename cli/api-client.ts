import { z } from 'zod';
import type { Change } from '#shared/domain/change.ts';
import type { OverrideWish } from '#shared/domain/deployment.ts';
import { Report } from '#shared/report/document.ts';
import { PreflightView } from './preflight-answers.ts';
import { DeploymentView, RefusalView, RequestView } from './answers.ts';
import { createCall } from './call.ts';
import {
  ApprovalView,
  AuditView,
  DriftView,
  FindingView,
  LockView,
  QuarantineView,
  RollbackView,
} from './policy-answers.ts';

/** What the `api` function can be asked (`functions/triggers/api.ts`, `policy-api.ts`). */
export interface ApiClient {
  /** Repeating it with the same `requestId` is the same request. @returns the id to ask `requests` with */
  deploy(body: DeployBody): Promise<string>;
  /** What became of a request; empty while it is not decided. */
  requests(id: string): Promise<RequestView[]>;
  /** Newest first. `where`: `service`, `environment`, `status`, `request.digest`. */
  deployments(where?: Record<string, string>, limit?: number): Promise<DeploymentView[]>;
  deployment(id: string): Promise<DeploymentView>;
  report(id: string): Promise<Report>;
  /** @returns the deployment as it was told: finished only if it was still waiting */
  cancel(id: string, reason: string): Promise<DeploymentView>;
  /** @param fence the deployment's, as it was seen. @returns the deployment, which a new execution undoes */
  takeOver(id: string, reason: string, fence: number | undefined): Promise<DeploymentView>;
  /** Returns when Cloud Run shows the traffic as it was before. @throws Unconfirmed when that was not seen in time */
  rollBack(order: RollbackBody): Promise<RollbackView>;
  refusals(): Promise<RefusalView[]>;
  drift(): Promise<DriftView[]>;
  /** Of every place that was ever locked; `lock` is there while one holds. */
  locks(): Promise<LockView[]>;
  lock(body: Place & LockBody & { forSeconds?: number }): Promise<LockView>;
  unlock(place: Place, body: LockBody): Promise<LockView>;
  /** Those that wait for somebody's word, or all that ever were. */
  approvals(all: boolean): Promise<ApprovalView[]>;
  approval(id: string): Promise<ApprovalView>;
  /** @returns the approval as it is now, whatever was said before */
  decide(id: string, word: 'approve' | 'reject', reason?: string): Promise<ApprovalView>;
  /** What is held, or all that ever was. */
  quarantine(all: boolean): Promise<QuarantineView[]>;
  releaseQuarantine(id: string, reason: string): Promise<QuarantineView>;
  /** Newest first. */
  audit(service: string | undefined, limit: number): Promise<AuditView[]>;
  slackDoctor(): Promise<FindingView[]>;
  /** What stands between a service file and its deployment, for each of its environments. */
  preflight(file: string): Promise<PreflightView[]>;
}

interface Place {
  service: string;
  environment: string;
}

interface LockBody {
  reason: string;
  steal: boolean;
}

export interface RollbackBody extends Place {
  reason: string;
  to?: string;
  force?: boolean;
}

export interface DeployBody extends Place {
  requestId: string;
  tag?: string;
  digest?: string;
  reason?: string;
  change?: Change;
  override?: OverrideWish;
}

/** The function tries for some 10 s after Cloud Run took the write, and ends after 60. */
const rollbackMs = 70_000;
/** Its own limit is 30 s, for each of the environments at once. */
const preflightMs = 60_000;
/** Slack is asked about every channel and person, the chatops function twice. */
const doctorMs = 60_000;

/**
 * @param options.url the function's own address
 * @param options.token an identity token whose audience is that address
 * Every method throws what `Call` throws.
 */
export function createApiClient(options: { url: string; token: () => Promise<string> }): ApiClient {
  const call = createCall(options);
  const path = (...parts: string[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
  return {
    deploy: async (body) =>
      (await call('POST', '/deployments', z.object({ requestId: z.string() }), { body })).requestId,
    requests: async (id) =>
      (await call('GET', path('requests', id), z.object({ requests: z.array(RequestView) }))).requests,
    async deployments(where = {}, limit = 20) {
      const query = new URLSearchParams({ ...where, limit: String(limit) });
      const schema = z.object({ deployments: z.array(DeploymentView) });
      return (await call('GET', `/deployments?${query.toString()}`, schema)).deployments;
    },
    deployment: (id) => call('GET', path('deployments', id), DeploymentView),
    report: (id) => call('GET', path('deployments', id, 'report'), Report),
    cancel: (id, reason) =>
      call('POST', path('deployments', id, 'cancel'), DeploymentView, { body: { reason } }),
    takeOver: (id, reason, fence) =>
      call('POST', path('deployments', id, 'take-over'), DeploymentView, {
        body: fence === undefined ? { reason } : { reason, fence },
      }),
    rollBack: (body) => call('POST', '/rollback', RollbackView, { body, timeoutMs: rollbackMs }),
    refusals: async () =>
      (await call('GET', '/refusals', z.object({ refusals: z.array(RefusalView) }))).refusals,
    drift: async () => (await call('GET', '/drift', z.object({ drift: z.array(DriftView) }))).drift,
    locks: async () => (await call('GET', '/locks', z.object({ locks: z.array(LockView) }))).locks,
    lock: (body) => call('POST', '/locks', LockView, { body }),
    unlock: ({ service, environment }, body) =>
      call('DELETE', path('locks', service, environment), LockView, { body }),
    approvals: async (all) =>
      (await call('GET', `/approvals?all=${all}`, z.object({ approvals: z.array(ApprovalView) }))).approvals,
    approval: (id) => call('GET', path('approvals', id), ApprovalView),
    decide: (id, word, reason) =>
      call('POST', path('approvals', id, word), ApprovalView, {
        body: reason === undefined ? {} : { reason },
      }),
    quarantine: async (all) =>
      (await call('GET', `/quarantine?all=${all}`, z.object({ quarantine: z.array(QuarantineView) })))
        .quarantine,
    releaseQuarantine: (id, reason) =>
      call('POST', path('quarantine', id, 'release'), QuarantineView, { body: { reason } }),
    async audit(service, limit) {
      const query = new URLSearchParams({
        ...(service === undefined ? {} : { service }),
        limit: String(limit),
      });
      return (await call('GET', `/audit?${query.toString()}`, z.object({ audit: z.array(AuditView) }))).audit;
    },
    async preflight(file) {
      const schema = z.object({ environments: z.array(PreflightView) });
      const options = { body: { file }, timeoutMs: preflightMs };
      return (await call('POST', '/preflight', schema, options)).environments;
    },
    async slackDoctor() {
      const schema = z.object({ findings: z.array(FindingView) });
      return (await call('GET', '/doctor/slack', schema, { timeoutMs: doctorMs })).findings;
    },
  };
}
