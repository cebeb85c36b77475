import type { Clock } from '#shared/clock.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Store } from '#local/store.ts';
import { deadLetterOf } from '#local/pubsub/dead-letter.ts';
import { pushOnce, type DeliveryEvent, type DeliveryFault } from '#local/pubsub/push.ts';
import { secondsOf, type Message, type Subscription } from '#local/pubsub/resources.ts';
import { retryDelayMs } from '#local/pubsub/retry.ts';

/** A message that a subscription still owes to its receiver; kept in the store. */
export interface Pending {
  subscription: string;
  message: Message;
  /** Deliveries begun so far. */
  attempts: number;
  /** Epoch milliseconds; not delivered earlier. */
  availableAt: number;
}

interface Held extends Pending {
  /** Being pushed, or leased by a puller. */
  busy: boolean;
  /** A sleeper will look at it at `availableAt`. */
  waking: boolean;
  lease?: { ackId: string; until: number };
}

type Ending = Pick<DeliveryEvent, 'outcome' | 'status' | 'error'>;

export type Deliveries = ReturnType<typeof createDeliveries>;

/**
 * Owes every message to its subscription until it is acknowledged, dead-lettered or past its retention.
 * At least once: what was in flight when the stack stopped is delivered again. Pushes begin with `start()`.
 */
export function createDeliveries(options: {
  store: Store;
  clock: Clock;
  identity: Identity;
  find: (subscription: string) => Subscription | undefined;
  /** @returns false when the topic does not exist (any more) */
  deadLetter: (topic: string, message: Message) => boolean;
  /** Pushes of one subscription at the same time. */
  maxOutstanding: number;
  faults: (delivery: {
    subscription: string;
    messageId: string;
    attempt: number;
  }) => DeliveryFault | undefined;
  onDelivery: (event: DeliveryEvent) => void;
}) {
  const { clock, identity, find } = options;
  const stored = options.store.collection<Pending>('pubsub.pending');
  const backlogs = new Map<string, Map<string, Held>>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let started = false;
  let leases = 0;
  for (const pending of stored.list()) hold(pending);

  function hold(pending: Pending): void {
    const backlog = backlogs.get(pending.subscription) ?? new Map<string, Held>();
    backlogs.set(pending.subscription, backlog);
    backlog.set(pending.message.messageId, { ...pending, busy: false, waking: false });
  }

  const keyOf = (pending: Pending): string => `${pending.subscription}#${pending.message.messageId}`;
  const backlogOf = (subscription: string): Held[] => [...(backlogs.get(subscription)?.values() ?? [])];
  const leasedOf = (subscription: string, ackIds: string[]): Held[] =>
    backlogOf(subscription).filter(({ lease }) => lease && ackIds.includes(lease.ackId));

  function save({ subscription, message, attempts, availableAt }: Held): void {
    const pending: Pending = { subscription, message, attempts, availableAt };
    stored.put(keyOf(pending), pending);
  }

  function remove(held: Held): void {
    stored.delete(keyOf(held));
    backlogs.get(held.subscription)?.delete(held.message.messageId);
  }

  /** Starts every push that is due and has a place, and sees to it that the others are looked at in time. */
  function advance(name: string): void {
    const subscription = find(name);
    if (!started || stopping.signal.aborted || !subscription?.pushConfig.pushEndpoint) return;
    const backlog = backlogOf(name);
    let outstanding = backlog.filter((held) => held.busy).length;
    for (const held of backlog) {
      if (held.busy || held.waking) continue;
      const waitMs = held.availableAt - clock.now();
      if (waitMs > 0) {
        held.waking = true;
        later(waitMs, () => {
          held.waking = false;
          advance(name);
        });
      } else if (!dropExpired(held, subscription) && outstanding < options.maxOutstanding) {
        outstanding += 1;
        begin(held);
        track(push(held, subscription));
      }
    }
  }

  function begin(held: Held): void {
    held.busy = true;
    held.attempts += 1;
    save(held);
  }

  async function push(held: Held, subscription: Subscription): Promise<void> {
    const { attempts: attempt, message } = held;
    const fault = options.faults({ subscription: subscription.name, messageId: message.messageId, attempt });
    const result = await pushOnce({
      clock,
      identity,
      subscription,
      message,
      attempt,
      fault: fault ?? {},
      stopping: stopping.signal,
    });
    if (result) settle(held, result);
    advance(held.subscription);
  }

  function settle(held: Held, ending: Ending): void {
    const subscription = find(held.subscription);
    const owed = backlogs.get(held.subscription)?.get(held.message.messageId) === held;
    if (!subscription || !owed) return;
    held.busy = false;
    delete held.lease;
    report(held, ending);
    if (ending.outcome === 'acked') {
      remove(held);
      return;
    }
    const policy = subscription.deadLetterPolicy;
    const spent = policy && held.attempts >= policy.maxDeliveryAttempts;
    if (
      spent &&
      options.deadLetter(policy.deadLetterTopic, deadLetterOf(held.message, held.attempts, subscription))
    ) {
      remove(held);
      report(held, { outcome: 'dead-lettered' });
      return;
    }
    held.availableAt = clock.now() + retryDelayMs(subscription, held.attempts);
    save(held);
  }

  function dropExpired(held: Held, subscription: Subscription): boolean {
    const retentionMs = secondsOf(subscription.messageRetentionDuration) * 1000;
    if (clock.now() < Date.parse(held.message.publishTime) + retentionMs) return false;
    remove(held);
    report(held, { outcome: 'expired' });
    return true;
  }

  function report({ subscription, message, attempts }: Held, ending: Ending): void {
    options.onDelivery({ subscription, messageId: message.messageId, attempt: attempts, ...ending });
  }

  /** Ends a lease that nobody acknowledged, at its deadline as last moved. */
  function watchLease(held: Held, ackId: string): void {
    if (held.lease?.ackId !== ackId) return;
    const waitMs = held.lease.until - clock.now();
    if (waitMs > 0) {
      later(waitMs, () => watchLease(held, ackId));
      return;
    }
    settle(held, { outcome: 'deadline' });
    advance(held.subscription);
  }

  function later(ms: number, work: () => void): void {
    // The sleep rejects only when the service stops.
    track(clock.sleep(ms, stopping.signal).then(work, () => undefined));
  }

  function track(work: Promise<void>): void {
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  return {
    start(): void {
      started = true;
      for (const name of backlogs.keys()) advance(name);
    },
    enqueue(subscription: string, message: Message): void {
      const pending: Pending = { subscription, message, attempts: 0, availableAt: clock.now() };
      stored.put(keyOf(pending), pending);
      hold(pending);
      advance(subscription);
    },
    /** To be called when a subscription's settings have changed. */
    advance,
    /** Forgets all messages of a deleted subscription. */
    drop(subscription: string): void {
      for (const held of backlogOf(subscription)) remove(held);
      backlogs.delete(subscription);
    },
    /** Leases up to `max` messages that are due; a lease that ends unanswered counts as a failed delivery. */
    pull(subscription: Subscription, max: number): { ackId: string; message: Message; attempt: number }[] {
      const due = backlogOf(subscription.name).filter(
        (held) => !held.busy && held.availableAt <= clock.now() && !dropExpired(held, subscription),
      );
      return due.slice(0, max).map((held) => {
        begin(held);
        const ackId = `${held.message.messageId}-${held.attempts}-${(leases += 1)}`;
        held.lease = { ackId, until: clock.now() + subscription.ackDeadlineSeconds * 1000 };
        watchLease(held, ackId);
        return { ackId, message: held.message, attempt: held.attempts };
      });
    },
    /** An id whose lease has ended is passed over, as Pub/Sub does. */
    acknowledge(subscription: string, ackIds: string[]): void {
      for (const held of leasedOf(subscription, ackIds)) settle(held, { outcome: 'acked' });
    },
    /** 0 seconds gives the message back at once. */
    modifyAckDeadline(subscription: string, ackIds: string[], seconds: number): void {
      for (const held of leasedOf(subscription, ackIds)) {
        if (!held.lease) continue;
        held.lease.until = clock.now() + seconds * 1000;
        if (seconds === 0) settle(held, { outcome: 'nacked' });
        else watchLease(held, held.lease.ackId);
      }
    },
    backlog: (subscription: string): Pending[] =>
      backlogOf(subscription).map(({ message, attempts, availableAt }) => ({
        subscription,
        message,
        attempts,
        availableAt,
      })),
    /** Cuts what is in flight; all that was not acknowledged stays owed. */
    async stop(): Promise<void> {
      stopping.abort(new Error('the local Pub/Sub stops'));
      await Promise.allSettled(running);
    },
  };
}
