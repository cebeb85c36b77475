import type { Deployment, Failure } from '#shared/domain/deployment.ts';
import type { ServiceConfig } from '#shared/domain/service.ts';
import { changesOf, imageSizeOf } from './changes.ts';
import { startupBudget } from '#shared/config/rules/facts.ts';
import { changeOf } from './claims.ts';
import { shellLine } from './command.ts';
import type { Report } from './document.ts';
import { nextStepsOf } from './next-steps.ts';
import { probesOf } from './probes.ts';
import { actionOf, headlineOf, servingOf, warningsOf } from './sentences.ts';
import { recommendationsOf, suitesOf } from './suites.ts';
import { between, durationsOf, trafficOf } from './times.ts';

/** Where the report of a deployment is kept in the bucket, without extension: `.json` is the document, `.md` and `.html` its text. */
export const reportName = ({
  service,
  environment,
  id,
}: Pick<Deployment, 'service' | 'environment' | 'id'>) => `reports/${service}/${environment}/${id}`;

/**
 * The ledger's record as a report: pure, so that the same record always says the same. It adds no fact; what is not on
 * record is null or said to be missing. A deployment that still runs has a report too, without outcome.
 */
export function buildReport(deployment: Deployment): Report {
  const facts = factsOf(deployment);
  return { ...facts, nextSteps: nextStepsOf(facts) };
}

function factsOf(deployment: Deployment): Omit<Report, 'nextSteps'> {
  const { config, request, result, candidate, failure, rollback, migration, acknowledged } = deployment;
  return {
    reportVersion: 1,
    deploymentId: deployment.id,
    revision: deployment.revision,
    status: deployment.status,
    outcome: result?.outcome ?? null,
    headline: headlineOf(deployment),
    verdict: result?.verdict ?? null,
    explanation: result?.explanation ?? null,
    serving: servingOf(deployment),
    action: actionOf(deployment),
    takeovers: deployment.takeovers ?? [],
    warnings: warningsOf(deployment),
    place: {
      service: deployment.service,
      environment: deployment.environment,
      project: config.project,
      region: config.region,
      cloudRunService: config.cloudRunService,
      url: deployment.serviceUrl ?? null,
    },
    candidate: candidate ? { revision: candidate.revision, url: candidate.url ?? null } : null,
    release: releaseOf(deployment),
    request: {
      id: request.id,
      source: request.source,
      requestedBy: request.requestedBy,
      requestedAt: request.requestedAt,
      reason: request.reason ?? null,
      tag: request.tag ?? null,
      digest: request.digest ?? null,
    },
    approvedBy: deployment.approvedBy ?? [],
    overrides: (deployment.overrides ?? []).map(({ what, by, reason, at }) => ({ what, by, reason, at })),
    acknowledged: acknowledged ? { by: acknowledged.by, at: acknowledged.at } : null,
    change: changeOf(deployment),
    steps: deployment.steps.map(({ step, phase, attempt, status, startedAt, endedAt, summary }) => ({
      step,
      phase,
      attempt,
      status,
      startedAt,
      durationMs: between(startedAt, endedAt),
      summary: summary ?? null,
    })),
    suites: suitesOf(deployment),
    probes: probesOf(deployment),
    traffic: trafficOf(deployment),
    recommendations: recommendationsOf(deployment.checks),
    failure: failure ? failureIn(failure) : null,
    rollback: rollback ? { ...rollback, withheld: rollback.withheld ?? null } : null,
    migration: migration ? { ...migration, execution: migration.execution ?? null } : null,
    exposure: exposureOf(deployment),
    changes: changesOf(deployment),
    imageSize: imageSizeOf(deployment),
    config: {
      hash: deployment.configHash,
      source: deployment.configSource,
      declared: declaredIn(config),
      suites: config.suites.length,
      orderedSuites: config.suites.filter(({ ordered }) => ordered).length,
    },
    durations: durationsOf(deployment),
  };
}

function releaseOf({ release }: Deployment): Report['release'] {
  if (!release) return null;
  const { image, digest, tag, version, sizeBytes, platforms, source } = release;
  return {
    image,
    digest,
    tag: tag ?? null,
    version: version ?? null,
    sizeBytes,
    platforms,
    source: source ?? null,
  };
}

function failureIn({ cause, lastLines = [], ...failure }: Failure): Report['failure'] {
  if (!cause) return { ...failure, cause: null, lastLines };
  const { command: argv, ...words } = cause;
  // Nobody should paste what cannot be seen.
  const isPlain = argv?.every((argument) => /^[\x20-\x7e]+$/.test(argument));
  const command = argv && isPlain ? { line: shellLine(argv), arguments: argv } : null;
  return { ...failure, cause: { ...words, command }, lastLines };
}

function declaredIn(service: ServiceConfig): Report['config']['declared'] {
  const { runtime, healthProbe } = service;
  const { requestTimeout, cloudSql, vpc } = runtime;
  const { cpu, memory, concurrency, minInstances, maxInstances, secrets } = runtime;
  const bindings = Object.values(secrets);
  return {
    cpu,
    memory,
    concurrency,
    minInstances,
    maxInstances,
    secretMappings: bindings.length,
    secrets: new Set(bindings.map((binding) => binding.split(':')[0])).size,
    requestTimeoutSeconds: requestTimeout,
    startupSeconds: startupBudget(service),
    cloudSql,
    vpc:
      vpc === undefined ? null : 'connector' in vpc ? `connector ${vpc.connector}` : `network ${vpc.network}`,
    healthPath: healthProbe.path,
  };
}

/** An upper bound: from the first write that gave the candidate a share until the rollback was verified. */
function exposureOf({ trafficMoved, result, steps, rollback }: Deployment): Report['exposure'] {
  if (
    !trafficMoved ||
    !result ||
    result.outcome === 'live' ||
    result.outcome === 'live-with-recommendations'
  ) {
    return null;
  }
  const shifts = steps.flatMap((run) => {
    const percent = run.step === 'shift-traffic' ? /^traffic-(\d+)$/.exec(run.phase)?.[1] : undefined;
    return percent === undefined ? [] : [{ percent: Number(percent), from: run.startedAt }];
  });
  const [first] = shifts;
  if (!first) return null;
  const percent = Math.max(...shifts.map((shift) => shift.percent));
  return { percent, from: first.from, until: rollback?.result === 'verified' ? rollback.at : null };
}
