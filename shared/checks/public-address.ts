import { z } from 'zod';

const Declared = z.object({ app: z.object({ loadBalancer: z.object({ host: z.string().min(1) }) }) });

/**
 * Where users reach the service, for suites that are asked there: the suite's own address, else the name of the declared
 * load balancer. @param config a configuration, whatever else is in it
 */
export function publicAddress(config: unknown, suite: { address?: string | undefined }): string | undefined {
  const declared = Declared.safeParse(config).data?.app.loadBalancer.host;
  return suite.address ?? (declared === undefined ? undefined : `https://${declared}`);
}
