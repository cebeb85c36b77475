import type { Signal } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { StepMessage, type StepReply } from '#shared/domain/protocol.ts';
import { messageOf } from '#shared/errors.ts';
import { claimDispatch, commitReply, leaseSeconds, renewClaim, savePatch } from '#shared/ledger/claims.ts';
import type { Deps } from '#functions/deps.ts';
import { announce } from '#functions/events.ts';
import { failureOf } from '#functions/failure.ts';
import { decideRetry } from '#functions/retries.ts';
import { refuse, type Delivery } from '#functions/delivery.ts';
import targets from '#functions/targets.json' with { type: 'json' };
import type { Step, StepResult } from '#functions/steps/step.ts';

/**
 * The step server (design: the step protocol): check → claim → run → store → post. Returning acknowledges the message;
 * throwing makes Pub/Sub deliver it again. It is thrown only for what a later delivery can mend: ledger or callback out
 * of reach, or another function at work on the same dispatch.
 */
export async function handleStep(deps: Deps, step: Step, delivery: Delivery): Promise<void> {
  const parsed = StepMessage.safeParse(delivery.data);
  if (!parsed.success)
    return refuse(deps, delivery, `not a step message: ${parsed.error.issues.map(issueInWords).join('; ')}`);
  const message = parsed.data;
  if (message.step !== step.name) return refuse(deps, delivery, `"${message.step}" was sent to ${step.name}`);
  const wrong = callbackProblem(message, deps);
  if (wrong !== undefined) return refuse(deps, delivery, wrong);
  if (deps.clock.now() >= message.deadline * 1000) {
    deps.log('WARNING', `${step.name} ${message.deploymentId}#${message.seq} came after its deadline`);
    return;
  }

  const claimed = await claimDispatch(deps.ledger, message, deps.newId(), deps.clock.now());
  switch (claimed.status) {
    case 'unknown-deployment':
      return refuse(deps, delivery, `there is no deployment ${message.deploymentId}`);
    case 'stale':
      deps.log('WARNING', `${step.name} ${message.deploymentId}#${message.seq} is void: ${claimed.reason}`);
      return;
    case 'busy':
      throw new Fault('unavailable', `${message.deploymentId}#${message.seq} is being worked on`);
    case 'not-owner':
      return post(deps, message, { seq: message.seq, status: 'not-owner' });
    case 'answered':
      return post(deps, message, claimed.reply);
    case 'claimed': {
      const reply = await act(deps, step, message, claimed);
      if (reply) await post(deps, message, reply);
      return;
    }
  }
}

/** A person said stop. */
class Stopped extends Error {
  constructor({ kind, by, reason }: Signal) {
    super(`${kind} by ${by}: ${reason}`);
    this.name = 'Stopped';
  }
}

type Claimed = Extract<Awaited<ReturnType<typeof claimDispatch>>, { status: 'claimed' }>;

/** @returns undefined when the claim was lost on the way: whoever holds it now answers */
async function act(
  deps: Deps,
  step: Step,
  message: StepMessage,
  claimed: Claimed,
): Promise<StepReply | undefined> {
  const { ledger, clock } = deps;
  // Alongside the work, and awaited before the answer: after it a function gets no CPU.
  const told = announce(deps, claimed.deployment);
  const stop = new AbortController();
  const heartbeat = beat(deps, step, message, claimed.claim, stop);
  const startedMs = Date.parse(claimed.firstStartedAt);
  let { deployment } = claimed;
  let result: StepResult | Fault;
  let stopped = false;
  try {
    if (!step.ignoresSignals && deployment.signal) throw new Stopped(deployment.signal);
    result = await step.run({
      deps,
      message,
      claim: claimed.claim,
      get deployment() {
        return deployment;
      },
      startedMs,
      signal: stop.signal,
      async save(patch) {
        const saved = await savePatch(ledger, message, claimed.claim, patch, clock.now());
        if (!saved)
          throw new Fault('lock-lost', 'another function took this dispatch over', { retryable: false });
        deployment = saved;
        await announce(deps, saved);
        return saved;
      },
    });
  } catch (caught) {
    const error: unknown = stop.signal.aborted ? stop.signal.reason : caught;
    result =
      error instanceof Stopped
        ? { status: 'rejected', reason: error.message }
        : decideRetry(asFault(error, deps, message), deps, deployment, message, startedMs);
    stopped = error instanceof Stopped;
  } finally {
    heartbeat.abort();
    await told;
  }

  const now = clock.now();
  const reply = replyOf(result, message, now);
  const patch = result instanceof Fault ? {} : (result.patch ?? {});
  const failure = failureOf(result, stopped, message, deployment, now);
  const stored = await commitReply(
    ledger,
    message,
    claimed.claim,
    { reply, patch: failure === undefined ? patch : { ...patch, failure }, summary: summaryOf(result) },
    now,
  );
  if (!stored) {
    deps.log(
      'WARNING',
      `${step.name} ${message.deploymentId}#${message.seq} was taken over; its result is dropped`,
    );
    return undefined;
  }
  await announce(deps, stored);
  return reply;
}

/** Prolongs the lease and watches for what ends the work early. */
function beat(
  deps: Deps,
  step: Step,
  message: StepMessage,
  claim: string,
  stop: AbortController,
): AbortController {
  const done = new AbortController();
  const { clock } = deps;
  const budgetEnd = clock.now() + targets.dispatch.budgetSeconds * 1000;
  void (async () => {
    while (!done.signal.aborted) {
      await clock.sleep((leaseSeconds * 1000) / 10, done.signal);
      if (clock.now() >= budgetEnd) {
        stop.abort(
          new Fault('timeout', `${step.name} did not finish within ${targets.dispatch.budgetSeconds} s`),
        );
        return;
      }
      const deployment = await renewClaim(deps.ledger, message, claim, clock.now());
      if (!deployment) {
        stop.abort(new Fault('lock-lost', 'another function took this dispatch over', { retryable: false }));
        return;
      }
      if (deployment.signal && !step.ignoresSignals) {
        stop.abort(new Stopped(deployment.signal));
        return;
      }
    }
  })().catch((error: unknown) => {
    if (!done.signal.aborted) stop.abort(error);
  });
  return done;
}

function replyOf(result: StepResult | Fault, message: StepMessage, nowMs: number): StepReply {
  const { seq } = message;
  if (result instanceof Fault) {
    return {
      seq,
      status: 'failed',
      code: result.code,
      message: result.message,
      retryable: result.retryable,
      retryAfterSeconds: result.retryAfterSeconds ?? 0,
    };
  }
  switch (result.status) {
    case 'succeeded':
      return { seq, status: 'succeeded', decision: result.decision ?? {} };
    case 'rejected':
      return { seq, status: 'rejected', reason: result.reason };
    default:
      return { seq, status: 'pending', again: nowMs / 1000 + result.againSeconds };
  }
}

const summaryOf = (result: StepResult | Fault): string => {
  if (result instanceof Fault) return `${result.code}: ${result.message}`;
  return result.status === 'rejected' ? result.reason : result.summary;
};

function asFault(error: unknown, deps: Deps, message: StepMessage): Fault {
  if (error instanceof Fault) return error;
  deps.log('ERROR', `${message.step} ${message.deploymentId}#${message.seq} broke: ${messageOf(error)}`, {
    stack: error instanceof Error ? error.stack : undefined,
  });
  return new Fault('internal', messageOf(error), { cause: error });
}

/** 2xx: delivered. 404: nobody waits any more. All else is tried again by redelivery. */
async function post(deps: Deps, message: StepMessage, reply: StepReply): Promise<void> {
  const status = await deps.callback.post(message.callbackUrl, reply);
  if ((status >= 200 && status < 300) || status === 404) return;
  throw new Fault('unavailable', `the callback of ${message.deploymentId}#${message.seq} answered ${status}`);
}

/**
 * A token is sent to the callback, so its address must be the configured Executions endpoint and our project's workflow
 * and this very execution; a forged message must not make us send one elsewhere.
 */
function callbackProblem(message: StepMessage, { config }: Deps): string | undefined {
  const url = new URL(message.callbackUrl);
  const origin = new URL(config.endpoints.executions).origin;
  if (url.origin !== origin) return `the callback's origin is ${url.origin}, not ${origin}`;
  const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(
    `^/v1/projects/(${escape(config.project)}|${config.projectNumber})/locations/${escape(config.region)}` +
      `/workflows/${escape(config.workflow)}/executions/${escape(message.executionId)}/callbacks/[\\w-]+$`,
  );
  // Nothing beside origin and path: no user, no query, no fragment.
  if (!pattern.test(url.pathname) || url.href !== origin + url.pathname) {
    return `the callback ${url.pathname} is not one of execution ${message.executionId} of ${config.workflow}`;
  }
  return undefined;
}

const issueInWords = (issue: { path: PropertyKey[]; message: string }): string =>
  `${issue.path.join('.') || 'message'}: ${issue.message}`;
