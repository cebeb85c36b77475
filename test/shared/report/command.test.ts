import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellLine, shellLines } from '#shared/report/command.ts';

/** What a real shell makes of a command line: the arguments it would hand over. */
const argumentsOf = (line: string): string[] =>
  execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

/** What a POSIX argument can hold at all. */
const argument = fc.string({ unit: 'grapheme', maxLength: 120 }).filter((text) => !text.includes('\0'));
const argv = fc.array(argument, { minLength: 1, maxLength: 6 });

describe('a command for the shell', () => {
  it('hands over exactly its arguments, whatever they hold', () => {
    fc.assert(
      fc.property(argv, (given) => {
        expect(argumentsOf(shellLine(given))).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });

  it('does so too when it is broken into lines, none of them wider than asked', () => {
    const printable = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(printable, fc.integer({ min: 20, max: 120 }), (given, width) => {
        const lines = shellLines(given, width);
        expect(argumentsOf(lines.join('\n'))).toEqual(given);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 60 },
    );
  });

  it('is left on one line where there is room', () => {
    expect(shellLines(['gcloud', 'run', '--to-revisions=a=75,b=25'], 80)).toEqual([
      'gcloud run --to-revisions=a=75,b=25',
    ]);
  });
});
