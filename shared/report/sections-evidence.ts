import {
  code,
  facts,
  linkTo,
  list,
  notRun,
  paragraph,
  strong,
  text,
  type Block,
  type Section,
} from './content.ts';
import type { Report, Suite } from './document.ts';
import {
  besideInWords,
  counted,
  durationInWords,
  exposureInWords,
  sizeInWords,
  phaseInWords,
  roundInWords,
  utc,
} from './words.ts';

/** What was looked at and seen: tests, advice, what the service stands on, its golden path, and what it all changed. */
export function evidenceSections(report: Report): Section[] {
  const { suites } = report;
  const golden = suites.filter(({ ordered }) => ordered);
  const beneath = suites.filter((suite) => !suite.ordered && suite.step !== 'validate');
  const tests = suites.filter((suite) => !suite.ordered && suite.step === 'validate');
  return [
    { id: 'tests', title: 'Test results', blocks: testResults(report, tests) },
    { id: 'recommendations', title: 'Recommendations', blocks: recommendations(report) },
    { id: 'infrastructure', title: 'Infrastructure status', blocks: infrastructure(report, beneath) },
    { id: 'golden-path', title: 'Golden path', blocks: goldenPath(report, golden) },
    { id: 'impact', title: 'Impact', blocks: impact(report) },
  ];
}

const blockOf = (suite: Suite): Block => ({ kind: 'suite', suite });

function testResults({ suites, config, steps }: Report, tests: readonly Suite[]): Block[] {
  if (suites.length === 0)
    return [notRun(steps.length === 0 ? 'no check was made: no step was run' : 'no check was made')];
  const rows = suites.flatMap((suite) =>
    suite.rounds.map((round) => [
      text`${suite.title}`,
      text`${phaseInWords(round.phase)}`,
      text`${roundInWords(round)}`,
    ]),
  );
  return [
    { kind: 'table', head: ['Suite', 'When', 'Result'], rows },
    ...(config.suites === 0 ? [notRun('the service file declares no suites of its own')] : []),
    ...tests.map(blockOf),
  ];
}

function recommendations({ recommendations, suites }: Report): Block[] {
  if (suites.length === 0) return [notRun('no check was made that could advise')];
  if (recommendations.length === 0) return [paragraph`None: no advisory check failed.`];
  const open = recommendations.filter(({ outcome }) => outcome !== 'fail');
  return [
    ...list(
      recommendations
        .filter(({ outcome }) => outcome === 'fail')
        .map(
          ({ suite, check, change, measured, limit, rule, link }) =>
            text`${change}: found ${code(measured)}, limit ${code(limit)} (${suite}, ${check}, rule ${code(rule)}${link === undefined ? [] : text`, ${linkTo(link, 'more')}`})`,
        ),
    ),
    ...(open.length === 0 ? [] : [paragraph`${strong('Questions open')}`]),
    ...list(
      open.map(
        ({ suite, change, measured, limit }) =>
          text`${change} (${suite}): ${code(measured)}, expected ${limit}`,
      ),
    ),
  ];
}

function infrastructure({ probes }: Report, suites: readonly Suite[]): Block[] {
  if (suites.length === 0) return [notRun('nothing beneath the service was looked at')];
  const ms = (value: number | undefined) => (value === undefined ? text`–` : text`${durationInWords(value)}`);
  const rows = probes.map(({ phase, attempts, failed, latency, slowestMs, limitMs }) => [
    text`${phaseInWords(phase)}`,
    text`${attempts}`,
    text`${failed}`,
    ms(latency?.p50Ms),
    ms(latency?.p95Ms),
    ms(latency?.p99Ms),
    ms(slowestMs),
    ms(limitMs),
  ]);
  const head = ['Health probe', 'Attempts', 'Failed', 'p50', 'p95', 'p99', 'Slowest', 'Limit'];
  return [
    ...(rows.length === 0
      ? []
      : [
          { kind: 'figure' as const, figure: 'probes' as const },
          { kind: 'table' as const, head, rows },
        ]),
    ...suites.map(blockOf),
  ];
}

function goldenPath({ config }: Report, suites: readonly Suite[]): Block[] {
  if (suites.length > 0) return suites.map(blockOf);
  return [
    notRun(
      config.orderedSuites === 0
        ? 'the service file declares no ordered suite'
        : 'the deployment did not come so far',
    ),
  ];
}

function impact({ changes, imageSize, exposure }: Report): Block[] {
  const met = exposure ? [paragraph`${exposureInWords(exposure)}.`] : [];
  const { since, reason, image, config } = changes ?? { since: null, reason: null, image: [], config: [] };
  if (!since) return [notRun(`nothing to compare with: ${reason ?? 'it is not on record'}`), ...met];
  const shown = (value: string | null) => (value === null ? text`–` : text`${code(value)}`);
  const rows = [
    ...image.map(({ what, from, to }) => [text`image ${what}`, shown(from), shown(to)]),
    ...(imageSize?.previous
      ? [
          [
            text`image size`,
            text`${sizeInWords(imageSize.previous.bytes)}`,
            text`${sizeInWords(imageSize.bytes)}, ${besideInWords(imageSize.previous)}`,
          ],
        ]
      : []),
    ...config.map(({ path, from, to }) => [text`${code(path)}`, shown(from), shown(to)]),
  ];
  const settings =
    config.length === 0 ? 'no setting changed' : `${counted(config.length, 'setting')} changed`;
  return [
    facts([
      ['Since', text`deployment ${code(since.deploymentId)}, live since ${utc(since.at)}`],
      ['Configuration', text`${settings}`],
    ]),
    ...(rows.length === 0 ? [] : [{ kind: 'table' as const, head: ['What', 'From', 'To'], rows }]),
    ...met,
  ];
}
