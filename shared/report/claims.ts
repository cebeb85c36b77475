import { settingsOf } from '#shared/config/config-diff.ts';
import { bindingOf, type Change } from '#shared/domain/change.ts';
import type { Check, Evidence } from '#shared/domain/check.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import type { Claim, Report } from './document.ts';

/**
 * What it was for, with every claim judged. What was asked for names it; what the image's labels claim is claimed all the
 * same.
 */
export function changeOf(deployment: Deployment): Report['change'] {
  const [asked, labelled] = [deployment.request.change, deployment.release?.change];
  const change = asked ?? labelled;
  if (!change) return null;
  const claims = [...new Set([...change.claims, ...(labelled?.claims ?? [])])];
  return {
    id: change.id,
    title: change.title,
    url: change.url ?? null,
    claims: claimsOf({ claims }, deployment),
  };
}

/**
 * A claim holds if what it is bound to shows it: its check, every time it was asked, or the setting's value and that it is
 * another one than before. Any other claim is not verified.
 */
function claimsOf({ claims }: Pick<Change, 'claims'>, deployment: Deployment): Claim[] {
  return claims.map((text) => {
    const { claim, by } = bindingOf(text);
    return by.kind === 'check' ? byCheck(claim, by.id, deployment.checks) : bySetting(claim, by, deployment);
  });
}

function byCheck(claim: string, id: string, checks: readonly Check[]): Claim {
  const askings = checks.filter((check) => check.id === id);
  const failed = evidenceOf(askings.filter((check) => check.outcome === 'fail'));
  if (failed.length > 0) return { claim, status: 'contradicted', evidence: failed };
  if (askings.length === 0) {
    const reason = claim === id ? 'no check is bound to it' : `there was no check ${id}`;
    return { claim, status: 'not-verified', reason };
  }
  const open = askings.find((check) => check.outcome !== 'pass');
  if (open) return { claim, status: 'not-verified', reason: `its check is ${open.outcome}` };
  return { claim, status: 'verified', evidence: evidenceOf(askings) };
}

const evidenceOf = (checks: readonly Check[]): Evidence[] =>
  checks.flatMap((check) => (check.outcome === 'not-run' ? [] : [check.evidence]));

function bySetting(
  claim: string,
  { path, to }: { path: string; to?: string },
  { previous, config, configSource, checks, result, updatedAt }: Deployment,
): Claim {
  const open = (reason: string): Claim => ({ claim, status: 'not-verified', reason });
  // A setting that nothing ran with shows nothing.
  if (!checks.some(({ step, outcome }) => step === 'deploy' && outcome === 'pass'))
    return open('no revision with this configuration became ready');
  if (previous === undefined) return open('it is compared with what was live before when it ends');
  if (previous.status === 'none') return open(`nothing to compare ${path} with: ${previous.reason}`);
  const value = settingsOf(config).get(path);
  const change = previous.config.find((one) => one.path === path);
  if (value === undefined && change === undefined) return open(`the service file has no setting ${path}`);
  const said = change ? `${change.from ?? 'nothing'} → ${change.to ?? 'nothing'}` : 'as before';
  const isSo = to === undefined || (value !== undefined && isValue(value, to));
  // The value itself may be one that nobody should read.
  const observed = to === undefined || isSo ? said : `${said}; it is not ${to}`;
  const evidence: Evidence = {
    source: `${configSource}, and the configuration of ${previous.deploymentId}`,
    asked: path,
    observed,
    expected: to === undefined ? 'another value than before' : `${to}, and not so before`,
    at: result?.finishedAt ?? updatedAt,
  };
  return { claim, status: change && isSo ? 'verified' : 'contradicted', evidence: [evidence] };
}

/** As the record has it, as JSON or as text, or as the duration that stands in the file. */
function isValue(json: string, text: string): boolean {
  if (json === text || json === JSON.stringify(text)) return true;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600 }[unit];
  return amount !== undefined && seconds !== undefined && Number(json) === Number(amount) * seconds;
}
