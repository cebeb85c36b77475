import type { ServiceConfig } from '#shared/domain/service.ts';
import type { Subnetwork, VpcConnector } from '#shared/ports/look-ups.ts';
import type { Answer, Question } from './question.ts';
import type { Scene } from './scene.ts';

type Vpc = NonNullable<ServiceConfig['runtime']['vpc']>;

/** The connector that the file names, by its short or its full name; undefined when it names none. */
export function connectorName({ project, region, runtime: { vpc } }: ServiceConfig): string | undefined {
  if (vpc === undefined || !('connector' in vpc)) return undefined;
  return vpc.connector.includes('/')
    ? vpc.connector
    : `projects/${project}/locations/${region}/connectors/${vpc.connector}`;
}

export const connectorOf = ({ look, deps }: Scene, name: string): Promise<VpcConnector | undefined> =>
  look.at(name, () => deps.lookUps.network.connector(name));

/** How the service reaches its VPC, if it does. */
export function networkQuestions(scene: Scene): Question[] {
  const { vpc } = scene.config.runtime;
  if (vpc === undefined) return [];
  const name = connectorName(scene.config);
  return 'connector' in vpc && name !== undefined
    ? connectorQuestions(scene, name)
    : directQuestions(scene, vpc as Extract<Vpc, { subnetwork: string }>);
}

function connectorQuestions(scene: Scene, name: string): Question[] {
  const base = {
    suite: 'Network',
    source: `Serverless VPC Access ${name}`,
    unanswered: 'advisory' as const,
    grant: 'roles/vpcaccess.viewer',
  };
  return [
    {
      ...base,
      id: 'connector',
      title: 'VPC connector is ready',
      asked: 'state',
      expected: 'READY',
      async ask() {
        const found = await connectorOf(scene, name);
        return found
          ? { pass: found.state === 'READY', observed: connectorInWords(found) }
          : { pass: false, observed: 'no such connector' };
      },
    },
    {
      // https://cloud.google.com/vpc/docs/configure-serverless-vpc-access: a /28 of its own, 2 to 10 instances.
      ...base,
      id: 'connector-size',
      title: 'VPC connector has the range and the instances it needs',
      severity: 'advisory',
      asked: 'ipCidrRange, minInstances, maxInstances',
      expected: 'a /28, at least 2 instances, at most 10, and more at most than at least',
      async ask() {
        const found = await connectorOf(scene, name);
        if (!found) return { notRun: `there is no connector ${name}` };
        return connectorSize(found);
      },
    },
  ];
}

function connectorSize(found: VpcConnector): Answer {
  const { ipCidrRange, minInstances: least, maxInstances: most } = found;
  const observed = connectorInWords(found);
  if (least === undefined || most === undefined) return { pass: undefined, observed };
  const hasRange = ipCidrRange === undefined || prefixOf(ipCidrRange) === 28;
  return {
    pass: hasRange && least >= 2 && most <= 10 && most > least,
    observed,
    recommendation: {
      change: 'Give the connector a /28 range and room to grow, or use direct egress',
      measured: observed,
      limit: 'a /28, 2 to 10 instances',
      rule: 'connector-size',
      link: 'https://cloud.google.com/vpc/docs/configure-serverless-vpc-access',
    },
  };
}

const connectorInWords = (found: VpcConnector): string =>
  [
    found.state,
    found.ipCidrRange ?? 'a subnet of its own',
    `${found.minInstances ?? '?'} to ${found.maxInstances ?? '?'} instances`,
    `${found.minThroughput ?? '?'} to ${found.maxThroughput ?? '?'} Mbit/s`,
    `network ${found.network ?? 'not said'}`,
  ].join(', ');

/** `10.8.0.0/28` → 28 */
const prefixOf = (range: string): number => Number(range.split('/')[1]);

function directQuestions(scene: Scene, vpc: Extract<Vpc, { subnetwork: string }>): Question[] {
  const { look, deps, config } = scene;
  const { project, region, runtime } = config;
  const name = vpc.subnetwork.includes('/')
    ? vpc.subnetwork
    : `projects/${project}/regions/${region}/subnetworks/${vpc.subnetwork}`;
  const find = (): Promise<Subnetwork | undefined> =>
    look.at(name, () => deps.lookUps.network.subnetwork(name));
  const base = {
    suite: 'Network',
    source: `Compute Engine ${name}`,
    unanswered: 'advisory' as const,
    grant: 'roles/compute.networkViewer',
  };
  const network = vpc.network.split('/').at(-1);
  return [
    {
      ...base,
      id: 'subnetwork',
      title: 'Subnetwork for direct egress exists',
      asked: `in ${region}`,
      expected: `a subnetwork of ${network}`,
      async ask() {
        const found = await find();
        if (!found) return { pass: false, observed: `no such subnetwork in ${region}` };
        const own = found.network.split('/').at(-1);
        return { pass: own === network, observed: `${found.ipCidrRange} of ${own}` };
      },
    },
    {
      // The range must be /26 or larger, and an instance takes two addresses in the steady state; four are Google's own.
      ...base,
      id: 'subnetwork-size',
      title: 'Subnetwork has addresses for all instances',
      severity: 'advisory',
      asked: 'ipCidrRange',
      expected: `/26 or larger, and 2 × ${runtime.maxInstances} addresses`,
      async ask() {
        const found = await find();
        if (!found) return { notRun: `there is no subnetwork ${name}` };
        const prefix = prefixOf(found.ipCidrRange);
        const addresses = 2 ** (32 - prefix) - 4;
        const observed = `${found.ipCidrRange}: ${addresses} addresses`;
        return {
          pass: prefix <= 26 && addresses >= 2 * runtime.maxInstances,
          observed,
          recommendation: {
            change: `Use a larger subnetwork, or lower runtime.maxInstances to at most ${Math.floor(addresses / 2)}`,
            measured: observed,
            limit: `/26 and ${2 * runtime.maxInstances} addresses`,
            rule: 'subnetwork-size',
            link: 'https://docs.cloud.google.com/run/docs/configuring/vpc-direct-vpc',
          },
        };
      },
    },
  ];
}
