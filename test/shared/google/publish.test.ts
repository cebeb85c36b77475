import { expect, it } from 'vitest';
import { createPublish } from '#shared/google/publish.ts';
import { createRest } from '#shared/google/rest.ts';
import { fixedTokens, openServer } from './cloud.ts';

it('a message whose sender has given up is not sent, also when only its token was late', async () => {
  const server = await openServer(() => ({ status: 200, body: '{"messageIds":["1"]}' }));
  let giveToken = (): void => undefined;
  const late = new Promise<void>((resolve) => (giveToken = resolve));
  const tokens = {
    ...fixedTokens,
    access: async () => {
      await late;
      return fixedTokens.access();
    },
  };
  const publish = createPublish({
    endpoint: server.origin,
    project: 'slipway-local',
    rest: createRest({ tokens }),
  });
  const giving = new AbortController();
  const given = publish('chat-commands', { n: 1 }, giving.signal);
  giving.abort();
  giveToken();
  await expect(given).rejects.toMatchObject({ name: 'Fault' });
  expect(server.requests).toEqual([]);
  await publish('chat-commands', { n: 2 }, new AbortController().signal);
  expect(server.requests).toHaveLength(1);
});
