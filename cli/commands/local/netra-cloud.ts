import { randomBytes } from 'node:crypto';
import { accounts } from '#local/place.ts';
import type { Stack } from '#local/stack.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';

/**
 * What a team's own project has beside Slipway, and examples/netra needs: a value for every secret, the Cloud SQL instance,
 * the VPC connector, the test job.
 * @param jobImage the job has to have one before a release gives it its own
 */
export async function furnishNetra(stack: Stack, config: ServiceConfig, jobImage: string): Promise<void> {
  const { project, region, runtime, suites } = config;
  const { sqlInstances, networks } = stack.lookups;
  const network = `projects/${project}/global/networks/default`;
  for (const name of runtime.cloudSql) {
    const [owner = '', where = '', instance = ''] = name.split(':');
    sqlInstances.set(`${owner}:${instance}`, {
      region: where,
      settings: {
        tier: 'db-custom-4-15360',
        ipConfiguration: { ipv4Enabled: false, privateNetwork: network, sslMode: 'ENCRYPTED_ONLY' },
      },
    });
  }
  if (runtime.vpc && 'connector' in runtime.vpc)
    networks.connectors.set(`projects/${project}/locations/${region}/connectors/${runtime.vpc.connector}`, {
      ipCidrRange: '10.8.0.0/28',
      minInstances: 2,
      maxInstances: 10,
      minThroughput: 200,
      maxThroughput: 1000,
    });
  const bindings = Object.values(runtime.secrets).map((binding) => binding.split(':')[0] ?? '');
  for (const secret of new Set(bindings)) {
    await post(stack, `/v1/projects/${project}/secrets?secretId=${secret}`, {
      replication: { automatic: {} },
    });
    const value = randomBytes(32).toString('base64url');
    const payload = { data: Buffer.from(value).toString('base64') };
    await post(stack, `/v1/projects/${project}/secrets/${secret}:addVersion`, { payload });
  }
  const jobs = suites.flatMap(({ checks }) =>
    checks.flatMap((check) => (check.kind === 'job' ? [check.job] : [])),
  );
  for (const job of jobs) {
    const container = { image: jobImage, command: ['node', 'resilience.cjs'] };
    await post(stack, `/v2/projects/${project}/locations/${region}/jobs?jobId=${job}`, {
      template: { template: { maxRetries: 0, containers: [container] } },
    });
  }
}

async function post(stack: Stack, path: string, body: unknown): Promise<void> {
  const answer = await fetch(stack.origin + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.identity.accessToken(accounts.developer)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
