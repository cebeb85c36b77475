import { define, type Args } from '#local/workflows/library/function.ts';

/** time.*: https://docs.cloud.google.com/workflows/docs/reference/stdlib/overview */
export const timeFunctions = [
  define('time.format(seconds, timezone?)', (args) => {
    const seconds = args.number('seconds');
    const zone = args.string('timezone', 'UTC');
    // Each part on its own: as one double, microseconds of today are not exact.
    const whole = Math.floor(seconds);
    const micros = Math.round((seconds - whole) * 1e6);
    const date = new Date((whole + Math.floor(micros / 1e6)) * 1000);
    const offsetMinutes = isNaN(date.getTime()) || zone === '' ? 0 : offsetOf(date, zone, args);
    const local = new Date(date.getTime() + offsetMinutes * 60_000);
    // RFC 3339 has four digits for a year. (That Google refuses the others is unverified.)
    const year = local.getUTCFullYear();
    if (!(year >= 1 && year <= 9999)) throw args.invalid('seconds', `is out of range: ${seconds}`);
    const fraction = String(micros % 1e6).padStart(6, '0');
    return `${local.toISOString().slice(0, 19)}.${fraction}${offsetText(offsetMinutes)}`;
  }),
  define('time.parse(value)', (args) => secondsIn(args, 'value')),
];

const clockTime = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
const rfc3339 = new RegExp(
  String.raw`^(\d{4}-\d\d-\d\d)[Tt](${clockTime}:[0-5]\d)(\.\d+)?([Zz]|[+-]${clockTime})$`,
);

/**
 * Seconds since the epoch of an argument in RFC 3339. Microseconds count, further digits do not (unverified); a leap
 * second is refused (unverified).
 */
export function secondsIn(args: Args, name: string): number {
  const text = args.string(name);
  const [, day = '', time = '', fraction = '', zone = ''] = rfc3339.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00:00Z`);
  // Date takes February 30 for March 1.
  if (isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) {
    throw args.invalid(name, `is not an RFC 3339 time: "${text}"`);
  }
  const micros = Number(fraction.slice(1, 7).padEnd(6, '0'));
  return Date.parse(`${day}T${time}${zone.toUpperCase()}`) / 1000 + micros / 1e6;
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z';
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function offsetOf(date: Date, timeZone: string, args: Args): number {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(date);
    const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  } catch (error) {
    if (error instanceof RangeError) throw args.invalid('timezone', `"${timeZone}" is unknown`);
    throw error;
  }
}
