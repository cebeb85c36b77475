import { isOnlyDeclared, settingsOf } from '#shared/config/config-diff.ts';
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
 * A claim holds if what it is bound to shows it of a revision that became ready: its check, every time it was asked, or the
 * setting's value and that it is another one than before. Any other claim is not verified.
 */
function claimsOf({ claims }: Pick<Change, 'claims'>, deployment: Deployment): Claim[] {
  return claims.map((text) => {
    const { claim, by } = bindingOf(text);
    const judged = by.kind === 'check' ? byCheck(claim, by.id, deployment) : bySetting(claim, by, deployment);
    return judged.status !== 'verified' || becameReady(deployment)
      ? judged
      : { claim, status: 'not-verified', reason: 'no revision with this configuration became ready' };
  });
}

const becameReady = ({ checks }: Deployment): boolean =>
  checks.some(({ step, outcome }) => step === 'deploy' && outcome === 'pass');

function byCheck(claim: string, id: string, { checks, config }: Deployment): Claim {
  const askings = checks.filter((check) => check.id === id);
  const by = askings[0]?.title ?? id;
  const failed = evidenceOf(askings.filter((check) => check.outcome === 'fail'));
  if (failed.length > 0) return { claim, status: 'contradicted', by, evidence: failed };
  const open = (reason: string): Claim => ({ claim, status: 'not-verified', reason });
  if (askings.length === 0)
    return open(claim === id ? 'no check is bound to it' : `there was no check ${id}`);
  const unanswered = askings.find((check) => check.outcome !== 'pass');
  if (unanswered) return open(`its check is ${unanswered.outcome}`);
  const evidence = evidenceOf(askings);
  // What the file says was seen by nobody, even if the limit that it is compared with was looked up.
  const declared = evidence.flatMap(({ source, asked }) =>
    /^service file\b/.test(source) ? asked.split(', ').filter((path) => isOnlyDeclared(config, path)) : [],
  );
  if (declared.length > 0) return open(`its check rests on what is only declared: ${declared.join(', ')}`);
  return { claim, status: 'verified', by, evidence };
}

const evidenceOf = (checks: readonly Check[]): Evidence[] =>
  checks.flatMap((check) => (check.outcome === 'not-run' ? [] : [check.evidence]));

function bySetting(
  claim: string,
  { path, to }: { path: string; to?: string },
  { previous, config, configSource, result, updatedAt }: Deployment,
): Claim {
  const open = (reason: string): Claim => ({ claim, status: 'not-verified', reason });
  const value = settingsOf(config).get(path);
  if (value !== undefined && isOnlyDeclared(config, path))
    return open(`${path} is only declared; name the variable that sets it, or a check`);
  if (previous === undefined) return open('it is compared with what was live before when it ends');
  if (previous.status === 'none') return open(`nothing to compare ${path} with: ${previous.reason}`);
  const change = previous.config.find((one) => one.path === path);
  if (value === undefined && change === undefined) return open(`the service file has no setting ${path}`);
  const isSo = to === undefined || (value !== undefined && isValue(value, to));
  // Deployed again, a change has been made already.
  if (isSo && !change) return open(`${path} was so before, in ${previous.deploymentId}`);
  const said = change ? `${change.from ?? 'nothing'} → ${change.to ?? 'nothing'}` : 'as before';
  const evidence: Evidence = {
    source: `${configSource}, and the configuration of ${previous.deploymentId}`,
    asked: path,
    // The value itself may be one that nobody should read.
    observed: isSo ? said : `${said}; it is not ${to}`,
    expected: to === undefined ? 'another value than before' : `${to}, and not so before`,
    at: result?.finishedAt ?? updatedAt,
  };
  return { claim, status: isSo ? 'verified' : 'contradicted', by: path, evidence: [evidence] };
}

/** As the record has it, as JSON or as text, or as the duration that stands in the file. */
function isValue(json: string, text: string): boolean {
  if (json === text || json === JSON.stringify(text)) return true;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600 }[unit];
  return amount !== undefined && seconds !== undefined && Number(json) === Number(amount) * seconds;
}
