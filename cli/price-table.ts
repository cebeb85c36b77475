import { z } from 'zod';
import priceFile from './prices.json' with { type: 'json' };

export const priceKeys = [
  'workflows-internal',
  'workflows-external',
  'run-cpu',
  'run-memory',
  'run-requests',
  'run-idle-cpu',
  'run-idle-memory',
  'pubsub-bytes',
  'firestore-reads',
  'firestore-writes',
  'firestore-deletes',
  'build-minutes',
  'scheduler-jobs',
  'secret-versions',
] as const;
export type PriceKey = (typeof priceKeys)[number];

const Price = z.strictObject({
  usd: z.number().nonnegative(),
  /** So many units cost `usd`. */
  per: z.number().positive(),
  unit: z.string(),
  source: z.url(),
  /** `documented`: read in a copy of Google's page; `secondary`: said by others; `unverified`: by nobody who was asked. */
  trust: z.enum(['documented', 'secondary', 'unverified']),
  note: z.string(),
});
export const PriceTable = z.strictObject({
  pricedAt: z.iso.date(),
  currency: z.literal('USD'),
  region: z.string(),
  tier: z.string(),
  prices: z.record(z.enum(priceKeys), Price),
});
/** List prices, as `prices.json` has them: change them there, with the date. */
export const priceTable = PriceTable.parse(priceFile);
