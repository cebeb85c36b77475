import type { Check } from '#shared/domain/check.ts';
import { preflightChecks } from '#functions/preflight/preflight.ts';
import type { Step } from '#functions/steps/step.ts';

/**
 * Everything that can be known to go wrong before anything is built. Rule, in order: a look-up that may be answered the
 * next time, or Cloud Run that cannot be looked at → a fault, with the other results on record; a required check that did not pass → rejected; else succeeded,
 * whatever advisory checks say.
 */
export const preflight: Step = {
  name: 'preflight',
  async run({ deps, deployment, save }) {
    const { config, request } = deployment;
    const { checks, faults, first } = await preflightChecks(deps, { config, release: request });
    // One that may be gone the next time comes first: a retry may then tell all.
    const fault = faults.find(({ retryable }) => retryable) ?? faults[0];
    if (fault) {
      await save({ checks });
      throw fault;
    }
    const bad = checks.filter(({ severity, outcome }) => severity === 'required' && outcome !== 'pass');
    if (bad.length > 0) {
      return { status: 'rejected', reason: bad.map(inWords).join('; '), patch: { checks } };
    }
    const build = request.tag === undefined && request.digest === undefined;
    const how = build ? 'the image will be built' : 'the image exists, nothing to build';
    return {
      status: 'succeeded',
      summary: `${counted(checks)}; ${first ? 'first deployment' : 'service exists'}; ${how}`,
      patch: { checks },
      decision: { build, traffic: first ? [100] : config.traffic.steps },
    };
  },
};

function counted(checks: readonly Check[]): string {
  const passed = checks.filter(({ outcome }) => outcome === 'pass').length;
  const rest = checks.length - passed;
  const sum = `${passed} ${passed === 1 ? 'check' : 'checks'} passed`;
  return rest === 0 ? sum : `${sum}, ${rest} advisory ${rest === 1 ? 'one' : 'ones'} did not`;
}

const inWords = (check: Check): string =>
  check.outcome === 'not-run'
    ? `${check.title}: ${check.reason}`
    : `${check.title}: ${check.evidence.observed}, expected ${check.evidence.expected}`;
