import { table } from '#cli/table.ts';
import type { Terminal } from '#cli/terminal.ts';
import { exit } from '#cli/exit.ts';
import type { DemoResult } from './demo-cases.ts';
import { playScenes, type SceneResult } from './demo-more.ts';
import { runDemo } from './demo.ts';

/** `slipway demo`: good and bad releases under load, and what users saw of them. @returns the exit code */
export async function demoCommand(options: {
  json: boolean;
  /** Also the scenes of people, crashes and policies. */
  all: boolean;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<number> {
  const { json, all, terminal, signal } = options;
  const say = (text: string): void => {
    if (!json) terminal.print(text);
  };
  say('Good and bad releases of examples/hello, 50 requests a second on the service all the while.\n');
  const results = await runDemo(({ case: { name }, result }) => {
    if (result) say(`  ${verdictOf(result, terminal)} ${name}: ${result.outcome}`);
    else if (terminal.isLive && !json) terminal.draw([`  … ${name}`]);
  }, signal);
  say(`\n${tableOf(results)}\n`);
  const scenes = all ? await scenesPlayed(options, say) : [];
  const bad = [...results, ...scenes].filter((result) => result.problems.length > 0);
  if (json)
    terminal.print(
      JSON.stringify({ cases: results, ...(all ? { scenes } : {}), ok: bad.length === 0 }, null, 2),
    );
  for (const { name, problems } of bad) say(terminal.paint('red', `${name}: ${problems.join('; ')}`));
  if (bad.length === 0) {
    say('Every outcome is as it must be, and no user met a release that failed before it had traffic.');
  }
  return bad.length === 0 ? exit.done : exit.no;
}

function scenesPlayed(
  { json, terminal, signal }: { json: boolean; terminal: Terminal; signal: AbortSignal },
  say: (text: string) => void,
): Promise<SceneResult[]> {
  return playScenes(({ scene: { name }, result }) => {
    if (result)
      say(
        `  ${verdictOf(result, terminal)} ${name} (${(result.tookMs / 1000).toFixed(0)} s): ${result.seen}`,
      );
    else if (terminal.isLive && !json) terminal.draw([`  … ${name}`]);
  }, signal);
}

const verdictOf = (result: { problems: string[] }, { paint }: Terminal): string =>
  result.problems.length === 0 ? paint('green', '✓') : paint('red', '✗');

function tableOf(results: readonly DemoResult[]): string {
  const ms = (value: number | null): string => (value === null ? '–' : String(Math.round(value)));
  return table(
    [
      'case',
      'outcome',
      'push→outcome ms',
      'detection ms',
      'fault→rollback ms',
      'requests',
      'failed',
      'at bad revision',
    ],
    results.map((result) => [
      result.name,
      result.outcome,
      ms(result.pushToOutcomeMs),
      ms(result.detectionMs),
      ms(result.faultToRollbackMs),
      String(result.requests),
      String(result.failedRequests),
      String(result.badRevisionRequests),
    ]),
  );
}
