import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Report } from '#shared/report/document.ts';
import { buildReport, reportName } from '#shared/report/report.ts';
import { besideInWords, suiteInWords } from '#shared/report/words.ts';
import { exit } from '#cli/exit.ts';
import type { Paint, Terminal } from '#cli/terminal.ts';
import { openNetra, readNetraInputs } from './netra.ts';

const formats = ['md', 'json', 'html'] as const;

/**
 * `slipway demo --netra`: the release before change #1278, then the change, and the report of it as Slipway stored it.
 * @returns the exit code
 */
export async function demoNetraCommand(options: {
  json: boolean;
  /** Where the report is left. */
  stateDirectory: string;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<number> {
  const { json, terminal, signal } = options;
  const say = (text: string): void => {
    if (!json) terminal.print(text);
  };
  const { file, fileBefore, change } = await readNetraInputs();
  say('examples/netra in a local cloud of its own: its inputs are in services/netra-backend.yaml.\n');
  const netra = await openNetra({ file, fileBefore, change }, signal);
  try {
    const first = await netra.deploy({ file: fileBefore, version: '1.0.0', minify: false });
    say(`  before change ${change.id}: ${inWords(first)}`);
    const done = await netra.deploy({ file, version: '1.1.0', minify: true, from: 'source' });
    say(`  with change ${change.id}:   ${inWords(done)}\n`);
    const directory = resolve(options.stateDirectory, 'netra');
    const files = await leaveReport(directory, (format) =>
      netra.demo.object(`${reportName(done)}.${format}`),
    );
    const report = buildReport(done);
    say(digestOf(report, terminal.paint).join('\n'));
    say(`\nThe whole report, as it is in the bucket:\n${files.map((name) => `  ${name}`).join('\n')}`);
    const isLive = wentLive(first) && wentLive(done);
    if (json) terminal.print(JSON.stringify({ report, files, ok: isLive }, null, 2));
    return isLive ? exit.done : exit.no;
  } finally {
    await netra.close();
  }
}

const wentLive = ({ result }: Deployment): boolean =>
  result?.outcome === 'live' || result?.outcome === 'live-with-recommendations';

const inWords = ({ result, failure }: Deployment): string =>
  [result?.outcome ?? 'no outcome', ...(failure ? [failure.message] : [])].join(': ');

/** The main points of the report. */
function digestOf(report: Report, paint: Paint): string[] {
  const { change, suites, recommendations, imageSize } = report;
  const advice = recommendations.filter(({ outcome }) => outcome === 'fail');
  const open = recommendations.filter(({ outcome }) => outcome !== 'fail');
  const size = imageSize?.previous ? [`  image: ${besideInWords(imageSize.previous)}`] : [];
  return [
    paint('bold', report.headline),
    `  ${report.explanation ?? ''}`,
    ...size,
    '',
    paint('bold', `Change ${change?.id}: ${change?.title}`),
    ...(change?.claims ?? []).map((one) =>
      one.status === 'not-verified'
        ? `  ? ${one.claim}: not verified, ${one.reason}`
        : `  ${one.status === 'verified' ? paint('green', '✓') : paint('red', '✗')} ${one.claim}`,
    ),
    '',
    paint('bold', 'Checked'),
    ...suites.map((suite) => `  ${suiteInWords(suite)}`),
    '',
    paint('bold', 'Recommended'),
    ...advice.map(({ change: what, measured, limit }) => `  ${what}\n    found ${measured}, limit ${limit}`),
    '',
    paint('bold', 'Not known'),
    ...open.map(({ suite, check, measured }) => `  ${suite}, ${check}: ${measured}`),
  ];
}

/** @returns where the files are */
async function leaveReport(
  directory: string,
  stored: (format: (typeof formats)[number]) => Promise<string>,
): Promise<string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return Promise.all(
    formats.map(async (format) => {
      const path = join(directory, `report.${format}`);
      await writeFile(path, await stored(format));
      return path;
    }),
  );
}
