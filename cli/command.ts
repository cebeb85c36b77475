import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { ApprovalId, DeploymentId } from '#shared/domain/ids.ts';

/** Parsing and wording that several commands share. */

/** Does the work of a command; its number is the exit code of the run. */
export type Run = (work: () => Promise<number>) => Promise<void>;

/** Shown at the end of `--help`. @param lines command lines without `slipway` */
export const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  slipway ${line}`).join('\n')}`;

/** @throws InvalidArgumentError, which is told as wrong usage */
export function deploymentId(text: string): string {
  const parsed = DeploymentId.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('Expected a deployment id such as d1f3k7q2x9ab.');
  return parsed.data;
}

/** @throws InvalidArgumentError, which is told as wrong usage */
export function approvalId(text: string): string {
  const parsed = ApprovalId.safeParse(text);
  if (!parsed.success)
    throw new InvalidArgumentError('Expected the id of an approval such as a1f3k7q2x9ab: slipway approvals');
  return parsed.data;
}

/** Why somebody does something: it stays on record. @throws InvalidArgumentError, which is told as wrong usage */
export function reason(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 300)
    throw new InvalidArgumentError(`It has ${trimmed.length} characters: expected 1 to 300.`);
  return trimmed;
}

/** @throws InvalidArgumentError, which is told as wrong usage */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 200)
    throw new InvalidArgumentError('Expected a number from 1 to 200.');
  return value;
}

/** Gathers an option that may be given several times. */
export const gather = (value: string, before: string[] = []): string[] => [...before, value];

/** The options of a command as that schema reads them, those of the program among them. */
export const optionsOf = <Schema extends z.ZodType>(command: Command, schema: Schema): z.output<Schema> =>
  schema.parse(command.optsWithGlobals());

export const Common = z.object({ state: z.string(), json: z.boolean().default(false) });
