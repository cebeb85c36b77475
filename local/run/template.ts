import { GoogleError } from '#local/google-error.ts';
import { checkRevisionName, type Place } from './names.ts';
import type { Container, Probe, RevisionTemplate } from './template-message.ts';

/** Labels and annotations that v2 refuses, by namespace (Service.labels in the proto). */
const reservedNamespace =
  /^([^/]+\.)?(run\.googleapis\.com|cloud\.googleapis\.com|serving\.knative\.dev|autoscaling\.knative\.dev)\//;

/** Set by the platform for every container: https://cloud.google.com/run/docs/container-contract#env-vars */
const reservedEnv = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION']);

/** @throws GoogleError INVALID_ARGUMENT when a label or annotation is in a namespace of Google's. */
export function checkMetadata(
  where: string,
  metadata: { labels?: Record<string, string> | undefined; annotations?: Record<string, string> | undefined },
): void {
  for (const kind of ['labels', 'annotations'] as const) {
    const reserved = Object.keys(metadata[kind] ?? {}).find((key) => reservedNamespace.test(key));
    if (reserved !== undefined) refuse(`${where}.${kind}`, `"${reserved}" is in a reserved namespace`);
  }
}

/** The port the image is told to listen on. */
export function containerPort(container: Container): number {
  return container.ports?.[0]?.containerPort ?? 8080;
}

/** A template as Google stores it: with the defaults that its answers show. */
export function withDefaults(template: RevisionTemplate, place: Place): RevisionTemplate {
  const containers = template.containers?.map((container, index): Container => {
    const resources = container.resources ?? { cpuIdle: true, startupCpuBoost: true };
    const limits = { cpu: '1000m', memory: '512Mi', ...resources.limits };
    const ports = container.ports ?? [{ name: 'http1', containerPort: 8080 }];
    // Only the container with the ingress port gets one; sidecars (index > 0) none.
    if (index > 0) return { ...container, resources: { ...resources, limits } };
    const startupProbe = container.startupProbe ?? {
      timeoutSeconds: 240,
      periodSeconds: 240,
      failureThreshold: 1,
      tcpSocket: { port: containerPort({ ...container, ports }) },
    };
    return { ...container, resources: { ...resources, limits }, ports, startupProbe };
  });
  const cpu = containers?.[0]?.resources?.limits?.['cpu'] ?? '1';
  const belowOneCpu = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) < 1000 : Number(cpu) < 1;
  return {
    maxInstanceRequestConcurrency: belowOneCpu ? 1 : 80,
    timeout: '300s',
    serviceAccount: `${place.projectNumber}-compute@developer.gserviceaccount.com`,
    ...template,
    ...(containers ? { containers } : {}),
  };
}

/** @throws GoogleError INVALID_ARGUMENT, or UNIMPLEMENTED for a probe that the local cloud cannot send. */
export function checkTemplate(template: RevisionTemplate, serviceId: string): void {
  checkMetadata('template', template);
  if (template.revision !== undefined) checkRevisionName(template.revision, serviceId);
  const { timeout = '300s', maxInstanceRequestConcurrency: concurrency = 80 } = template;
  const seconds = Number(timeout.slice(0, -1));
  if (seconds <= 0 || seconds > 3600)
    refuse('template.timeout', `"${timeout}" must be above 0s, at most 3600s`);
  if (concurrency < 1 || concurrency > 1000) {
    refuse('template.max_instance_request_concurrency', `${concurrency} must be between 1 and 1000`);
  }
  if (!template.containers?.length) refuse('template.containers', 'at least one container is required');
  template.containers?.forEach((container, index) =>
    checkContainer(container, `template.containers[${index}]`),
  );
}

/** @throws GoogleError INVALID_ARGUMENT, or UNIMPLEMENTED for a probe that the local cloud cannot send. */
export function checkContainer(container: Container, where: string, reservedNames = reservedEnv): void {
  if (!container.image) refuse(`${where}.image`, 'an image is required');
  const names = container.env?.map((variable) => variable.name) ?? [];
  const reserved = names.filter((name) => reservedNames.has(name));
  if (reserved.length > 0) {
    refuse(
      `${where}.env`,
      `The following reserved env names were provided: ${reserved.join(', ')}. These values are automatically set by the system.`,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(`${where}.env`, `"${twice}" is set twice`);
  if (container.startupProbe) {
    checkProbe(container.startupProbe, `${where}.startup_probe`, 240, containerPort(container));
  }
  if (container.livenessProbe) {
    checkProbe(container.livenessProbe, `${where}.liveness_probe`, 3600, containerPort(container));
  }
}

/** @param longest seconds that delay and period may last: 240 at startup, 3600 for liveness (Probe in the proto) */
function checkProbe(probe: Probe, where: string, longest: number, port: number): void {
  const { initialDelaySeconds: delay = 0, periodSeconds: period = 10, timeoutSeconds: timeout = 1 } = probe;
  if (delay < 0 || delay > longest)
    refuse(`${where}.initial_delay_seconds`, `${delay} must be 0 to ${longest}`);
  if (period < 1 || period > longest) refuse(`${where}.period_seconds`, `${period} must be 1 to ${longest}`);
  if (timeout < 1 || timeout > period) {
    refuse(
      `${where}.timeout_seconds`,
      `${timeout} must be at least 1 and not above period_seconds (${period})`,
    );
  }
  if ((probe.failureThreshold ?? 3) < 1) refuse(`${where}.failure_threshold`, 'must be at least 1');
  const kinds = [probe.httpGet, probe.tcpSocket, probe.grpc].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) refuse(where, 'exactly one of http_get, tcp_socket and grpc must be set');
  if (probe.grpc) throw new GoogleError('UNIMPLEMENTED', `${where}: the local cloud sends no gRPC probes`);
  const own = probe.httpGet?.port ?? probe.tcpSocket?.port ?? port;
  if (own !== port) {
    throw new GoogleError(
      'UNIMPLEMENTED',
      `${where}: port ${own} is not the container's port ${port}, the only one the local cloud reaches`,
    );
  }
}

/** @throws GoogleError INVALID_ARGUMENT that names the field. */
export function refuse(field: string, description: string): never {
  throw new GoogleError('INVALID_ARGUMENT', `Violation in ${field}: ${description}`, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field, description }],
    },
  ]);
}
