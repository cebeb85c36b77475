import { z } from 'zod';
import type { Deps } from '#functions/deps.ts';

/** One message from Pub/Sub, its data decoded as JSON if it is JSON. */
export interface Delivery {
  target: string;
  messageId: string;
  /** Parsed JSON, or undefined when it is none. */
  data: unknown;
  /** The data as it came, for a refusal. */
  text: string;
}

const Envelope = z.object({
  message: z.object({
    messageId: z.string(),
    data: z.string().optional(),
    publishTime: z.string().optional(),
  }),
});

/**
 * Takes a CloudEvent's data apart. An attributes-only message arrives unconverted (gcp.md §1.2) and has no data:
 * it is a delivery with empty text.
 */
export function deliveryOf(target: string, eventId: string, eventData: unknown): Delivery {
  const envelope = Envelope.safeParse(eventData);
  if (!envelope.success)
    return { target, messageId: eventId, data: undefined, text: JSON.stringify(eventData ?? null) };
  const { messageId, data = '' } = envelope.data.message;
  const text = Buffer.from(data, 'base64').toString('utf8');
  return { target, messageId, data: jsonOf(text), text };
}

/** Keeps what cannot be understood or believed, and acknowledges it: no retry would make it better. */
export async function refuse(deps: Deps, delivery: Delivery, reason: string): Promise<void> {
  const { target, messageId, text } = delivery;
  deps.log('ERROR', `${target} refused message ${messageId}: ${reason}`);
  const at = new Date(deps.clock.now()).toISOString();
  await deps.ledger.transaction((tx) =>
    tx.put('refusals', `${target}.${messageId}`, {
      target,
      messageId,
      reason,
      excerpt: text.slice(0, 500),
      at,
    }),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
