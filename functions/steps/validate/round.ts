import { publicAddress } from '#shared/checks/public-address.ts';
import type { Check } from '#shared/domain/check.ts';
import { Fault } from '#shared/domain/fault.ts';
import type { LookCheck } from '#shared/domain/service/checks.ts';
import type { StepContext } from '#functions/steps/step.ts';
import type { Asking, Unit, UnitAnswer } from './asking.ts';
import { jobUnit } from './job.ts';
import { metricsUnit } from './metrics.ts';
import { longestLook, look, pathUnit } from './path.ts';

/** Requests at a time: a candidate may be small, and this is no load test. */
const atOnce = 8;
/** Within the time of one dispatch (`targets.json`), with room for the record. */
const roundSeconds = 50;

/** Everything the service file asks in this phase, in its order. */
export function unitsOf(context: StepContext, candidateUrl: string, serviceUrl: string): Unit[] {
  const { deployment, message } = context;
  const { config, stable } = deployment;
  const phase =
    message.phase === 'candidate' ? 'candidate' : message.phase === 'traffic-100' ? 'after' : 'traffic';
  const isClosed = config.runtime.access === 'private' || stable?.first === true;
  return config.suites.flatMap((suite) => {
    const isPublic = suite.through === 'load-balancer';
    const always = isPublic ? ['after'] : ['candidate', 'traffic', 'after'];
    if (!(suite.when ?? always).includes(phase)) return [];
    const own = phase === 'after' ? serviceUrl : candidateUrl;
    const address = isPublic ? publicAddress(config, suite) : own;
    if (address === undefined) throw new Fault('invalid-input', `suite ${suite.title} has no public name`);
    // A token goes to the service's own addresses only: who answers at a name is not Slipway's to know.
    const token = isClosed && !isPublic ? { audience: serviceUrl } : {};
    return unitsOfSuite({ context, suite, address, ...token }, phase === 'candidate');
  });
}

function unitsOfSuite(asking: Asking, isBeforeTraffic: boolean): Unit[] {
  const { suite } = asking;
  if (suite.ordered) {
    const looks = suite.checks.filter(
      (check): check is LookCheck => check.kind !== 'job' && check.kind !== 'metrics',
    );
    return [pathUnit(asking, looks)];
  }
  return suite.checks.flatMap((wanted): Unit[] => {
    switch (wanted.kind) {
      case 'job':
        return [jobUnit(asking, wanted)];
      case 'metrics':
        // Without traffic there are no users' requests.
        return isBeforeTraffic ? [] : [metricsUnit(asking, wanted)];
      default:
        return [
          {
            suite: suite.title,
            ids: [wanted.name],
            longestSeconds: longestLook(wanted),
            ask: async () => ({ checks: [(await look(asking, wanted)).check] }),
          },
        ];
    }
  });
}

/**
 * Asks what was not answered before, at most `atOnce` at a time and only what surely fits into this dispatch.
 * @param recorded answers of earlier dispatches
 * @returns the new answers in the units' order; `left` is for the next dispatch
 * @throws what a unit threw, when nothing runs any more
 */
export async function askRound(
  { deps: { clock } }: StepContext,
  units: readonly Unit[],
  recorded: readonly Check[],
): Promise<{ answers: { unit: Unit; answer: UnitAnswer }[]; left: number }> {
  const endMs = clock.now() + roundSeconds * 1000;
  const isKnown = (unit: Unit): boolean =>
    !unit.isFollowed &&
    unit.ids.every((id) => recorded.some((check) => check.suite === unit.suite && check.id === id));
  const waiting = units.filter((unit) => !isKnown(unit));
  const answers = new Map<Unit, UnitAnswer>();
  async function work(): Promise<void> {
    for (;;) {
      const next = waiting.findIndex((unit) => clock.now() + unit.longestSeconds * 1000 <= endMs);
      const [unit] = next < 0 ? [] : waiting.splice(next, 1);
      if (!unit) return;
      answers.set(unit, await unit.ask());
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, work));
  const broken = workers.find((worker) => worker.status === 'rejected');
  if (broken) throw broken.reason;
  const inOrder = units.flatMap((unit) => {
    const answer = answers.get(unit);
    return answer ? [{ unit, answer }] : [];
  });
  return { answers: inOrder, left: waiting.length };
}
