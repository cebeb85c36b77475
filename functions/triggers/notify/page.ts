import type { Deployment } from '#shared/domain/deployment.ts';
import { Fault } from '#shared/domain/fault.ts';
import { markDone } from '#shared/ledger/last-done.ts';
import { buildReport } from '#shared/report/report.ts';
import type { Deps } from '#functions/deps.ts';
import { owesPage, pageId } from '#functions/triggers/notify/owes-page.ts';

/**
 * Calls a person when only a person can help. Its mark is its own, apart from what stands in Slack: neither is lost with the
 * other. A call that the pager refuses for good is not repeated. @throws Fault when it may be repeated
 */
export async function page(deps: Deps, deployment: Deployment): Promise<void> {
  const { pager, ledger, clock, log } = deps;
  if (!pager || !(await owesPage(deps, deployment))) return;
  const { id, service, environment } = deployment;
  const { headline, serving, action, failure } = buildReport(deployment);
  try {
    await pager.page({
      key: id,
      summary: `${headline}: a person is needed. ${serving.sentence}`,
      details: {
        deployment: id,
        service,
        environment,
        serving: serving.sentence,
        action: action.sentence,
        command: action.command?.line,
        failure: failure?.message,
      },
    });
  } catch (error) {
    const passing = !(error instanceof Fault) || error.retryable;
    const what = error instanceof Fault ? error.message : 'the pager failed';
    log('ERROR', `nobody was paged for ${id}: ${what}`, { metric: 'pager_failures', deploymentId: id });
    if (passing) throw error;
  }
  await markDone(ledger, pageId(deployment), clock.now());
}
