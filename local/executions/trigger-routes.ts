import { z } from 'zod';
import { createExecution } from './create-execution.ts';
import { executionName, locationPath, workflowOf, type RouteContext } from './place.ts';
import { enumNumbers, queryOf } from './query.ts';
import { executionResource } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type Route } from '#local/http.ts';

const PushBody = z.strictObject({
  message: z.looseObject({
    messageId: z.string(),
    publishTime: z.string().optional(),
    data: z.string().optional(),
    attributes: z.record(z.string(), z.string()).optional(),
  }),
  subscription: z.string(),
  deliveryAttempt: z.number().optional(),
  GCPCloudEventsMode: z.string().optional(),
});

/**
 * What Eventarc's push subscription of a Pub/Sub trigger calls: the execution's argument is the event. Only messages
 * published to a topic; events of other sources that arrive through Pub/Sub are not supported. The caller shows an access
 * token here, an identity token there.
 * @see https://cloud.google.com/eventarc/docs/workflows/route-trigger-cloud-pubsub
 */
export function triggerRoutes(context: RouteContext): Route[] {
  return [
    {
      method: 'POST',
      path: `${locationPath}/workflows/{workflow}:triggerPubsubExecution`,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const query = queryOf(request, { __GCP_CloudEventsMode: z.string().optional() });
        const { message, subscription, GCPCloudEventsMode } = parsedBody(request, PushBody);
        const mode = query.__GCP_CloudEventsMode ?? GCPCloudEventsMode ?? '';
        const topic = /^CUSTOM_PUBSUB_(projects\/[^/]+\/topics\/[^/]+)$/.exec(mode)?.[1];
        if (topic === undefined) {
          throw new GoogleError(
            'UNIMPLEMENTED',
            `The local Workflows does not support the CloudEvents mode "${mode}": expected CUSTOM_PUBSUB_projects/P/topics/T`,
          );
        }
        const argument = JSON.stringify({
          id: message.messageId,
          source: `//pubsub.googleapis.com/${topic}`,
          specversion: '1.0',
          type: 'google.cloud.pubsub.topic.v1.messagePublished',
          datacontenttype: 'application/json',
          time: message.publishTime ?? new Date(context.clock.now()).toISOString(),
          data: { message, subscription },
        });
        const { execution } = createExecution(context, workflow, { argument });
        const name = executionName(context, execution);
        return {
          json: executionResource(execution, name, { view: 'FULL', enumNumbers: enumNumbers(query) }),
        };
      },
    },
  ];
}
