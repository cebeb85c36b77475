import { namesIn, textsOf } from '#shared/checks/capture.ts';
import { publicAddress } from '#shared/checks/public-address.ts';
import { HealthProbe, SuiteFile, type HttpCheck } from '#shared/domain/service/checks.ts';
import { Traffic } from '#shared/domain/service/traffic.ts';
import type { Finding } from './findings.ts';
import type { Path } from './problems.ts';

/** All attempts of a check have to fit into one dispatch of its step, with the pauses between them. */
const longestCheckSeconds = 45;
/** Statuses whose answers have no body (RFC 9110, 15). */
const bodiless = new Set([204, 205, 304]);

const finding = (path: Path, expected: string): Finding => ({ path, about: 'value', expected });

/** What must hold between the values of the health probe and of suites: no two of them may want what cannot both be. */
export function brokenCheckRules(config: {
  healthProbe?: unknown;
  suites?: unknown;
  traffic?: unknown;
}): Finding[] {
  const probe = HealthProbe.safeParse(config.healthProbe ?? {}).data;
  const suites = Array.isArray(config.suites) ? (config.suites as unknown[]) : [];
  return [
    ...(probe ? healthRules(probe) : []),
    // A suite that is wrong by itself has its problems already.
    ...suites.flatMap((given, index) => {
      const suite = SuiteFile.safeParse(given).data;
      return suite ? suiteRules(config, suite, ['suites', index]) : [];
    }),
  ];
}

function healthRules({ status, expect, dependencies = {} }: HealthProbe): Finding[] {
  const fields = new Map(Object.entries(expect?.json ?? {}));
  const isEmpty = [status].flat().every((one) => bodiless.has(one));
  const wantsBody = expect?.contains !== undefined || fields.size > 0;
  const findings = nested(expect?.json, ['healthProbe', 'expect', 'json']);
  if (isEmpty && (wantsBody || Object.keys(dependencies).length > 0))
    findings.push(finding(['healthProbe', 'status'], 'expected a status whose answers have a body'));
  for (const [name, { field, equals, severity }] of Object.entries(dependencies)) {
    const other = fields.get(field);
    if (severity === 'required' && other !== undefined && other !== equals)
      findings.push(
        finding(
          ['healthProbe', 'dependencies', name, 'equals'],
          `expected ${JSON.stringify(other)}, as in healthProbe.expect.json`,
        ),
      );
    fields.set(field, other ?? equals);
  }
  return findings;
}

function suiteRules(config: { traffic?: unknown }, suite: SuiteFile, at: Path): Finding[] {
  return [
    ...placeRules(config, suite, at),
    ...(suite.through === 'service' ? timeRules(config.traffic, suite, at) : []),
    ...suite.checks.flatMap((check, index) => checkRules(check, suite, [...at, 'checks', index])),
    ...(suite.ordered ? pathRules(suite, at) : contradictions(suite, at)),
  ];
}

function placeRules(config: unknown, suite: SuiteFile, at: Path): Finding[] {
  const findings: Finding[] = [];
  if (suite.through === 'service') {
    return suite.address === undefined
      ? []
      : [
          finding(
            [...at, 'address'],
            'expected through: load-balancer beside it: the service has its own address',
          ),
        ];
  }
  if (publicAddress(config, suite) === undefined)
    findings.push(finding([...at, 'through'], 'expected an address beside it: no load balancer is declared'));
  if (suite.when?.some((when) => when !== 'after'))
    findings.push(
      finding(
        [...at, 'when'],
        'expected [after]: the public name leads to the candidate when it has all traffic',
      ),
    );
  return findings;
}

/** What a release depends on is asked at least once: a share below 100 % is no part of every plan. */
function timeRules(traffic: unknown, { when, checks }: SuiteFile, at: Path): Finding[] {
  const steps = Traffic.safeParse(traffic ?? {}).data?.steps;
  if (steps === undefined || steps.some((share) => share < 100)) return [];
  // `candidate` is no time for figures, which is said of a suite that has no other.
  const asked = (kind: string): boolean =>
    when?.some((one) => one === 'after' || (one === 'candidate' && kind !== 'metrics')) ?? true;
  const never = checks.filter(({ kind, severity }) => severity === 'required' && !asked(kind));
  if (never.length === 0 || !when?.includes('traffic')) return [];
  const names = never.map(({ name }) => name).join(', ');
  const expected = `expected after too, or a share below 100 in traffic.steps: ${names} would never be asked`;
  return [finding([...at, 'when'], expected)];
}

function checkRules(check: SuiteFile['checks'][number], suite: SuiteFile, at: Path): Finding[] {
  const findings: Finding[] = [];
  if (check.kind === 'job') return findings;
  if (check.kind === 'metrics') {
    if (check.errorRatio === undefined && check.latencyP95 === undefined)
      findings.push(finding(at, 'expected errorRatio or latencyP95, or both'));
    if (suite.when?.every((when) => when === 'candidate'))
      findings.push(
        finding(at, 'expected a suite that is asked under traffic: before it there are no requests'),
      );
    return findings;
  }
  const { staysOpen = 0, closeCode = 1000 } = check.kind === 'websocket' ? check.expect : {};
  const stays = staysOpen + (closeCode === 1000 ? 0 : check.timeout);
  const seconds = (check.timeout + stays) * (check.retries + 1) + check.retries;
  if (seconds > longestCheckSeconds) {
    const expected = `expected at most ${longestCheckSeconds} s for all attempts of a check; it is ${seconds} s`;
    findings.push(finding([...at, check.retries > 0 ? 'retries' : 'timeout'], expected));
  }
  if (check.kind === 'http') findings.push(...httpRules(check, suite.ordered, at));
  if (check.kind === 'websocket') findings.push(...nested(check.expect.json, [...at, 'expect', 'json']));
  return findings;
}

function httpRules(
  { expect, method, timeout, capture, body }: HttpCheck,
  isOrdered: boolean,
  at: Path,
): Finding[] {
  const findings = nested(expect.json, [...at, 'expect', 'json']);
  const fromBody = Object.values(capture).some((from) => !('header' in from));
  const wantsBody = expect.contains !== undefined || Object.keys(expect.json ?? {}).length > 0 || fromBody;
  if (wantsBody && bodiless.has(expect.status))
    findings.push(finding([...at, 'expect', 'status'], 'expected a status whose answers have a body'));
  if (wantsBody && method === 'HEAD')
    findings.push(finding([...at, 'method'], 'expected a method whose answers have a body'));
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    findings.push(finding([...at, 'method'], 'expected a method that sends a body'));
  if (expect.maximumLatency !== undefined && expect.maximumLatency > timeout)
    findings.push(
      finding(
        [...at, 'expect', 'maximumLatency'],
        `expected at most the check's timeout, which is ${timeout} s`,
      ),
    );
  if (!isOrdered && Object.keys(capture).length > 0)
    findings.push(
      finding([...at, 'capture'], 'expected ordered: true: in no other suite a check comes after it'),
    );
  return findings;
}

/** A field cannot have a value and have fields. */
function nested(json: Record<string, unknown> | undefined, at: Path): Finding[] {
  const fields = Object.keys(json ?? {});
  return fields.flatMap((field) => {
    const outer = fields.find((other) => field.startsWith(`${other}.`));
    return outer === undefined
      ? []
      : [finding([...at, field], `expected no value within ${outer}, which has a value itself`)];
  });
}

/** In a path every used value is given before. */
function pathRules({ checks }: SuiteFile, at: Path): Finding[] {
  const given = new Set<string>();
  return checks.flatMap((check, index) => {
    const place = [...at, 'checks', index];
    if (check.kind === 'job' || check.kind === 'metrics')
      return [finding([...place, 'kind'], 'expected http, websocket or tls in an ordered suite')];
    if (check.kind === 'tls') return [];
    const missing = [...new Set(textsOf(check).flatMap(namesIn))].filter((name) => !given.has(name));
    for (const name of check.kind === 'http' ? Object.keys(check.capture) : []) given.add(name);
    return missing.map((name) => finding(place, `expected a check before it that captures ${name}`));
  });
}

/** Required checks of one suite that ask the same and cannot all be content. */
function contradictions({ checks }: SuiteFile, at: Path): Finding[] {
  const wanted = new Map<string, Map<string, unknown>>();
  return checks.flatMap((check, index) => {
    if (check.kind !== 'http' || check.severity !== 'required') return [];
    const { method, path, headers, body, followRedirects, expect } = check;
    const key = JSON.stringify([
      method,
      path,
      Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      body,
      followRedirects,
    ]);
    const known = wanted.get(key) ?? new Map<string, unknown>();
    wanted.set(key, known);
    const place = [...at, 'checks', index, 'expect'];
    const fields: [string, Path, unknown][] = [
      ['status', [...place, 'status'], expect.status],
      ...Object.entries(expect.json ?? {}).map(([field, value]): [string, Path, unknown] => [
        `json.${field}`,
        [...place, 'json', field],
        value,
      ]),
    ];
    return fields.flatMap(([field, path, value]) => {
      if (!known.has(field) || known.get(field) === value) {
        known.set(field, value);
        return [];
      }
      const other = JSON.stringify(known.get(field));
      return [finding(path, `expected ${other}, which another check wants of the same request`)];
    });
  });
}
