import {
  cloudEvent,
  http,
  type CloudEvent,
  type Request,
  type Response,
} from '@google-cloud/functions-framework';
import { lazy } from '#shared/google/lazy.ts';
import { onlyCredential } from '#functions/credential.ts';
import { deliveryOf, type Delivery } from '#functions/delivery.ts';
import type { Deps } from '#functions/deps.ts';
import type { Step } from '#functions/steps/step.ts';

/**
 * The composition root: every target of `targets.json` is registered here, and nothing else. A target's own modules are
 * loaded on its first use, so that none pays for what only another one needs; the target that this process is deployed as
 * (`FUNCTION_TARGET`) is made ready before it listens, and a broken environment is then a function that does not start.
 */
type Handle = (deps: Deps, delivery: Delivery) => Promise<void>;

const step = (load: () => Promise<Step>) => async (): Promise<Handle> => {
  const [own, { handleStep }] = await Promise.all([load(), import('#functions/step.ts')]);
  return (deps, delivery) => handleStep(deps, own, delivery);
};

const onMessage: Record<string, () => Promise<Handle>> = {
  'image-push': async () => (await import('#functions/triggers/image-push.ts')).imagePush,
  admit: async () => (await import('#functions/triggers/admit.ts')).admit,
  commands: async () => (await import('#functions/triggers/commands/commands.ts')).commands,
  notify: async () => (await import('#functions/triggers/notify.ts')).notify,
  reconcile: async () => (await import('#functions/triggers/reconcile.ts')).reconcile,
  preflight: step(async () => (await import('#functions/steps/preflight.ts')).preflight),
  build: step(async () => (await import('#functions/steps/build.ts')).build),
  push: step(async () => (await import('#functions/steps/push.ts')).push),
  deploy: step(async () => (await import('#functions/steps/deploy.ts')).deploy),
  'health-probe': step(async () => (await import('#functions/steps/health-probe.ts')).healthProbe),
  validate: step(async () => (await import('#functions/steps/validate.ts')).validate),
  'shift-traffic': step(async () => (await import('#functions/steps/shift-traffic.ts')).shiftTraffic),
  rollback: step(async () => (await import('#functions/steps/rollback.ts')).rollback),
  report: step(async () => (await import('#functions/steps/report.ts')).report),
};

const theDeps = lazy(async () => (await import('#functions/create-deps.ts')).createDeps(process.env));

/** Makes a target ready; repeating it costs nothing. */
const ready = new Map<string, () => Promise<unknown>>();

for (const [name, load] of Object.entries(onMessage)) {
  const prepared = lazy(() => Promise.all([load(), theDeps()]));
  ready.set(name, prepared);
  cloudEvent(name, async (event: CloudEvent<unknown>) => {
    const [handle, deps] = await prepared();
    await handle(deps, deliveryOf(name, event.id, event.data));
  });
}

const preparedApi = lazy(() => Promise.all([import('#functions/triggers/api.ts'), theDeps()]));
ready.set('api', preparedApi);
http('api', async (request: Request, response: Response) => {
  const [{ api }, deps] = await preparedApi();
  const url = new URL(request.originalUrl, 'http://localhost');
  const answer = await api(deps, {
    method: request.method,
    path: request.path,
    query: url.searchParams,
    authorization: onlyCredential(request.rawHeaders),
    body: request.body,
  });
  response.status(answer.status).json(answer.body);
});

const preparedChatops = lazy(async () => {
  const [{ chatops }, { createChatopsDeps }] = await Promise.all([
    import('#functions/triggers/chatops.ts'),
    import('#functions/create-chatops-deps.ts'),
  ]);
  return { chatops, deps: createChatopsDeps(process.env) };
});
ready.set('chatops', preparedChatops);
http('chatops', async (request: Request, response: Response) => {
  const { chatops, deps } = await preparedChatops();
  const { method, headers, rawBody } = request;
  const { status, contentType, body } = await chatops(deps, { method, headers, rawBody });
  if (contentType !== undefined) response.type(contentType);
  response.status(status).end(body);
});

await ready.get(process.env['FUNCTION_TARGET'] ?? '')?.();
