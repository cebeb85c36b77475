import { judgeAlerts } from './alerts.ts';
import { judgeApis, judgeTargetApis } from './apis.ts';
import { judgeCallers, judgeServices, listServices } from './callers.ts';
import { judgeDeadLetters } from './dead-letters.ts';
import type { Finding } from './finding.ts';
import { conditionsOf, judgeFunctions, listFunctions } from './functions.ts';
import { judgeAccounts, judgeRoles } from './identities.ts';
import { judgeLedger } from './ledger.ts';
import { judgeMessages } from './messages.ts';
import type { Scene } from './scene.ts';
import { judgeSecrets } from './secrets.ts';
import { judgeSchedule } from './schedule.ts';
import { judgeBucket, judgeRepository } from './storage.ts';
import { judgeWorkflow } from './workflow.ts';

/**
 * An installation in Google Cloud beside what this checkout says it has. All questions are asked at once, by reading calls
 * only. What may not be looked at is `unknown`, never a pass; what Google or the network did is never thrown.
 */
export async function gcpDoctor(scene: Scene): Promise<Finding[]> {
  const functions = listFunctions(scene);
  const services = listServices(scene);
  const on = functions.then((answer) => conditionsOf(scene, answer));
  const behind = async (): Promise<Finding[]> =>
    judgeServices(scene, await on, await functions, await services);
  const asked = Promise.all([
    judgeTargetApis(scene, on),
    functions.then((answer) => judgeFunctions(scene, answer)),
    behind(),
    judgeCallers(scene, on, services),
    judgeMessages(scene, on, functions),
    judgeDeadLetters(scene),
    judgeSchedule(scene),
    judgeWorkflow(scene),
    judgeLedger(scene),
    judgeBucket(scene),
    judgeRepository(scene),
    judgeSecrets(scene, on, functions),
    judgeAccounts(scene, on),
    judgeRoles(scene),
    judgeAlerts(scene),
  ]);
  const [apis, others] = await Promise.all([judgeApis(scene, asked), asked]);
  return [...apis, ...others.flat()];
}
