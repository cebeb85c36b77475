import { z } from 'zod';
import type { Secrets } from '#shared/ports.ts';
import type { Rest } from './rest.ts';

const states = { ENABLED: 'enabled', DISABLED: 'disabled', DESTROYED: 'destroyed' } as const;

const SecretVersion = z.object({
  /** `projects/NUMBER/secrets/S/versions/3`, also when `latest` was asked for. */
  name: z.string().regex(/\/versions\/\d+$/),
  state: z.enum(['ENABLED', 'DISABLED', 'DESTROYED']),
});

/** Looks at secrets' versions; there is no call here that could read a value. */
export function createSecrets(options: { endpoint: string; rest: Rest }): Secrets {
  return {
    async version(project, secret, version) {
      const path = ['projects', project, 'secrets', secret, 'versions', version]
        .map(encodeURIComponent)
        .join('/');
      const found = await options.rest.find(SecretVersion, { url: `${options.endpoint}/v1/${path}` });
      return found && { state: states[found.state], number: found.name.replace(/^.*\//, '') };
    },
  };
}
