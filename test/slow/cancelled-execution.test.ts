import { describe, expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import { openTestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

/**
 * Somebody cancels the Workflows execution in the console: it runs no `except` block, so `reconcile` has to find the
 * deployment, undo what it did and report it, once.
 */
const moments = [
  { step: 'preflight', phase: 'candidate' },
  { step: 'build', phase: 'candidate' },
  { step: 'push', phase: 'candidate' },
  { step: 'deploy', phase: 'candidate' },
  { step: 'health-probe', phase: 'candidate' },
  { step: 'validate', phase: 'candidate' },
  { step: 'shift-traffic', phase: 'traffic-50' },
  { step: 'health-probe', phase: 'traffic-50' },
  { step: 'validate', phase: 'traffic-100' },
  { step: 'shift-traffic', phase: 'after' },
  { step: 'rollback', phase: 'after' },
  { step: 'report', phase: 'after' },
];

describe('an execution cancelled from outside', () => {
  it.concurrent.each(moments)(
    'at $step ($phase) is settled: one outcome, traffic right',
    async ({ step, phase }) => {
      const test = await openTestStack({ reconcileEveryMs: 1000 });
      try {
        const source = `build:\n  source: gs://${place.bucket}/source.tgz\n\npolicy:`;
        await test.serviceFile((text) => (step === 'build' ? text.replace('policy:', source) : text));
        const first = await test.deployment(await test.pushHello({ version: '1' }, 'v1'));
        const fault = step === 'rollback' ? 'wrong-answer' : 'none';
        const digest =
          step === 'build'
            ? await test.deployFromSource()
            : await test.pushHello({ version: '2', fault }, 'v2');
        const running = await test.deployment(digest, ({ steps }) =>
          steps.some((run) => run.step === step && run.phase === phase),
        );
        const { origin, identity } = test.stack;
        const name = `projects/${place.project}/locations/${place.region}/workflows/${place.workflow}/executions/${running.executionId}`;
        const cancelled = await fetch(`${origin}/v1/${name}:cancel`, {
          method: 'POST',
          headers: { authorization: `Bearer ${identity.accessToken(accounts.developer)}` },
        });
        const done = await test.deployment(digest);
        await until(async () => (await test.ledger.get('notifications', done.id))?.final || undefined);

        const live = done.result?.outcome === 'live';
        // The execution may have been over before the cancellation came: then it was refused and the release is live.
        expect(cancelled.ok || live).toBe(true);
        const serving = live ? `hello-${done.id}` : `hello-${first.id}`;
        expect(['live', 'failed', 'rolled-back']).toContain(done.result?.outcome);
        expect(done.result?.serving).toEqual([{ revision: serving, percent: 100 }]);
        const answer = (await (await fetch(first.serviceUrl!)).json()) as { version: string };
        expect(answer.version).toBe(live ? '2' : '1');
        const lock = await test.ledger.get('locks', 'hello.staging');
        expect(lock?.active).toBeUndefined();
      } finally {
        await test.close();
      }
    },
  );
});
