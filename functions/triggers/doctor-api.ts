import type { Deps } from '#functions/deps.ts';
import { slackDoctor } from '#functions/doctor.ts';
import type { ApiAnswer, ApiRequest } from '#functions/triggers/answers.ts';

/** @returns undefined when the path is another's */
export async function doctorApi(
  deps: Deps,
  { method, path }: Pick<ApiRequest, 'method' | 'path'>,
): Promise<ApiAnswer | undefined> {
  return `${method} ${path}` === 'GET /doctor/slack'
    ? { status: 200, body: { findings: await slackDoctor(deps) } }
    : undefined;
}
