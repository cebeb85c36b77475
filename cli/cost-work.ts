import { z } from 'zod';
import type { DeploymentView } from './answers.ts';

/** A number that was counted with, and where it comes from. */
export const Input = z.object({ what: z.string(), from: z.string() });
export type Input = z.infer<typeof Input>;

/** What one deployment has the functions do, planned or as it was. */
export interface Work {
  what: string;
  steps: { name: string; dispatches: number; seconds: number }[];
  /** Steps that were begun; a step that looks again goes on. */
  runs: number;
  /** Percentages that were shifted to. */
  shifts: number;
  /** During which a claim is prolonged. */
  heldSeconds: number;
  buildMinutes: number;
  inputs: Input[];
}

/** Not measured on Google Cloud. A step asks Cloud Run or a registry, a trigger the ledger. */
export const assumed = { stepSeconds: 2, triggerSeconds: 1 };
/** As `health-probe` does it: 20 s of looking, then at least 5 s of nothing. */
const look = { seconds: 20, pauseSeconds: 5 };
/** The service file's default: three successes, a second apart. */
const proofSeconds = 2;

/**
 * A release that goes straight to its end, watched for `bakeSeconds` at each of `steps` percentages.
 * @param given what was not given is the service file's default
 */
export function straightWork(given: { steps?: number | undefined; bakeSeconds?: number | undefined }): Work {
  const { steps = 1, bakeSeconds = 10 } = given;
  const fromOf = (value: number | undefined): string =>
    value === undefined ? "the service file's default" : 'given';
  const watches = `${steps} traffic ${steps === 1 ? 'step' : 'steps'}`;
  const looksAgain =
    steps * Math.max(0, Math.ceil((bakeSeconds - look.seconds) / (look.seconds + look.pauseSeconds)));
  const watched = proofSeconds + steps * bakeSeconds - looksAgain * look.pauseSeconds;
  const times: Record<string, number> = {
    preflight: 1,
    push: 1,
    deploy: 1,
    'health-probe': 1 + steps + looksAgain,
    validate: 1 + steps,
    'shift-traffic': steps + 1,
    report: 1,
  };
  return {
    what: `A deployment with ${watches} and ${bakeSeconds} s of bake at each`,
    steps: Object.entries(times).map(([name, dispatches]) => ({
      name,
      dispatches,
      seconds: dispatches * assumed.stepSeconds + (name === 'health-probe' ? watched : 0),
    })),
    runs: 7 + 3 * steps,
    shifts: steps,
    heldSeconds: watched,
    buildMinutes: 0,
    inputs: [
      { what: watches, from: fromOf(given.steps) },
      { what: `${bakeSeconds} s of bake`, from: fromOf(given.bakeSeconds) },
      { what: `${assumed.stepSeconds} s a call of a step, its watching apart`, from: 'assumed' },
      { what: 'an image that is there already, no build', from: 'assumed' },
    ],
  };
}

/** A deployment as its record has it. What it waited for between two looks counts as work: an upper bound. */
export function recordedWork({ id, service, environment, result, steps }: DeploymentView): Work {
  const runs = steps.filter(({ status }) => status !== 'skipped').sort((a, b) => a.seq - b.seq);
  const secondsOf = ({ startedAt, endedAt = startedAt }: (typeof runs)[number]): number =>
    Math.max(0.1, Math.ceil((Date.parse(endedAt) - Date.parse(startedAt)) / 100) / 10);
  const done = runs.map((run, index) => {
    const numbers = run.seq - (runs[index - 1]?.seq ?? 0);
    // After an error of the engine the workflow counts on a thousand further (workflows/deploy.yaml).
    const jumps = run.step === 'rollback' || run.step === 'report';
    return {
      name: run.step,
      dispatches: Math.max(1, jumps ? numbers % 1000 : numbers),
      seconds: secondsOf(run),
    };
  });
  const buildSeconds = done.filter(({ name }) => name === 'build').reduce(addSeconds, 0);
  return {
    what: `Deployment ${id} (${service} ${environment}, ${result?.outcome ?? 'not finished'})`,
    steps: done,
    runs: done.length,
    shifts: runs.filter(({ phase, step }) => step === 'shift-traffic' && phase !== 'after').length,
    heldSeconds: done.reduce(addSeconds, 0),
    buildMinutes: buildSeconds / 60,
    inputs: [
      { what: 'steps, dispatches, seconds (waits between looks included)', from: 'its record' },
      ...(buildSeconds > 0 ? [{ what: 'build minutes', from: 'the seconds of the step build' }] : []),
    ],
  };
}

const addSeconds = (sum: number, { seconds }: { seconds: number }): number => sum + seconds;
