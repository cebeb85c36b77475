import { z } from 'zod';
import { SlackGroup } from '#shared/domain/people.ts';
import { Runtime } from '#shared/domain/service/runtime.ts';
import { brokenAppRules } from './app-rules.ts';
import { brokenCheckRules } from './check-rules.ts';
import type { Finding } from './findings.ts';
import type { Path } from './problems.ts';
import { isTagPattern } from './tag-policy.ts';
import { brokenVariableRules, variablesOf } from './variable-rules.ts';

type Runtime = z.infer<typeof Runtime>;
/** Only the fields that are valid by themselves: a rule is silent about what another problem already covers. */
type ValidFields = Partial<Runtime>;

/**
 * What must hold between the values of one merged configuration. Limits are Cloud Run's: the Probe message of its v2 API,
 * https://cloud.google.com/run/docs/configuring/healthchecks and https://cloud.google.com/run/docs/container-contract.
 */
export function brokenLimits(config: {
  runtime?: unknown;
  app?: unknown;
  suites?: unknown;
  analysis?: unknown;
  policy?: unknown;
}): Finding[] {
  const runtime = validFields(config.runtime);
  return [
    ...brokenVariableRules(config.runtime),
    ...brokenAppRules(config.app, variablesOf(config.runtime).env),
    ...scalingRules(runtime),
    ...probeRules('startupProbe', runtime.startupProbe),
    ...probeRules('livenessProbe', runtime.livenessProbe),
    ...uniqueNames(config.suites),
    ...brokenCheckRules(config),
    ...analysisRules(config.analysis),
    ...policyRules(config.policy),
  ];
}

const finding = (path: Path, expected: string): Finding => ({ path, about: 'value', expected });

function scalingRules({ minInstances, maxInstances, cpu, concurrency }: ValidFields): Finding[] {
  const findings: Finding[] = [];
  if (minInstances !== undefined && maxInstances !== undefined && minInstances > maxInstances) {
    const expected = `expected at most runtime.maxInstances, which is ${maxInstances}`;
    findings.push(finding(['runtime', 'minInstances'], expected));
  }
  if (cpu !== undefined && concurrency !== undefined && concurrency > 1 && cpus(cpu) < 1) {
    const expected = `expected at least "1", as runtime.concurrency is ${concurrency}: below one CPU it can only be 1`;
    findings.push(finding(['runtime', 'cpu'], expected));
  }
  return findings;
}

const cpus = (amount: string): number =>
  amount.endsWith('m') ? Number(amount.slice(0, -1)) / 1000 : Number(amount);

const longestStartupSeconds = 240;

function probeRules(name: 'startupProbe' | 'livenessProbe', probe: Runtime['startupProbe']): Finding[] {
  if (probe === undefined) return [];
  const at = (key: string): Path => ['runtime', name, key];
  // Google's values for what a probe leaves out.
  const { period = 10, timeout = 1, failureThreshold = 3 } = probe;
  const findings = (['initialDelay', 'period', 'timeout'] as const)
    .filter((key) => !Number.isInteger(probe[key] ?? 0))
    .map((key) => finding(at(key), 'expected whole seconds'));
  if (timeout > period)
    findings.push(finding(at('timeout'), `expected at most the probe's period, which is ${period} s`));
  if (name === 'startupProbe' && period * failureThreshold > longestStartupSeconds) {
    const key = probe.failureThreshold === undefined ? 'period' : 'failureThreshold';
    const expected = `expected period × failureThreshold of at most ${longestStartupSeconds} s; it is ${period} s × ${failureThreshold}`;
    findings.push(finding(at(key), expected));
  }
  if (name === 'livenessProbe' && probe.path === undefined) {
    findings.push(finding(at('path'), 'expected a path: Cloud Run has no liveness probe without HTTP'));
  }
  return findings;
}

/** Limits of the analysis that come in pairs. */
const limitNames = {
  errorRatio: ['maximum', 'aboveStable'],
  latencyP95: ['maximum', 'timesStable'],
} as const;

/** A section that limits nothing would look like a safeguard and be none. */
function analysisRules(value: unknown): Finding[] {
  const section = z.record(z.string(), z.unknown()).safeParse(value).data;
  if (!section) return [];
  const limits = ['errorRatio', 'latencyP95', 'serverErrorLogs'];
  if (!limits.some((name) => section[name] !== undefined))
    return [finding(['analysis'], `expected at least one of ${limits.join(', ')}`)];
  return Object.entries(limitNames).flatMap(([name, keys]) => {
    const pair = z.record(z.string(), z.unknown()).safeParse(section[name]).data;
    if (!pair || keys.some((key) => pair[key] !== undefined)) return [];
    return [finding(['analysis', name], `expected ${keys.join(' or ')}, or both`)];
  });
}

/** Reads only what rules are about, whatever else is wrong with the policy. */
const PolicyParts = z
  .object({
    autoDeploy: z.array(z.unknown()).catch([]),
    approvals: z
      .object({ required: z.number(), from: z.array(z.string()) })
      .optional()
      .catch(undefined),
  })
  .catch({ autoDeploy: [], approvals: undefined });

function policyRules(value: unknown): Finding[] {
  const { autoDeploy, approvals } = PolicyParts.parse(value);
  const findings = autoDeploy.flatMap((pattern, index) =>
    typeof pattern === 'string' && !isTagPattern(pattern)
      ? [finding(['policy', 'autoDeploy', index], 'expected a range after semver: such as semver:>=1.2 <3')]
      : [],
  );
  const people = new Set(approvals?.from.map((person) => person.toLowerCase())).size;
  // How many a group has is not known here.
  const hasGroup = approvals?.from.some((who) => SlackGroup.safeParse(who).success) ?? false;
  if (approvals && people > 0 && !hasGroup && approvals.required > people)
    findings.push(
      finding(
        ['policy', 'approvals', 'required'],
        `expected at most ${people}: so many different people are in from`,
      ),
    );
  return findings;
}

/** Reads only the names, whatever else is wrong with the suites. */
const Names = z
  .array(
    z
      .object({
        title: z.string().optional().catch(undefined),
        checks: z.array(z.object({ name: z.string().optional().catch(undefined) }).catch({})).catch([]),
      })
      .catch({ checks: [] }),
  )
  .catch([]);

function uniqueNames(value: unknown): Finding[] {
  const suites = Names.parse(value);
  return [
    ...repeated(suites.map(({ title }) => title)).map((index) =>
      finding(['suites', index, 'title'], 'expected a title that no suite before has'),
    ),
    ...suites.flatMap(({ checks }, suite) =>
      repeated(checks.map(({ name }) => name)).map((index) =>
        finding(
          ['suites', suite, 'checks', index, 'name'],
          'expected a name that no check of the suite before has',
        ),
      ),
    ),
  ];
}

/** Indexes of what was there before. */
const repeated = (names: readonly (string | undefined)[]): number[] =>
  names.flatMap((name, index) => (name !== undefined && names.indexOf(name) < index ? [index] : []));

/** The fields of the runtime section that are valid, with their defaults. */
function validFields(value: unknown): ValidFields {
  const given = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(value ?? {});
  const fields = Object.entries(Runtime.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(given[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(fields) as ValidFields;
}
