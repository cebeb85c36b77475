import { readFileSync } from 'node:fs';
import { createCallbacks, type Callbacks } from '#local/executions/callbacks.ts';
import { parseJson } from '#local/workflows/json.ts';
import { runWorkflow } from '#local/workflows/outcome.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
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
import type { Step } from '#functions/steps/step.ts';
import { validate } from '#functions/steps/validate.ts';
import targets from '#functions/targets.json' with { type: 'json' };
import { admit } from '#functions/triggers/admit.ts';
import { commands } from '#functions/triggers/commands/commands.ts';
import { imagePush } from '#functions/triggers/image-push.ts';
import { notify } from '#functions/triggers/notify.ts';
import type { Execution } from './fakes/google.ts';
import { delivery, image, type World } from './world.ts';

export const steps: Record<string, Step> = Object.fromEntries(
  [preflight, build, push, deploy, healthProbe, validate, shiftTraffic, rollback, report].map((step) => [
    step.name,
    step,
  ]),
);
const triggers: Record<string, typeof admit> = {
  gcr: imagePush,
  'chat-commands': commands,
  'deploy-requests': admit,
  'deploy-events': notify,
};
const source = new URL('../../workflows/deploy.yaml', import.meta.url);
const current = parseWorkflow(readFileSync(source, 'utf8'));
/** Pub/Sub's shortest wait before it delivers again. */
const redeliveryMs = 10_000;

const urlOf = (target: string | URL | Request): string =>
  target instanceof Request ? target.url : target.toString();

/** One try of one function at one message: what a process does between start and end. */
export type Process = (
  target: string,
  message: unknown,
  work: (deps: Deps) => Promise<void>,
) => Promise<void>;

export interface Engine {
  publish(topic: string, message: unknown): void;
  /** Lets time pass until no message and no execution is under way. */
  idle(): Promise<void>;
  /** As in the console: the execution ends at once, nothing of it runs any more. */
  cancel(executionId: string): void;
  /** The steps that were dispatched, as `step/phase`. */
  dispatched: string[];
  /** Topics of messages that were given up after as many deliveries as Pub/Sub makes. */
  deadLetters: string[];
}

/**
 * Connects the world's topics to the functions and its executions to workflows/deploy.yaml itself, run by the local
 * engine. A message whose function throws is delivered again.
 * @param program another workflow than the file as it is
 */
export function connect(
  world: World,
  process: Process = (_t, _m, work) => work(world.deps),
  program = current,
): Engine {
  const { clock } = world;
  const tasks = new Set<Promise<void>>();
  const running = new Map<string, { callbacks: Callbacks; stop: AbortController }>();
  const dispatched: string[] = [];
  const deadLetters: string[] = [];

  function track(work: Promise<void>): void {
    const task = work.finally(() => tasks.delete(task));
    tasks.add(task);
    task.catch(() => undefined);
  }

  async function deliver(topic: string, data: unknown): Promise<void> {
    const step = topic.startsWith('step-') ? steps[topic.slice('step-'.length)] : undefined;
    const trigger = triggers[topic];
    const sent = delivery(step?.name ?? topic, data);
    for (let attempt = 1; attempt <= targets.deadLetter.maxDeliveryAttempts; attempt += 1) {
      try {
        await process(sent.target, data, async (deps) => {
          if (step) await handleStep(deps, step, sent);
          else await trigger?.(deps, sent);
        });
        return;
      } catch {
        // Not acknowledged.
        await clock.sleep(redeliveryMs);
      }
    }
    deadLetters.push(topic);
  }
  const publish = (topic: string, message: unknown): void => track(deliver(topic, message));

  async function execute(execution: Execution): Promise<void> {
    const stop = new AbortController();
    const base = `${world.deps.config.endpoints.executions}/v1/projects/slipway-local/locations/us-central1/workflows/slipway-deploy/executions/${execution.id}`;
    let ids = 0;
    const newId = (): string => `callback-${(ids += 1)}`;
    const callbacks = createCallbacks({ clock, newId, urlOf: (id) => `${base}/callbacks/${id}` });
    running.set(execution.id, { callbacks, stop });
    try {
      const { state } = await runWorkflow(
        program,
        parseJson(JSON.stringify(execution.argument)),
        {
          clock,
          newId,
          env: {
            GOOGLE_CLOUD_PROJECT_ID: 'slipway-local',
            GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID: execution.id,
          },
          log: () => undefined,
          accessToken: () => 'token',
          idToken: async () => 'token',
          connectorOrigin: (service) => `https://${service}.googleapis.com`,
          callbacks: callbacks.port,
          async fetch(url, init) {
            const topic = /topics\/([\w-]+):publish$/.exec(urlOf(url))?.[1] ?? '';
            const { messages } = JSON.parse(await new Response(init?.body ?? '').text()) as {
              messages: { data: string }[];
            };
            for (const { data } of messages) {
              const message = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as {
                step: string;
                phase: string;
              };
              dispatched.push(`${message.step}/${message.phase}`);
              publish(topic, message);
            }
            return Response.json({ messageIds: messages.map(() => '1') });
          },
        },
        { internal: 0, external: 0 },
        stop.signal,
      );
      execution.state = state === 'SUCCEEDED' ? 'succeeded' : 'failed';
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      execution.state = 'cancelled';
    } finally {
      running.delete(execution.id);
    }
  }

  world.pubsub.subscriber = publish;
  const cancel = (executionId: string): void =>
    running.get(executionId)?.stop.abort(new Error('cancelled in the console'));
  world.workflows.started = (execution) => track(execute(execution));
  world.workflows.cancelled = cancel;
  world.callback.answer = (url, body) => {
    const [, id = '', callback = ''] = /executions\/([\w-]+)\/callbacks\/([\w-]+)$/.exec(url) ?? [];
    const endpoint = running.get(id)?.callbacks.find(callback);
    if (!endpoint) return 404;
    const accepted = endpoint.deliver({
      method: 'POST',
      url,
      query: {},
      headers: {},
      body: parseJson(JSON.stringify(body)),
      receivedTime: new Date(clock.now()).toISOString(),
    });
    return accepted ? 200 : 429;
  };
  return {
    publish,
    dispatched,
    deadLetters,
    async idle() {
      while (tasks.size > 0) await world.finish(Promise.race(tasks));
    },
    cancel,
  };
}

/** Artifact Registry's word that a tag was pushed. */
export const pushed = (tag: string, digest?: string) => ({
  action: 'INSERT',
  tag: `${image}:${tag}`,
  ...(digest === undefined ? {} : { digest: `${image}@${digest}` }),
});

/** Deploys a pushed tag from the registry's notification to the final status in Slack. @returns the newest deployment */
export async function runDeployment(
  world: World,
  tag: string,
  engine: Engine = connect(world),
): Promise<Deployment> {
  const found = world.registry.images.get(tag) ?? { digest: world.release(tag) };
  engine.publish('gcr', pushed(tag, found.digest));
  await engine.idle();
  return world.newest();
}
