import { z } from 'zod';

/** Values that several sections of a service file have. */

const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const unitMilliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `90s`, `5m`, `1h` → seconds. */
export const duration = (minimumSeconds: number, maximumSeconds: number) =>
  z
    .string()
    .regex(durationPattern, 'expected a duration such as 500ms, 90s, 5m or 1h')
    .transform((text) => {
      const [, amount = '0', unit = 's'] = durationPattern.exec(text) ?? [];
      return (Number(amount) * unitMilliseconds[unit as keyof typeof unitMilliseconds]) / 1000;
    })
    .refine(
      (seconds) => seconds >= minimumSeconds && seconds <= maximumSeconds,
      `expected between ${minimumSeconds} and ${maximumSeconds} seconds`,
    );

export const name = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    'expected lower-case letters, digits and hyphens, starting with a letter',
  );
/** RFC 9110 path: absolute, so that a check can never leave the service's own address. */
export const path = z.string().regex(/^\/(?!\/)\S*$/, 'expected a path that starts with one /');
export const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected letters, digits and _');
/** As Kubernetes writes it: `512Mi`, `2Gi`. */
export const memory = z.string().regex(/^\d+(Mi|Gi)$/, 'expected an amount such as 512Mi or 2Gi');
export const status = z.int().min(100).max(599);

/** `1%` → 0.01. */
export const ratio = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'expected a percentage such as 1% or 0.5%')
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .refine((part) => part <= 1, 'expected at most 100%');
