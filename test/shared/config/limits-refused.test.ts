import { describe, expect, it } from 'vitest';
import { file, problemsOf } from './hello-file.ts';

const named = (service: string): string => file().replace('service: hello', `service: ${service}`);
const variables = (env: number, secrets: number): string => {
  const named = (of: number, prefix: string, value: string): string =>
    Array.from({ length: of }, (_one, index) => `${prefix}${index}: '${value}'`).join(', ');
  return file(`runtime: { env: { ${named(env, 'E', 'x')} }, secrets: { ${named(secrets, 'S', 's:1')} } }`);
};
const runtime = (text: string): string => file(`runtime: { ${text} }`);
const probe = (kind: 'startup' | 'liveness', text: string): string =>
  runtime(`${kind}Probe: { path: /, ${text} }`);

/** What Cloud Run never takes is no service file: the last one that is, the first that is none, and what is said of it. */
const refusals: [limit: string, last: string, first: string, says: RegExp][] = [
  [
    'tag and service name have 46 characters, of which a tag takes 12',
    named('s'.repeat(34)),
    named('s'.repeat(35)),
    /at most 34 characters/,
  ],
  [
    'a name begins with a letter and does not end with a hyphen',
    named('a-1'),
    named('a-'),
    /lower-case letters/,
  ],
  [
    'a request lasts 3600 s',
    runtime('requestTimeout: 3600s'),
    runtime('requestTimeout: 3601s'),
    /3600 seconds/,
  ],
  [
    'an instance serves 1000 requests',
    runtime('concurrency: 1000'),
    runtime('concurrency: 1001'),
    /at most 1000/,
  ],
  [
    'below one CPU an instance serves one request',
    runtime('cpu: 999m, concurrency: 1'),
    runtime('cpu: 999m, concurrency: 2'),
    /below one CPU it can only be 1/,
  ],
  [
    'the least instances are no more than the most',
    runtime('minInstances: 5, maxInstances: 5'),
    runtime('minInstances: 6, maxInstances: 5'),
    /at most runtime.maxInstances/,
  ],
  ['there is no port above 65535', runtime('port: 65535'), runtime('port: 65536'), /at most 65535/],
  [
    'a start is first probed after 240 s',
    probe('startup', 'initialDelay: 240s'),
    probe('startup', 'initialDelay: 241s'),
    /between 0 and 240/,
  ],
  [
    'a start is probed for 240 s',
    probe('startup', 'period: 10s, failureThreshold: 24'),
    probe('startup', 'period: 10s, failureThreshold: 25'),
    /at most 240 s/,
  ],
  [
    'liveness is first probed after 3600 s',
    probe('liveness', 'initialDelay: 3600s'),
    probe('liveness', 'initialDelay: 3601s'),
    /between 0 and 3600/,
  ],
  [
    'liveness is probed every 3600 s',
    probe('liveness', 'period: 3600s'),
    probe('liveness', 'period: 3601s'),
    /between 1 and 3600/,
  ],
  [
    'a probe is over before the next',
    probe('startup', 'period: 5s, timeout: 5s'),
    probe('startup', 'period: 5s, timeout: 6s'),
    /at most the probe's period/,
  ],
  [
    'a probe fails once at least',
    probe('startup', 'failureThreshold: 1'),
    probe('startup', 'failureThreshold: 0'),
    /at least 1/,
  ],
  [
    'liveness is not probed by TCP',
    runtime('livenessProbe: { path: / }'),
    runtime('livenessProbe: { period: 5s }'),
    /no liveness probe without HTTP/,
  ],
  [
    'PORT and the K_ variables are Cloud Run’s',
    runtime('env: { PORTS: x }'),
    runtime('env: { PORT: x }'),
    /Cloud Run sets this one itself/,
  ],
  [
    'a variable has one value',
    runtime("env: { A: x }, secrets: { B: 'b:1' }"),
    runtime("env: { A: x }, secrets: { A: 'a:1' }"),
    /not in runtime.env too/,
  ],
  [
    'a variable has 32 KiB, counted in bytes',
    runtime(`env: { A: '${'é'.repeat(16_384)}' }`),
    runtime(`env: { A: '${'é'.repeat(16_384)}x' }`),
    /runtime\.env\.A: this key — expected a value of at most 32768 bytes; it has 32769$/,
  ],
  [
    'a service has 1000 variables, with those of secrets',
    variables(600, 400),
    variables(600, 401),
    /at most 1000 variables.*; there are 1001/,
  ],
  [
    'a version of a secret is a number or latest',
    runtime("secrets: { A: 'a:1' }"),
    runtime("secrets: { A: 'a:0' }"),
    /SECRET:VERSION/,
  ],
  [
    'a Cloud SQL instance has three names',
    runtime("cloudSql: ['my-project:us-central1:main']"),
    runtime("cloudSql: ['my-project:main']"),
    /PROJECT:REGION:INSTANCE/,
  ],
  [
    'the way into the VPC is one: by a connector or direct',
    runtime('vpc: { connector: main }'),
    runtime('vpc: { connector: main, network: n, subnetwork: s }'),
    /vpc/,
  ],
  [
    'ingress is one of three',
    runtime('ingress: internal-and-cloud-load-balancing'),
    runtime('ingress: none'),
    /expected one of all, internal/,
  ],
  [
    'a job’s name has 63 characters',
    file(`migration: { job: ${'j'.repeat(63)} }`),
    file(`migration: { job: ${'j'.repeat(64)} }`),
    /at most 63 characters/,
  ],
  [
    'a job’s task lasts 24 h',
    file('migration: { job: j, timeout: 24h }'),
    file('migration: { job: j, timeout: 25h }'),
    /86400 seconds/,
  ],
  [
    'percentages add up to 100',
    file('traffic: { steps: [99, 100] }'),
    file('traffic: { steps: [99] }'),
    /the last step to be 100/,
  ],
];

describe('a service file is refused because', () => {
  it.each(refusals)('%s', (_limit, last, first, says) => {
    expect(problemsOf(last)).toEqual([]);
    expect(problemsOf(first)).toEqual([expect.stringMatching(says)]);
  });
});
