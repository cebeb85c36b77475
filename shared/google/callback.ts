import type { Callback } from '#shared/ports/platform.ts';
import type { Rest } from './rest.ts';

/** Posts replies to an execution's callback endpoint. Whoever calls it has checked the address: the token goes there. */
export function createCallback(options: { rest: Rest; timeoutSeconds?: number }): Callback {
  return {
    async post(url, body) {
      const { status } = await options.rest.send({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        timeoutSeconds: options.timeoutSeconds ?? 10,
      });
      return status;
    },
  };
}
