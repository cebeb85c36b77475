import { z } from 'zod';
import type { ServiceUsage } from '#shared/ports/look-ups.ts';
import type { Rest } from './rest.ts';

const Services = z.object({
  services: z
    .array(
      z.object({
        /** `projects/NUMBER/services/run.googleapis.com` */
        name: z.string(),
        parent: z.string().regex(/^projects\/\d+$/),
        state: z.enum(['STATE_UNSPECIFIED', 'ENABLED', 'DISABLED']),
      }),
    )
    .min(1),
});

/** One call for up to 30 APIs: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet */
export function createServiceUsage(options: { endpoint: string; rest: Rest }): ServiceUsage {
  return {
    async enabled(project, apis) {
      const names = apis.map((api) => `names=${encodeURIComponent(`projects/${project}/services/${api}`)}`);
      const url = `${options.endpoint}/v1/projects/${encodeURIComponent(project)}/services:batchGet?${names.join('&')}`;
      const { services } = await options.rest.json(Services, { url });
      return {
        on: services
          .filter(({ state }) => state === 'ENABLED')
          .map(({ name }) => name.split('/').at(-1) ?? name),
        projectNumber: services[0]?.parent.replace('projects/', '') ?? '',
      };
    },
  };
}
