import { expect, it } from 'vitest';
import { accounts, place } from '#local/place.ts';
import { runHere } from '#test/cli/run-cli.ts';
import { openTestStack } from '#test/support/stack.ts';
import { until } from '#test/support/until.ts';

it.concurrent.each([
  { step: 'deploy', phase: 'candidate', outcome: 'failed' },
  { step: 'health-probe', phase: 'traffic-50', outcome: 'rolled-back' },
])(
  'a deployment that a person takes over in $step ($phase) is $outcome, and its old execution is over',
  async ({ step, phase, outcome }) => {
    const test = await openTestStack();
    try {
      await test.serviceFile();
      const first = await test.deployment(await test.pushHello({ version: '1' }, 'v1'));
      // Long enough to be met in it.
      await test.serviceFile((text) => text.replace('bake: 1s', 'bake: 60s'));
      const digest = await test.pushHello({ version: '2' }, 'v2');
      const running = await test.deployment(digest, ({ steps }) =>
        steps.some((run) => run.step === step && run.phase === phase),
      );
      const { origin, identity, slack } = test.stack;
      const api = `${origin}/functions/api`;
      const env = {
        SLIPWAY_API_URL: api,
        SLIPWAY_IDENTITY_TOKEN: await identity.idToken(accounts.developer, api),
      };
      const words = ['take-over', running.id, '--reason', 'it hangs', '--yes'];
      expect(await runHere(words, env)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('is taken over'),
      });
      const done = await test.deployment(digest);
      expect(done).toMatchObject({
        mode: 'recover',
        fence: running.fence + 1,
        takeovers: [{ by: accounts.developer, reason: 'it hangs', executionId: running.executionId }],
        result: {
          outcome,
          explanation: `taken over by ${accounts.developer}: it hangs`,
          serving: [{ revision: `hello-${first.id}`, percent: 100 }],
        },
      });
      const answer = (await (await fetch(first.serviceUrl!)).json()) as { version: string };
      expect(answer.version).toBe('1');
      const name = `projects/${place.project}/locations/${place.region}/workflows/${place.workflow}/executions/${running.executionId}`;
      const headers = { authorization: `Bearer ${identity.accessToken(accounts.developer)}` };
      const old = (await (await fetch(`${origin}/v1/${name}`, { headers })).json()) as { state: string };
      expect(old.state).toBe('CANCELLED');
      await until(async () => (await test.ledger.get('notifications', done.id))?.final || undefined);
      const roots = slack
        .messages(place.slackChannel.name)
        .filter(({ threadTs, text }) => threadTs === undefined && text?.includes('Taken over by'));
      expect(roots).toHaveLength(1);
    } finally {
      await test.close();
    }
  },
);
