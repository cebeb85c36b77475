import { systemClock } from '#shared/clock.ts';

/** Looks again and again until there is something; for what real processes do in their own time. */
export async function until<T>(look: () => Promise<T | undefined>, seconds = 20): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${look.toString()}`);
    await systemClock.sleep(25);
  }
}
