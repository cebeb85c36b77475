import { z } from 'zod';
import type { ServiceConfig } from '#shared/domain/service.ts';
import type { LiveService } from '#shared/ports/cloud-run.ts';
import type { Answer, Question } from './question.ts';

/** Google leaves out what is false. */
const Barriers = z.object({
  defaultUriDisabled: z.boolean().default(false),
  iapEnabled: z.boolean().default(false),
});

/** Settings of a service that keep probes away. No service file has them, and a deployment leaves them as they are. */
export function barrierQuestions(
  { app }: ServiceConfig,
  { raw }: LiveService,
): Omit<Question, 'suite' | 'source'>[] {
  const seen = Barriers.safeParse(raw);
  const answer = (name: keyof z.infer<typeof Barriers>, words: string): Answer => {
    if (!seen.success) return { pass: undefined, observed: `not known: ${z.prettifyError(seen.error)}` };
    return seen.data[name] ? { pass: false, observed: words } : { pass: true, observed: 'false' };
  };
  const host = app?.loadBalancer?.host;
  const only = host === undefined ? '' : `; ${host} leads to the service, not to its candidate`;
  return [
    {
      // That tags lose their addresses together with the service is unverified; the page tells of the service's alone:
      // https://docs.cloud.google.com/run/docs/securing/ingress#disable-url
      id: 'default-url',
      title: 'A candidate has an address',
      asked: 'defaultUriDisabled',
      expected: 'false',
      ask: async () =>
        answer(
          'defaultUriDisabled',
          `true: a candidate is asked at an address of the same kind, before it has traffic${only}. Enable the default URL, and say by runtime.ingress who gets to it`,
        ),
    },
    {
      // IAP decides before IAM does: https://docs.cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run
      // It takes tokens for its own client: https://docs.cloud.google.com/iap/docs/authentication-howto
      // What it answers to one for the service is unverified; it is not the service that answers.
      id: 'iap',
      title: 'Probes are answered by the service, not by IAP',
      asked: 'iapEnabled',
      expected: 'false',
      ask: async () =>
        answer(
          'iapEnabled',
          "true: IAP decides before Cloud Run does, and does not take the tokens that probes have. Enable it on the load balancer's backend service instead",
        ),
    },
  ];
}
