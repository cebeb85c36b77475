import { createHash } from 'node:crypto';
import type { Ledger, SeenTags } from './ledger.ts';

interface Tagged {
  tag: string;
  digest: string;
}

/** When a tag was put on a digest, as far as looking tells; both in milliseconds since the epoch. */
export interface PutBetween {
  afterMs: number;
  byMs: number;
}

/** After it, what came is taken for what was always there: by then it was asked for in vain for a week. */
const recentMs = 7 * 86_400_000;
/** 48 bits tell the tags of one image apart; 30 000 of them fit into a document. */
const pairLength = 12;

/**
 * Keeps what tags an image has now, and tells which of them came since the first look. What lies there at the first look is
 * no news. A look that is not newer than the last one changes nothing.
 * @param atMs when the tags were asked for, before they were
 * @returns when that tag was put, or undefined when that was before anybody looked, or long ago
 */
export async function seeTags(
  ledger: Ledger,
  image: string,
  tags: readonly Tagged[],
  atMs: number,
): Promise<(tagged: Tagged) => PutBetween | undefined> {
  const pairs = tags.map(pairOf);
  const seen = await ledger.transaction(async (tx) => {
    const id = encodeURIComponent(image);
    const before = await tx.get('seenTags', id);
    if (before && Date.parse(before.at) >= atMs) return before;
    const now = before ? nextLook(before, pairs, atMs) : firstLook(image, pairs, atMs);
    await tx.put('seenTags', id, now);
    return now;
  });
  const recent = new Map(seen.recent.map(({ pair, after, by }) => [pair, { after, by }]));
  return (tagged) => {
    const put = recent.get(pairOf(tagged));
    return put && { afterMs: Date.parse(put.after), byMs: Date.parse(put.by) };
  };
}

const firstLook = (image: string, pairs: string[], atMs: number): SeenTags => ({
  image,
  at: new Date(atMs).toISOString(),
  old: pairs,
  recent: [],
});

/** A pair that is gone is forgotten: a tag that is moved away and back is put twice. */
function nextLook(before: SeenTags, pairs: string[], atMs: number): SeenTags {
  const at = new Date(atMs).toISOString();
  const old = new Set(before.old);
  const recent = new Map(before.recent.map((one) => [one.pair, one]));
  const next: SeenTags = { image: before.image, at, old: [], recent: [] };
  for (const pair of pairs) {
    const put = recent.get(pair) ?? { pair, after: before.at, by: at };
    if (old.has(pair) || Date.parse(put.by) + recentMs <= atMs) next.old.push(pair);
    else next.recent.push(put);
  }
  return next;
}

const pairOf = ({ tag, digest }: Tagged): string =>
  createHash('sha256').update(`${tag}@${digest}`).digest('hex').slice(0, pairLength);
