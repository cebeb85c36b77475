import { describe, expect, it } from 'vitest';
import { createCallback } from '#shared/google/callback.ts';
import { createRest } from '#shared/google/rest.ts';
import { closedOrigin, fixedTokens, openServer, token } from './cloud.ts';

const rest = createRest({ tokens: fixedTokens });

describe('a reply', () => {
  it.each([200, 302, 404, 429, 503])(
    'is posted with the access token, and %i is what it says',
    async (status) => {
      const server = await openServer(() => ({ status, headers: { location: '/elsewhere' } }));
      const path = '/v1/projects/1/locations/l/workflows/w/executions/e/callbacks/c';
      expect(await createCallback({ rest }).post(`${server.origin}${path}`, { seq: 3 })).toBe(status);
      expect(server.requests).toHaveLength(1);
      expect(server.requests[0]).toMatchObject({
        method: 'POST',
        url: path,
        body: '{"seq":3}',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
    },
  );

  it('that nobody takes is a fault', async () => {
    const silent = await openServer(() => undefined);
    const callback = createCallback({ rest, timeoutSeconds: 0.05 });
    await expect(callback.post(silent.origin, {})).rejects.toMatchObject({ name: 'Fault', code: 'timeout' });
    await expect(callback.post(await closedOrigin(), {})).rejects.toMatchObject({ code: 'unavailable' });
  });
});
