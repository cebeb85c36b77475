import { Fault } from '#shared/domain/fault.ts';
import type { Notification } from '#shared/ledger/ledger.ts';
import type { Deps } from '#functions/deps.ts';

/** Another writer is mostly done within a second: waiting for it is quicker than being delivered again. */
const busyLooks = 10;
const busyLookEveryMs = 200;
/** How long one turn may take from one of its saves to the next before another may write. */
const postingMs = 30_000;
/** Waiting longer costs more than being delivered again, and a function has 90 s. */
const longestWaitMs = 20_000;
/** A waiter whose event was given up is not waited for any longer. */
const waiterGraceMs = 30_000;

/** The right to write to Slack about one subject; it is lost to another when it takes too long. */
export interface Turn {
  readonly record: Notification;
  /** What stands is on record after each message, so that a crash repeats none. @throws Fault `conflict` when the turn is lost */
  save(change: Partial<Notification>): Promise<void>;
  /** To be called once before something is posted: whether it may stand there from a turn that ended badly. */
  mayStand(): boolean;
}

interface Ask {
  subject: string;
  /** Channel as configured. */
  home: string;
  /** Of the event; it must be delivered again when this throws. */
  messageId: string;
  /** Whether there is something to say, and from when on it may be said, milliseconds since the epoch; 0: at once. */
  wish: (known: Notification) => 'nothing' | number;
  /** How long after another's writing it may be written again. */
  everyMs: number;
}

/**
 * Runs `work` in a turn of its own, or not at all when there is nothing to say or another event's `notify` waits to say it.
 * `work` reads the newest state itself: between the ask and the turn there may be a wait. A turn that ends with a fault is
 * given back at once; the next one looks whether it posted all the same.
 * @throws Fault `unavailable` when the turn is too far away: the event is delivered again
 */
export async function inTurn(deps: Deps, ask: Ask, work: (turn: Turn) => Promise<void>): Promise<void> {
  const { clock } = deps;
  const endMs = clock.now() + longestWaitMs;
  for (let looks = 0; ;) {
    const taken = await take(deps, ask);
    if (taken === 'nothing') return;
    if (typeof taken === 'object') {
      const ended = await run(deps, taken, work).catch((error: unknown) => {
        // Slack said when to come back: if that is soon, it is quicker than another delivery.
        const waitSeconds = error instanceof Fault ? error.retryAfterSeconds : undefined;
        if (waitSeconds === undefined || clock.now() + waitSeconds * 1000 > endMs) throw error;
        return 'again' as const;
      });
      if (ended !== 'again') return;
      continue;
    }
    if (taken === 'busy') {
      looks += 1;
      if (looks > busyLooks) throw new Fault('unavailable', `the message of ${ask.subject} is being written`);
      await clock.sleep(busyLookEveryMs);
    } else {
      if (taken > endMs)
        throw new Fault('unavailable', `the message of ${ask.subject} may not be written yet`);
      await clock.sleep(Math.max(0, taken - clock.now()));
    }
  }
}

/** @returns the record as it was found and is ours now; or when to ask again, in milliseconds since the epoch */
function take(
  { ledger, clock }: Deps,
  { subject, home, messageId, wish, everyMs }: Ask,
): Promise<{ record: Notification; unsure: boolean } | 'nothing' | 'busy' | number> {
  const now = clock.now();
  return ledger.transaction(async (tx) => {
    const known = (await tx.get('notifications', subject)) ?? fresh(subject, home);
    const wished = wish(known);
    if (wished === 'nothing') return 'nothing';
    const from = Math.max(wished, known.notBefore ?? 0);
    const busy = known.postingUntil > now;
    if (busy && from === 0) return 'busy';
    const due = busy ? Math.max(from, now + everyMs) : from;
    const mine = known.waiter?.messageId === messageId;
    if (due > now) {
      // Whoever waits shows the newest state, this one's too.
      if (known.waiter && !mine && known.waiter.until > now) return 'nothing';
      await tx.put('notifications', subject, { ...known, waiter: { messageId, until: due + waiterGraceMs } });
      return due;
    }
    // Later events must find no waiter: the state is read before they change it.
    const { waiter: _waited, notBefore: _over, ...rest } = known;
    const record = {
      ...rest,
      turns: known.turns + 1,
      postingUntil: now + postingMs,
      unsure: true,
    };
    await tx.put('notifications', subject, record);
    return { record, unsure: known.unsure === true };
  });
}

async function run(
  deps: Deps,
  taken: { record: Notification; unsure: boolean },
  work: (turn: Turn) => Promise<void>,
): Promise<void> {
  let { record, unsure } = taken;
  const write = async (change: Partial<Notification>): Promise<boolean> => {
    const { subject, turns } = record;
    const written = await deps.ledger.transaction(async (tx) => {
      const known = await tx.get('notifications', subject);
      if (known?.turns !== turns) return undefined;
      const next = { ...known, ...change };
      await tx.put('notifications', subject, next);
      return next;
    });
    if (written) record = written;
    return written !== undefined;
  };
  const save = async (change: Partial<Notification>): Promise<void> => {
    if (await write({ postingUntil: deps.clock.now() + postingMs, ...change })) return;
    throw new Fault('conflict', `the message of ${record.subject} is written by another function now`);
  };
  try {
    await work({
      get record() {
        return record;
      },
      save,
      mayStand() {
        const may = unsure;
        unsure = false;
        return may;
      },
    });
    await save({ postingUntil: 0, unsure: false });
  } catch (error) {
    const waitSeconds = error instanceof Fault ? error.retryAfterSeconds : undefined;
    const waitMs = Math.max(waitSeconds ?? 0, 1) * 1000;
    const notBefore = waitSeconds === undefined ? {} : { notBefore: deps.clock.now() + waitMs };
    await write({ postingUntil: 0, ...notBefore });
    throw error;
  }
}

const fresh = (subject: string, home: string): Notification => ({
  subject,
  home,
  channel: home,
  postingUntil: 0,
  turns: 0,
  shownRevision: 0,
  shownAt: 0,
  detailsPosted: 0,
  final: false,
});
