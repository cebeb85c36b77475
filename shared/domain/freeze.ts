import { z } from 'zod';

/** Times in which nothing is deployed. Wall-clock times of a place, so that a change to summer time moves nothing. */

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timeZone = z.string().refine(isTimeZone, 'expected a time zone such as Europe/Berlin or UTC');
const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'expected a time such as 08:30, or 24:00');
const localMinute = z
  .string()
  .regex(
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$/,
    'expected a local time such as 2026-12-23T18:00',
  );

/** Every week: on these days between two times. `to` before `from` reaches into the next day. */
const Weekly = z.strictObject({
  name: z.string().min(1),
  days: z.array(z.enum(days)).min(1),
  from: clockTime.default('00:00'),
  to: clockTime.default('24:00'),
  timeZone,
});

/** Once: from a local time until another. */
const Once = z
  .strictObject({ name: z.string().min(1), start: localMinute, end: localMinute, timeZone })
  .refine(({ start, end }) => start < end, 'expected an end after the start');

export const FreezeWindow = z.union([Weekly, Once]);
export type FreezeWindow = z.infer<typeof FreezeWindow>;

/** @returns the first window that holds now, or undefined */
export function frozenBy(windows: readonly FreezeWindow[], nowMs: number): FreezeWindow | undefined {
  return windows.find((window) => {
    const local = localTime(nowMs, window.timeZone);
    if ('start' in window) return local.minute >= window.start && local.minute < window.end;
    const on = (day: number): boolean => window.days.some((name) => name === days[(day + 7) % 7]);
    if (window.from < window.to) return on(local.day) && local.time >= window.from && local.time < window.to;
    return (on(local.day) && local.time >= window.from) || (on(local.day - 1) && local.time < window.to);
  });
}

/** `release freeze (fri, sat 16:00–24:00 Europe/Berlin)` */
export function freezeInWords(window: FreezeWindow): string {
  const when =
    'start' in window
      ? `${window.start} – ${window.end}`
      : `${window.days.join(', ')} ${window.from}–${window.to}`;
  return `${window.name} (${when} ${window.timeZone})`;
}

/** The wall clock of a place: day of the week (0 is Sunday), `HH:MM`, and `YYYY-MM-DDTHH:MM`. */
function localTime(nowMs: number, zone: string): { day: number; time: string; minute: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  const time = `${parts.hour}:${parts.minute}`;
  return { day: new Date(`${date}T00:00:00Z`).getUTCDay(), time, minute: `${date}T${time}` };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // RangeError: Intl does not know it.
    return false;
  }
}
