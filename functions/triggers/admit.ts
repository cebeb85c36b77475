import { configHash } from '#shared/config/config-hash.ts';
import { formatProblems } from '#shared/config/problems.ts';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { newDeploymentId } from '#shared/domain/ids.ts';
import { AdmitMessage } from '#shared/domain/requests.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { matchesTag } from '#shared/domain/tags.ts';
import { admitRequest, recordRequest, type Wanted } from '#shared/ledger/admission.ts';
import { requestKey, type RequestRecord } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import { announce } from '#functions/events.ts';
import { startExecution } from '#functions/start.ts';

/** Turns a request into deployments, or into a refusal with its reason. A repeat gets the first answer. */
export async function admit(deps: Deps, delivery: Delivery): Promise<void> {
  const parsed = AdmitMessage.safeParse(delivery.data);
  if (!parsed.success)
    return refuse(
      deps,
      delivery,
      `not a request: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  const request = parsed.data;
  switch (request.kind) {
    case 'image':
      return admitImage(deps, request);
    case 'deploy':
      return admitByName(deps, request);
    case 'start': {
      const deployment = await deps.ledger.get('deployments', request.deploymentId);
      if (!deployment) return refuse(deps, delivery, `there is no deployment ${request.deploymentId}`);
      return startExecution(deps, deployment);
    }
  }
}

type ImageRequest = Extract<AdmitMessage, { kind: 'image' }>;
type NamedRequest = Extract<AdmitMessage, { kind: 'deploy' }>;

/** Every environment of every service file that tracks this image and tag. */
async function admitImage(deps: Deps, request: ImageRequest): Promise<void> {
  const files = await readServiceFiles(deps);
  const broken = files.filter((file) => file.problems !== undefined && file.text.includes(request.image));
  for (const file of broken) await record(deps, request, file.name, 'refused', file.problems ?? '');
  const tracked = files
    .flatMap((file) => file.configs)
    .filter(({ config }) => config.image === request.image);
  const wanted = tracked.filter(({ config }) =>
    config.policy.autoDeploy.some((pattern) => matchesTag(pattern, request.tag)),
  );
  if (wanted.length === 0 && broken.length === 0) {
    const why =
      tracked.length === 0
        ? `no service file names ${request.image}`
        : `no environment deploys the tag ${request.tag} by itself`;
    await record(deps, request, undefined, 'ignored', why);
  }
  for (const { config, source } of wanted)
    await admitOne(deps, wantedOf(request, 'image-push', config, source));
}

async function admitByName(deps: Deps, request: NamedRequest): Promise<void> {
  const { service, environment } = request;
  const files = await readServiceFiles(deps);
  const found = files
    .flatMap((file) => file.configs)
    .find(({ config }) => config.service === service && config.environment === environment);
  if (!found) {
    const broken = files.find(
      (file) => file.name === `services/${service}.yaml` && file.problems !== undefined,
    );
    const known = files.flatMap((file) =>
      file.configs.map(({ config }) => `${config.service} ${config.environment}`),
    );
    const why =
      broken?.problems ??
      `there is no service "${service}" with an environment "${environment}"; known: ${known.join(', ') || 'none'}`;
    return record(deps, request, undefined, 'refused', why, { service, environment });
  }
  return admitOne(deps, wantedOf(request, 'api', found.config, found.source));
}

async function admitOne(deps: Deps, wanted: Wanted): Promise<void> {
  const nowMs = deps.clock.now();
  const { record: decided, changed } = await admitRequest(
    deps.ledger,
    wanted,
    newDeploymentId(nowMs, deps.random),
    nowMs,
  );
  deps.log(
    'INFO',
    `${decided.decision}: ${wanted.config.service} → ${wanted.config.environment}: ${decided.reason}`,
    {
      deploymentId: decided.deploymentId,
    },
  );
  for (const deployment of changed) await announce(deps, deployment);
  for (const deployment of changed)
    if (deployment.status === 'starting') await startExecution(deps, deployment);
}

function wantedOf(
  request: ImageRequest | NamedRequest,
  source: 'image-push' | 'api',
  config: ServiceConfig,
  configSource: string,
): Wanted {
  const { requestId, tag, digest, requestedBy, requestedAt } = request;
  const change = request.kind === 'deploy' ? request.change : undefined;
  return {
    requestId,
    source,
    config,
    configHash: configHash(config),
    configSource,
    tag,
    digest,
    change,
    requestedBy,
    requestedAt,
  };
}

interface ServiceFile {
  name: string;
  text: string;
  configs: { config: ServiceConfig; source: string }[];
  problems?: string;
}

async function readServiceFiles(deps: Deps): Promise<ServiceFile[]> {
  const names = (await deps.objects.list('services/')).filter((name) => /\.ya?ml$/.test(name));
  const files = await Promise.all(
    names.map(async (name): Promise<ServiceFile | undefined> => {
      const object = await deps.objects.read(name);
      if (!object) return undefined;
      const parsed = parseServiceFile(object.text, name);
      if (parsed.status === 'invalid')
        return { name, text: object.text, configs: [], problems: formatProblems(parsed.problems) };
      const source = `${name}#${object.generation}`;
      return { name, text: object.text, configs: parsed.configs.map((config) => ({ config, source })) };
    }),
  );
  return files.filter((file) => file !== undefined);
}

async function record(
  deps: Deps,
  request: ImageRequest | NamedRequest,
  part: string | undefined,
  decision: RequestRecord['decision'],
  reason: string,
  place: Pick<RequestRecord, 'service' | 'environment'> = {},
): Promise<void> {
  deps.log(
    decision === 'refused' ? 'WARNING' : 'INFO',
    `${decision}: request ${request.requestId}: ${reason}`,
  );
  const { requestId, requestedBy } = request;
  const at = new Date(deps.clock.now()).toISOString();
  await recordRequest(deps.ledger, requestKey(requestId, part), {
    requestId,
    decision,
    reason,
    ...place,
    requestedBy,
    at,
  });
}
