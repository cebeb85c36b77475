import {
  cloudEvent,
  http,
  type CloudEvent,
  type Request,
  type Response,
} from '@google-cloud/functions-framework';
import { deliveryOf } from '#functions/delivery.ts';
import { createDeps } from '#functions/create-deps.ts';
import type { Deps } from '#functions/deps.ts';
import { handleStep } from '#functions/step.ts';
import { build } from '#functions/steps/build.ts';
import { deploy } from '#functions/steps/deploy.ts';
import { healthProbe } from '#functions/steps/health-probe.ts';
import { preflight } from '#functions/steps/preflight.ts';
import { push } from '#functions/steps/push.ts';
import { report } from '#functions/steps/report.ts';
import { rollback } from '#functions/steps/rollback.ts';
import { shiftTraffic } from '#functions/steps/shift-traffic.ts';
import { validate } from '#functions/steps/validate.ts';
import { admit } from '#functions/triggers/admit.ts';
import { api } from '#functions/triggers/api.ts';
import { imagePush } from '#functions/triggers/image-push.ts';
import { notify } from '#functions/triggers/notify.ts';
import { reconcile } from '#functions/triggers/reconcile.ts';

/** The composition root: every target of `targets.json` is registered here, and nothing else. */

let deps: Deps | undefined;
/** Made at the first event, so that a broken environment is that event's error and not a host that does not start. */
const theDeps = (): Deps => (deps ??= createDeps(process.env));

const steps = [preflight, build, push, deploy, healthProbe, validate, shiftTraffic, rollback, report];
for (const step of steps) {
  cloudEvent(step.name, (event: CloudEvent<unknown>) =>
    handleStep(theDeps(), step, deliveryOf(step.name, event.id, event.data)),
  );
}

cloudEvent('image-push', (event: CloudEvent<unknown>) =>
  imagePush(theDeps(), deliveryOf('image-push', event.id, event.data)),
);
cloudEvent('admit', (event: CloudEvent<unknown>) =>
  admit(theDeps(), deliveryOf('admit', event.id, event.data)),
);
cloudEvent('notify', (event: CloudEvent<unknown>) =>
  notify(theDeps(), deliveryOf('notify', event.id, event.data)),
);
cloudEvent('reconcile', () => reconcile(theDeps()));

http('api', async (request: Request, response: Response) => {
  const url = new URL(request.originalUrl, 'http://localhost');
  const answer = await api(theDeps(), {
    method: request.method,
    path: request.path,
    query: url.searchParams,
    authorization: request.headers.authorization,
    body: request.body,
  });
  response.status(answer.status).json(answer.body);
});
