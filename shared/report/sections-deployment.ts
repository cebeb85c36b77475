import { code, facts, paragraph, text, type Block, type Section } from './content.ts';
import type { Report } from './document.ts';
import { besideInWords, counted, durationInWords, sizeInWords, stepInWords, utc } from './words.ts';

/** What was done: build and push, Cloud Run, step by step. */
export const deploymentSections = (report: Report): Section[] => [
  { id: 'build', title: 'Build and push', blocks: buildAndPush(report) },
  { id: 'cloud-run', title: 'Cloud Run deployment', blocks: cloudRun(report) },
  { id: 'steps', title: 'Steps and times', blocks: stepsAndTimes(report) },
];

function buildAndPush(report: Report): Block[] {
  const { release, request, imageSize, steps } = report;
  const build = steps.findLast(({ step }) => step === 'build');
  // The image is older than the end of a step that looks at it now and then.
  const waited = build?.durationMs ?? null;
  const isNamed = request.tag !== null || request.digest !== null;
  const built = build
    ? text`${build.status}${build.summary === null ? [] : text`: ${build.summary}`}${waited === null ? [] : text`; the step took ${durationInWords(waited)}`}`
    : text`Not run: ${isNamed ? 'the request names an image that exists' : notReached(report)}`;
  if (!release || !imageSize)
    return [
      facts([
        ['Build', built],
        ['Image', text`Not run: ${notReached(report)}`],
      ]),
    ];
  const { previous, baseline } = imageSize;
  return [
    facts([
      ['Build', built],
      ['Image', text`${code(release.image)}`],
      ['Digest', text`${code(release.digest)}`],
      ['Tag', release.tag === null ? null : text`${code(release.tag)}`],
      ['Version', release.version === null ? null : text`${code(release.version)}`],
      ['Source', release.source === null ? text`not named by the image` : text`${code(release.source)}`],
      [
        'Size',
        text`${sizeInWords(release.sizeBytes)} compressed, ${release.platforms.length === 0 ? 'platform not known' : release.platforms.flatMap((one, index) => text`${index === 0 ? [] : text`, `}${code(one)}`)}`,
      ],
      ['Beside what was live', previous && text`${besideInWords(previous)}`],
      ['Beside the baseline', baseline && text`${besideInWords(baseline)}`],
    ]),
  ];
}

function cloudRun(report: Report): Block[] {
  const { place, candidate, config, traffic } = report;
  const { declared } = config;
  const ready = report.suites
    .flatMap(({ rounds }) => rounds.flatMap(({ checks }) => checks))
    .find(({ step, id }) => step === 'deploy' && id === 'ready');
  const blocks: Block[] = [
    facts([
      ['Where', text`${code(`${place.project}/${place.region}/${place.cloudRunService}`)}`],
      ['Address', place.url === null ? null : text`${code(place.url)}`],
      ['Revision', candidate ? text`${code(candidate.revision)}` : text`Not run: ${notReached(report)}`],
      [
        'Ready',
        ready === undefined || ready.outcome === 'not-run'
          ? null
          : text`${ready.outcome}: observed ${code(ready.evidence.observed)}, ${utc(ready.evidence.at)}`,
      ],
      [
        'Resources',
        declared &&
          text`${declared.cpu} CPU, ${declared.memory} of memory, ${declared.concurrency} requests at once, ${declared.minInstances} to ${declared.maxInstances} instances, as declared in ${code(config.source)}`,
      ],
      [
        'Requests',
        declared?.requestTimeoutSeconds
          ? text`at most ${durationInWords(declared.requestTimeoutSeconds * 1000)} each, health at ${code(declared.healthPath ?? '')}, as declared`
          : null,
      ],
      [
        'Start',
        declared?.startupSeconds
          ? text`Cloud Run waits ${durationInWords(declared.startupSeconds * 1000)}, as declared`
          : null,
      ],
      [
        'Network',
        declared && (declared.vpc !== null || declared.cloudSql.length > 0)
          ? text`${[declared.vpc, ...declared.cloudSql.map((name) => `Cloud SQL ${name}`)].filter((one) => one !== null).join(', ')}, as declared`
          : null,
      ],
      [
        'Secrets',
        declared &&
          text`${counted(declared.secretMappings, 'mapping')} of ${counted(declared.secrets, 'secret')}, as declared in ${code(config.source)}`,
      ],
    ]),
  ];
  if (traffic.length === 0) return [...blocks, paragraph`Traffic: it had none.`];
  const rows = traffic.map(({ at, percent }) => [text`${utc(at)}`, text`${percent} %`]);
  return [
    ...blocks,
    { kind: 'figure', figure: 'traffic' },
    { kind: 'table', head: ['From', 'Share of the requests'], rows },
  ];
}

function stepsAndTimes({ steps, durations, ...report }: Report): Block[] {
  if (steps.length === 0) return [paragraph`No step was run.`];
  const times: [string, number | null][] = [
    ['From the request to live', durations.requestedToLiveMs],
    ['From the request to the outcome', durations.requestedToFinishedMs],
    ['Waited before the first step', durations.waitedMs],
    ['From the first step to the outcome', durations.ranMs],
    ['From the failure to the verified way back', durations.failedToRolledBackMs],
  ];
  const rows = steps.map((run) => [
    text`${stepInWords(run)}${run.attempt > 1 ? text`, attempt ${run.attempt}` : []}`,
    // The step that writes the report is not over while it does.
    text`${run.step === 'report' && run.status === 'running' && report.outcome !== null ? 'writes this' : run.status}`,
    text`${utc(run.startedAt)}`,
    run.durationMs === null ? text`–` : text`${durationInWords(run.durationMs)}`,
    run.summary === null ? text`–` : text`${run.summary}`,
  ]);
  const { migration } = report;
  return [
    facts(times.map(([name, ms]) => [name, ms === null ? null : text`${durationInWords(ms)}`])),
    { kind: 'figure', figure: 'steps' },
    { kind: 'table', head: ['Step', 'Status', 'Started', 'Took', 'What it did'], rows },
    ...(migration
      ? [
          paragraph`Migration: job ${code(migration.job)} ${migration.status}, started ${utc(migration.startedAt)}.`,
        ]
      : []),
  ];
}

const notReached = ({ outcome, failure }: Report): string => {
  if (outcome === null) return 'the deployment is not that far';
  return failure ? `the deployment ended in ${failure.step}` : 'the deployment ended before it';
};
