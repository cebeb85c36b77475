import { request } from 'node:http';
import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Message, Subscription } from '#local/pubsub/resources.ts';

/** Codes that acknowledge: https://cloud.google.com/pubsub/docs/push (102 is listed, but no final answer over HTTP/1.1). */
const ackCodes: readonly number[] = [102, 200, 201, 202, 204];

interface PushResult {
  outcome: 'acked' | 'nacked' | 'deadline';
  /** The receiver's HTTP status, when it answered. */
  status?: number;
  error?: string;
}

/** What became of one attempt to deliver one message. */
export interface DeliveryEvent {
  subscription: string;
  messageId: string;
  /** 1 for the first. */
  attempt: number;
  outcome: PushResult['outcome'] | 'dead-lettered' | 'expired';
  /** The receiver's HTTP status, when it answered. */
  status?: number;
  error?: string;
}

/** What is to go wrong with one push. */
export interface DeliveryFault {
  /** Sent twice at the same time; the first copy's answer counts. */
  duplicate?: boolean;
  /** The receiver's acknowledgement gets lost. */
  dropAck?: boolean;
  /** Sent that much later. */
  delayMs?: number;
}

/**
 * Pushes one message once. No answer within the ack deadline cuts the connection.
 * Resolves with undefined when `stopping` aborted: then nothing is known about it.
 */
export async function pushOnce(options: {
  clock: Clock;
  identity: Identity;
  subscription: Subscription;
  message: Message;
  attempt: number;
  fault: DeliveryFault;
  stopping: AbortSignal;
}): Promise<PushResult | undefined> {
  const { clock, identity, subscription, fault, stopping } = options;
  const { pushEndpoint: url, oidcToken } = subscription.pushConfig;
  const deadline = new AbortController();
  const done = new AbortController();
  try {
    if (fault.delayMs) await clock.sleep(fault.delayMs, stopping);
    // The sleep rejects only when the push has ended before.
    clock.sleep(subscription.ackDeadlineSeconds * 1000, AbortSignal.any([stopping, done.signal])).then(
      () => deadline.abort(new Error('no answer within the ack deadline')),
      () => undefined,
    );
    const token =
      oidcToken && (await identity.idToken(oidcToken.serviceAccountEmail, oidcToken.audience || url));
    const body = pushBody(subscription, options.message, options.attempt);
    const signal = AbortSignal.any([stopping, deadline.signal]);
    const posts = Array.from({ length: fault.duplicate ? 2 : 1 }, () => post({ url, body, token, signal }));
    const [first] = await Promise.allSettled(posts);
    if (first?.status !== 'fulfilled') throw first?.reason;
    const acked = ackCodes.includes(first.value) && !fault.dropAck;
    return { outcome: acked ? 'acked' : 'nacked', status: first.value };
  } catch (error) {
    if (stopping.aborted) return undefined;
    if (deadline.signal.aborted) return { outcome: 'deadline', error: messageOf(deadline.signal.reason) };
    return { outcome: 'nacked', error: messageOf(error) };
  } finally {
    done.abort(new Error('push ended'));
  }
}

/** The body of a push request. `deliveryAttempt` is there only with a dead letter policy. */
function pushBody(subscription: Subscription, message: Message, attempt: number): string {
  return JSON.stringify({
    ...(subscription.deadLetterPolicy ? { deliveryAttempt: attempt } : {}),
    message: { ...message, message_id: message.messageId, publish_time: message.publishTime },
    subscription: subscription.name,
  });
}

/**
 * Resolves with the status once the whole answer is there. Redirects are not followed.
 * Every push has a connection of its own, so that a restarted receiver is never met by a dead one.
 */
function post(options: {
  url: string;
  body: string;
  token: string | undefined;
  signal: AbortSignal;
}): Promise<number> {
  const { url, body, token, signal } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'CloudPubSub-Google',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (answer) => {
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
        answer.resume();
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
