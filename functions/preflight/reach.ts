import type { ServiceConfig } from '#shared/domain/service.ts';
import type { Config } from '#shared/env.ts';
import type { Question } from './question.ts';
import type { Scene } from './scene.ts';

/**
 * Why nothing of Slipway's can call a service, and what to do; undefined when nothing is known to keep it away. With another
 * ingress than `all` a service answers its own VPC alone, and a function is in a VPC only through a connector
 * (https://docs.cloud.google.com/run/docs/securing/ingress).
 */
export function outOfReach(
  { runtime: { ingress } }: ServiceConfig,
  { probeConnector }: Pick<Config, 'probeConnector'>,
): string | undefined {
  if (ingress === 'all' || probeConnector !== undefined) return undefined;
  return `ingress is ${ingress} and probes come from outside: set probe_vpc_connector in Terraform (docs/install.md), or runtime.ingress: all`;
}

/** Of a service that does not answer everybody: whether probes get to it. */
export function reachQuestions({ config, deps }: Scene): Question[] {
  const { project, runtime } = config;
  const { probeConnector = '' } = deps.config;
  if (runtime.ingress === 'all') return [];
  return [
    {
      suite: 'Network',
      id: 'probes',
      title: 'Probes get to the service',
      source: 'environment of Slipway',
      asked: 'SLIPWAY_PROBE_VPC_CONNECTOR',
      expected: `a connector into a VPC of ${project}`,
      // The probes themselves find out.
      unanswered: 'advisory',
      async ask() {
        const why = outOfReach(config, deps.config);
        if (why !== undefined) return { pass: false, observed: why };
        const isOwn = probeConnector.startsWith(`projects/${project}/`);
        const elsewhere = `, a project that ${project} takes calls from only in a Shared VPC or a perimeter of VPC Service Controls`;
        return isOwn
          ? { pass: true, observed: probeConnector }
          : { pass: undefined, observed: `${probeConnector}${elsewhere}` };
      },
    },
  ];
}
