import type { Deployment } from '#shared/domain/deployment.ts';
import { shares } from '#shared/domain/traffic.ts';

/**
 * What a person types when the rollback failed, as arguments, and what it does: the traffic as it was before, or, when there was nothing
 * before, the service closed to the public (https://cloud.google.com/run/docs/authenticating/public).
 * @returns undefined when the traffic before is not on record, or holds what can be no revision's name: nobody should
 * paste that
 */
export function rescueCommand({
  config,
  stable,
}: Deployment): { argv: string[]; effect: string } | undefined {
  const { cloudRunService, project, region } = config;
  const where = [cloudRunService, '--project', project, '--region', region];
  if (!stable) return undefined;
  const before = shares(stable.targets);
  if (stable.first || before.length === 0) {
    const argv = ['gcloud', 'run', 'services', 'update', ...where, '--invoker-iam-check'];
    return { argv, effect: 'closes the service to the public' };
  }
  if (!before.every(({ revision }) => revisionName.test(revision))) return undefined;
  const split = before.map(({ revision, percent }) => `${revision}=${percent}`).join(',');
  const argv = ['gcloud', 'run', 'services', 'update-traffic', ...where, `--to-revisions=${split}`];
  return { argv, effect: 'puts the traffic back as it was' };
}

const revisionName = /^[a-z0-9-]+$/;

/** For a POSIX shell. Whatever an argument holds, it stays one argument. */
export const shellLine = (argv: readonly string[]): string => argv.map(quoted).join(' ');

/**
 * The same on several lines of at most `width` characters that can be pasted as they are: a backslash at the end of a
 * line joins it with the next, between arguments and inside of one. @param width at least 20
 */
export function shellLines(argv: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const argument of argv) {
    const word = quoted(argument);
    if (line !== '' && line.length + 1 + word.length + 2 > width) {
      lines.push(`${line} \\`);
      line = '';
    }
    if (line !== '') line += ` ${word}`;
    else if (word.length + 2 <= width) line = word;
    else {
      // Longer than a line: pieces, each quoted by itself, that the shell joins again. A quote takes up to 4 characters.
      const pieces = argument.match(new RegExp(`.{1,${Math.floor((width - 3) / 4)}}`, 'gsu')) ?? [argument];
      const last = pieces.pop() ?? '';
      lines.push(...pieces.map((piece) => `${quoted(piece)}\\`));
      line = quoted(last);
    }
  }
  return [...lines, line];
}

const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
