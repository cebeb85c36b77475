import { z } from 'zod';

/** What is wrong with Slack at the moment. */
export const SlackFault = z.discriminatedUnion('kind', [
  /** Answers 503; nobody can press or type anything. */
  z.strictObject({ kind: z.literal('down') }),
  /** Answers that much later. */
  z.strictObject({ kind: z.literal('slow'), delayMs: z.int().positive() }),
  /** Answers 429 to everything. */
  z.strictObject({ kind: z.literal('rate-limited'), retryAfterSeconds: z.int().positive() }),
  /** A message is posted or updated, and the connection cut before the answer. `times`: so often only. */
  z.strictObject({ kind: z.literal('accepted-but-lost'), times: z.int().positive().optional() }),
  /** This workspace does not take that type of block. */
  z.strictObject({ kind: z.literal('invalid-blocks'), blockType: z.string().min(1) }),
  z.strictObject({ kind: z.literal('revoked-token') }),
  /** @property channel id or name */
  z.strictObject({ kind: z.literal('archived-channel'), channel: z.string().min(1) }),
  /** User groups cost money. */
  z.strictObject({ kind: z.literal('free-plan') }),
]);
export type SlackFault = z.infer<typeof SlackFault>;

export type Weather = ReturnType<typeof createWeather>;

/** The faults that hold now. */
export function createWeather() {
  let faults: SlackFault[] = [];
  const find = <Kind extends SlackFault['kind']>(
    kind: Kind,
  ): Extract<SlackFault, { kind: Kind }> | undefined =>
    faults.find((fault): fault is Extract<SlackFault, { kind: Kind }> => fault.kind === kind);
  return {
    find,
    all: (): SlackFault[] => faults,
    set(next: SlackFault[]): void {
      faults = next.map((fault) => ({ ...fault }));
    },
    isRefused: (blockType: string): boolean =>
      faults.some((fault) => fault.kind === 'invalid-blocks' && fault.blockType === blockType),
    isArchived: (...names: string[]): boolean =>
      faults.some((fault) => fault.kind === 'archived-channel' && names.includes(fault.channel)),
    /** Whether the answer to a message gets lost; counts as one time. */
    takeLoss(): boolean {
      const fault = find('accepted-but-lost');
      if (!fault) return false;
      if (fault.times !== undefined) {
        fault.times -= 1;
        if (fault.times <= 0) faults = faults.filter((other) => other !== fault);
      }
      return true;
    },
  };
}
