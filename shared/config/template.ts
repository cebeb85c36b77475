import type { ServiceConfig } from '#shared/domain/service.ts';

/**
 * A service file's runtime as Cloud Run's v2 `RevisionTemplate`
 * (https://cloud.google.com/run/docs/reference/rest/v2/RevisionTemplate), and what a live template holds beyond it.
 */

type Json = Record<string, unknown>;

/** @param image by digest */
export function revisionTemplate(config: ServiceConfig, image: string, revision: string): Json {
  const { runtime } = config;
  const env = [
    ...Object.entries(runtime.env).map(([name, value]) => ({ name, value })),
    ...Object.entries(runtime.secrets).map(([name, binding]) => {
      const [secret, version] = binding.split(':');
      return { name, valueSource: { secretKeyRef: { secret, version } } };
    }),
  ];
  const sql = runtime.cloudSql.length > 0;
  return {
    revision,
    ...(runtime.serviceAccount === undefined ? {} : { serviceAccount: runtime.serviceAccount }),
    timeout: `${runtime.requestTimeout}s`,
    maxInstanceRequestConcurrency: runtime.concurrency,
    scaling: { minInstanceCount: runtime.minInstances, maxInstanceCount: runtime.maxInstances },
    ...(runtime.vpc === undefined ? {} : { vpcAccess: vpcAccess(runtime.vpc) }),
    ...(sql ? { volumes: [{ name: 'cloudsql', cloudSqlInstance: { instances: runtime.cloudSql } }] } : {}),
    containers: [
      {
        image,
        ports: [{ containerPort: runtime.port }],
        resources: {
          limits: { cpu: runtime.cpu, memory: runtime.memory },
          // Once resources are given, an absent cpuIdle means "CPU always allocated" (gcp.md §1.6).
          cpuIdle: runtime.cpuIdle,
          startupCpuBoost: runtime.startupCpuBoost,
        },
        ...(env.length > 0 ? { env } : {}),
        ...(sql ? { volumeMounts: [{ name: 'cloudsql', mountPath: '/cloudsql' }] } : {}),
        ...(runtime.startupProbe === undefined
          ? {}
          : { startupProbe: probe(runtime.startupProbe, runtime.port) }),
        ...(runtime.livenessProbe === undefined
          ? {}
          : { livenessProbe: probe(runtime.livenessProbe, runtime.port) }),
      },
    ],
  };
}

/** `INGRESS_TRAFFIC_ALL` and so on. */
export const ingressOf = (config: ServiceConfig): string =>
  ({
    all: 'INGRESS_TRAFFIC_ALL',
    internal: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
    'internal-and-cloud-load-balancing': 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
  })[config.runtime.ingress];

/** Fields Google fills in by itself when they are not given. */
const filledIn = [
  /^serviceAccount$/,
  /^revision$/,
  /^executionEnvironment$/,
  /^containers\[0\]\.name$/,
  /^containers\[0\]\.startupProbe\.(timeoutSeconds|periodSeconds|failureThreshold|initialDelaySeconds|tcpSocket\.port)$/,
  /^containers\[0\]\.livenessProbe\.(timeoutSeconds|periodSeconds|failureThreshold|initialDelaySeconds)$/,
];

/**
 * What the live template holds that neither the file nor the last deployment put there: replacing the template would
 * erase it. @returns paths such as `containers[0].env[DEBUG]` or `containers[1].image`
 */
export function undeclaredFields(live: Json, declared: readonly Json[]): string[] {
  const known = new Set(declared.flatMap((template) => leaves(template, '')));
  return leaves(live, '').filter(
    (path) => !known.has(path) && !filledIn.some((pattern) => pattern.test(path)),
  );
}

/** Paths of everything that is set. Lists of named things are keyed by name; empty values and zeros count as not set. */
function leaves(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => {
      const name =
        isJson(item) && typeof item.name === 'string' && !/(containers|ports)$/.test(path)
          ? item.name
          : index;
      const inside = `${path}[${name}]`;
      return path.endsWith('env') ? [inside] : leaves(item, inside);
    });
  }
  if (isJson(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(inner, path === '' ? key : `${path}.${key}`),
    );
  }
  // A port is called `http1` by Google; `h2c` is somebody's wish, as for a service that speaks gRPC alone.
  const isUsual = value === 'http1' && path.endsWith('.name');
  const unset =
    value === undefined || value === null || value === '' || value === 0 || value === false || isUsual;
  return unset ? [] : [path];
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function vpcAccess(vpc: NonNullable<ServiceConfig['runtime']['vpc']>): Json {
  const egress = vpc.egress === 'all-traffic' ? 'ALL_TRAFFIC' : 'PRIVATE_RANGES_ONLY';
  return 'connector' in vpc
    ? { connector: vpc.connector, egress }
    : { networkInterfaces: [{ network: vpc.network, subnetwork: vpc.subnetwork }], egress };
}

function probe(declared: NonNullable<ServiceConfig['runtime']['startupProbe']>, port: number): Json {
  const { path, initialDelay, period, timeout, failureThreshold } = declared;
  return {
    ...(path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } }),
    ...(initialDelay === undefined ? {} : { initialDelaySeconds: initialDelay }),
    ...(period === undefined ? {} : { periodSeconds: period }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
  };
}
