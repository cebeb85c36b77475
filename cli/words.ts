import { shortDigest } from '#shared/domain/image.ts';
import { oneLine } from '#shared/report/text.ts';
import type { DeploymentView } from './answers.ts';
import type { Color } from './terminal.ts';

/** Whether the release serves now because of this deployment. */
export const wentLive = ({ result }: DeploymentView): boolean =>
  result?.outcome === 'live' || result?.outcome === 'live-with-recommendations';

/** `v2 (0123456789ab)`: the tag it was asked for by, and the digest as far as it is known. */
export function releaseOf({ request, release }: DeploymentView): string {
  return imageOf({ tag: request.tag, digest: release?.digest ?? request.digest });
}

/** The same of a tag and a digest, as far as they are known. */
export function imageOf({ tag, digest }: { tag?: string | undefined; digest?: string | undefined }): string {
  const short = digest === undefined ? undefined : shortDigest(digest);
  if (tag === undefined) return oneLine(short ?? 'to be built');
  return oneLine(short === undefined ? tag : `${tag} (${short})`);
}

/** The outcome, or what happens now, in a few words. */
export function stateOf(deployment: DeploymentView): string {
  const { status, result, steps } = deployment;
  if (result) return result.outcome;
  if (status === 'waiting') return 'waits for its turn';
  const step = steps.at(-1);
  return step === undefined ? 'starting' : oneLine(stepName(step));
}

export function colorOf({ result }: DeploymentView): Color {
  switch (result?.outcome) {
    case undefined:
      return 'cyan';
    case 'live':
      return 'green';
    case 'live-with-recommendations':
    case 'superseded':
    case 'cancelled':
      return 'yellow';
    case 'failed':
    case 'rolled-back':
    case 'rollback-failed':
    case 'refused':
      return 'red';
  }
}

/** `validate`, `validate at 50 %`, `shift-traffic at the end`: the phase where a step is made more than once. */
export function stepName({ step, phase }: { step: string; phase: string }): string {
  const percent = /^traffic-(\d+)$/.exec(phase)?.[1];
  if (percent !== undefined) return `${step} at ${percent} %`;
  return phase === 'after' && step === 'shift-traffic' ? `${step} at the end` : step;
}

/** `hello-d1f3k7q2x9ab 100 %`, `nothing`, or that it is not known. */
export function servingOf(deployment: DeploymentView): string {
  const serving = deployment.result?.serving;
  return serving === undefined || serving === null ? 'not known' : sharesOf(serving);
}

/** `hello-a 75 % · hello-b 25 %`, `nothing` */
export function sharesOf(serving: readonly { revision: string; percent: number }[]): string {
  if (serving.length === 0) return 'nothing';
  return serving.map(({ revision, percent }) => `${oneLine(revision)} ${percent} %`).join(' · ');
}

/** `just now`, `5 min ago`, `3 h ago`, `12 days ago`. */
export function ago(at: string, nowMs: number): string {
  const minutes = Math.floor((nowMs - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
