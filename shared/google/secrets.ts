import { z } from 'zod';
import { Fault } from '#shared/domain/fault.ts';
import type { Secrets } from '#shared/ports/platform.ts';
import { nameOf, type Rest, type RestAnswer } from './rest.ts';

const states = { ENABLED: 'enabled', DISABLED: 'disabled', DESTROYED: 'destroyed' } as const;

const SecretVersion = z.object({
  /** `projects/NUMBER/secrets/S/versions/3`, also when `latest` was asked for. */
  name: z.string().regex(/\/versions\/\d+$/),
  state: z.enum(['ENABLED', 'DISABLED', 'DESTROYED']),
});

const Accessed = z.object({ payload: z.object({ data: z.base64() }) });

/** Secret Manager v1: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions */
export function createSecrets(options: { endpoint: string; rest: Rest }): Secrets {
  const { endpoint, rest } = options;
  const urlOf = (...parts: [project: string, secret: string, version: string]): string => {
    const [project, secret, version] = parts.map(encodeURIComponent);
    return `${endpoint}/v1/projects/${project}/secrets/${secret}/versions/${version}`;
  };
  return {
    async version(...parts) {
      const found = await rest.find(SecretVersion, { url: urlOf(...parts) });
      if (!found) return undefined;
      const [resource = '', number = ''] = found.name.split('/versions/');
      return { state: states[found.state], number, resource };
    },
    async judge(project, secret, version, judge) {
      const request = { url: `${urlOf(project, secret, version)}:access` };
      const answer = await rest.call(request).catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'not-found') return undefined;
        throw error;
      });
      return answer && judge(valueIn(answer, nameOf(request)));
    },
  };
}

/** Without the usual messages about an answer that cannot be read: they quote a part of it. @throws Fault `internal` */
function valueIn({ body }: RestAnswer, what: string): string {
  try {
    const { payload } = Accessed.parse(JSON.parse(body.toString('utf8')));
    return Buffer.from(payload.data, 'base64').toString('utf8');
  } catch {
    // What was wrong with it may quote the value.
    throw new Fault('internal', `${what} answered with something that is no secret's payload`);
  }
}
