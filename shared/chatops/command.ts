import type { Change } from '#shared/domain/change.ts';
import type { Verb } from './help.ts';
import { inQuotes } from './typed-text.ts';
import { durationText } from './words.ts';

export interface Place {
  service: string;
  /** As it was typed: `prod` may mean `production`; only who knows the environments can tell (`names.ts`). */
  environment: string;
}

/** What somebody asks for. `ref` is a tag or a whole digest. */
export type ChatCommand =
  | ({ verb: 'deploy'; ref?: string; reason?: string; change?: Change; overrideFreeze?: string } & Place)
  | ({ verb: 'plan' | 'diff'; ref?: string } & Place)
  | { verb: 'status'; service?: string; environment?: string }
  | { verb: 'status'; deploymentId: string }
  | { verb: 'history'; service: string; environment?: string; count: number }
  /** `to` is whatever was typed: a revision, a tag, a digest or a deployment's id. */
  | ({ verb: 'rollback'; to?: string; force?: true; reason?: string } & Place)
  | ({ verb: 'cancel'; reason?: string } & Place)
  | { verb: 'cancel'; reason?: string; deploymentId: string }
  | { verb: 'approve'; approvalId: string }
  | { verb: 'reject'; approvalId: string; reason?: string }
  | ({ verb: 'lock'; forSeconds?: number; steal?: true; reason: string } & Place)
  | ({ verb: 'unlock'; steal?: true; reason?: string } & Place)
  /** Lists them when none is to be released. */
  | { verb: 'quarantine'; release?: { id: string; reason: string } }
  | { verb: 'doctor' }
  | { verb: 'help'; about?: Verb };

/** The canonical text: parsing it, escaped as Slack does, gives the same command again. */
export function printCommand(command: ChatCommand): string {
  const words: (string | undefined)[] = [command.verb];
  if ('deploymentId' in command) words.push(command.deploymentId);
  if ('approvalId' in command) words.push(command.approvalId);
  if ('service' in command) words.push(command.service, command.environment);
  if ('ref' in command) words.push(command.ref);
  if ('count' in command) words.push(String(command.count));
  if ('to' in command) words.push('to', command.to);
  if ('force' in command) words.push('force');
  if ('forSeconds' in command) words.push('for', durationText(command.forSeconds));
  if ('steal' in command) words.push('steal');
  if ('release' in command)
    words.push('release', command.release.id, `reason=${inQuotes(command.release.reason)}`);
  if ('about' in command) words.push(command.about);
  if ('reason' in command) words.push(`reason=${inQuotes(command.reason)}`);
  if ('change' in command) words.push(...changeWords(command.change));
  if ('overrideFreeze' in command) words.push(`override-freeze=${inQuotes(command.overrideFreeze)}`);
  return words.filter((word) => word !== undefined).join(' ');
}

function changeWords({ id, title, url, claims }: Change): string[] {
  return [
    `change=${inQuotes(`${id} ${title}`)}`,
    ...(url === undefined ? [] : [`change-url=${inQuotes(url)}`]),
    ...claims.map((claim) => `claim=${inQuotes(claim)}`),
  ];
}

/** Without what is undefined. */
type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };
export const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
