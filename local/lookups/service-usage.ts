import { GoogleError } from '#local/google-error.ts';
import type { Route } from '#local/http.ts';

/** https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet */
export function serviceUsageRoutes(options: {
  project: string;
  projectNumber: string;
  off: ReadonlySet<string>;
}): Route[] {
  const { project, projectNumber, off } = options;
  const parent = `projects/${projectNumber}`;

  function service(name: string): unknown {
    const [, owner, api = ''] = /^projects\/([^/]+)\/services\/([a-z]+\.googleapis\.com)$/.exec(name) ?? [];
    if (owner !== project && owner !== projectNumber)
      throw new GoogleError('INVALID_ARGUMENT', `"${name}" is not a service of ${parent}.`);
    return {
      name: `${parent}/services/${api}`,
      parent,
      config: { name: api },
      state: off.has(api) ? 'DISABLED' : 'ENABLED',
    };
  }

  return [
    {
      method: 'GET',
      path: '/v1/projects/{project}/services:batchGet',
      handle({ url, params }) {
        if (params['project'] !== project && params['project'] !== projectNumber)
          throw new GoogleError(
            'PERMISSION_DENIED',
            `Project '${params['project']}' not found or permission denied.`,
          );
        const names = url.searchParams.getAll('names');
        if (names.length === 0 || names.length > 30)
          throw new GoogleError('INVALID_ARGUMENT', `${names.length} names: expected 1 to 30.`);
        return { json: { services: names.map(service) } };
      },
    },
  ];
}
