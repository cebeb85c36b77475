import type { Check, CheckOutcome, Severity } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { configsOf, file } from '#test/shared/config/hello-file.ts';

export const config = configsOf(file())[0]!;
export const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
export const at = '2026-01-01T00:00:00.000Z';

/** A deployment that was just admitted, with overrides. */
export const deploymentWith = (change: Partial<Deployment> = {}): Deployment => ({
  recordVersion: 1,
  id: 'd00000000001',
  revision: 1,
  service: 'hello',
  environment: 'staging',
  request: {
    id: 'request-1',
    source: 'api',
    requestedBy: 'ada@example.com',
    requestedAt: at,
    digest: digest('1'),
  },
  config,
  configHash: 'hash-1',
  configSource: 'services/hello.yaml#1',
  status: 'starting',
  mode: 'deploy',
  fence: 1,
  deadExecutions: [],
  newestSeq: 0,
  trafficMoved: false,
  completed: false,
  steps: [],
  checks: [],
  createdAt: at,
  updatedAt: at,
  ...change,
});

/** A check with that answer; id, suite, step and phase as given or those of a readiness check. */
export function checkWith(
  outcome: CheckOutcome,
  severity: Severity = 'required',
  more: Partial<Pick<Check, 'id' | 'suite' | 'step' | 'phase' | 'title'>> = {},
): Check {
  const base = {
    id: 'ready',
    title: 'Ready',
    suite: 'Cloud Run',
    step: 'deploy',
    phase: 'candidate',
    severity,
    ...more,
  };
  const evidence = { source: 'Cloud Run', asked: 'Ready', observed: outcome, expected: 'pass', at };
  return outcome === 'not-run' ? { ...base, outcome, reason: 'no address' } : { ...base, outcome, evidence };
}
