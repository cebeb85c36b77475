import { expect, it } from 'vitest';
import { ownExits } from '#shared/checks/own-exits.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
/** `f` a bad answer, `s` a good one, one a second from second 10 on. */
const attemptsOf = (answers: string) =>
  answers.split('').map((answer, index) => ({
    at: at(10 + index),
    ok: answer === 's',
    seen: answer === 's' ? '200' : '503',
    durationMs: 5,
  }));
const line = (second: number, text: string) => ({ at: at(second), text });
const exit = (second: number, code = 7) => line(second, `Container called exit(${code}).`);

it.each<{
  name: string;
  answers: string;
  lines: { at: string; text: string }[];
  count?: number;
  last?: number;
  exitCode?: number;
}>([
  { name: 'one exit is enough', answers: 'f', lines: [exit(10)], count: 1, last: 10 },
  { name: 'the last of several is told', answers: 'fff', lines: [exit(10), exit(12)], count: 2, last: 12 },
  { name: 'also before the first look', answers: 'f', lines: [exit(9)], count: 1, last: 9 },
  { name: 'not from before it was ready', answers: 'ff', lines: [exit(7)] },
  { name: 'not while it answers well', answers: 'ffs', lines: [exit(10)] },
  { name: 'not before any look', answers: '', lines: [exit(10)] },
  { name: 'not from before its last good answer', answers: 'fsf', lines: [exit(10)] },
  { name: 'after its last good answer', answers: 'fsff', lines: [exit(10), exit(12)], count: 1, last: 12 },
  { name: 'not an end that Cloud Run may have asked for', answers: 'f', lines: [exit(10, 0), exit(10, 143)] },
  {
    name: 'ends that Cloud Run may have asked for, when there are three of them',
    answers: 'fff',
    lines: [exit(10, 0), exit(11, 143), exit(12, 0)],
    count: 3,
    last: 12,
    exitCode: 0,
  },
  {
    name: 'not those from before its last good answer',
    answers: 'fsff',
    lines: [exit(10, 0), exit(12, 0), exit(13, 0)],
  },
  { name: 'not by a signal', answers: 'f', lines: [line(10, 'Container terminated on signal 9.')] },
  { name: 'not any other line', answers: 'f', lines: [line(10, 'STARTUP TCP probe failed.')] },
  { name: 'nothing without lines', answers: 'f', lines: [] },
])('of exits since it was ready at second 8: $name', ({ answers, lines, count, last, exitCode = 7 }) => {
  expect(ownExits(attemptsOf(answers), lines, at(8))).toEqual(
    count === undefined || last === undefined ? undefined : { count, last: { at: at(last), exitCode } },
  );
});
