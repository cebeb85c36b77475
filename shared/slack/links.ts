import type { Deployment } from '#shared/domain/deployment.ts';

const consoleUrl = 'https://console.cloud.google.com';
/** What a container writes at its end is readable seconds late; that, and a little more. */
const afterwardsMs = 5 * 60_000;

/**
 * The log of the candidate, or of the whole service where there is none, from the start of the deployment to a little
 * after its end. One that still runs has no end: the console then shows the last hour. The form of the address is that of
 * https://pkg.go.dev/github.com/vvakame/gcplogurl. @returns undefined for one that never started: nothing was logged
 */
export function logsUrl({ config, candidate, startedAt, result }: Deployment): string | undefined {
  if (startedAt === undefined) return undefined;
  const query = [
    'resource.type="cloud_run_revision"',
    `resource.labels.service_name="${config.cloudRunService}"`,
    `resource.labels.location="${config.region}"`,
    ...(candidate ? [`resource.labels.revision_name="${candidate.revision}"`] : []),
  ].join('\n');
  const range = result
    ? `;timeRange=${encodeURIComponent(`${iso(startedAt)}/${iso(result.finishedAt, afterwardsMs)}`)}`
    : '';
  return `${consoleUrl}/logs/query;query=${encodeURIComponent(query)}${range}?project=${config.project}`;
}

/** The service's page in the console. The form of the address is unverified. */
export const servicePageUrl = ({
  region,
  cloudRunService,
  project,
}: Pick<Deployment['config'], 'region' | 'cloudRunService' | 'project'>): string =>
  `${consoleUrl}/run/detail/${region}/${cloudRunService}/revisions?project=${project}`;

const iso = (time: string, laterMs = 0): string => new Date(Date.parse(time) + laterMs).toISOString();
