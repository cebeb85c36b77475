import type { ServiceFile } from '#shared/config/service-file.ts';
import type { Check } from '#shared/domain/check.ts';
import { oneLine } from '#shared/report/text.ts';
import type { ApiClient } from '#cli/api-client.ts';
import type { PreflightView } from '#cli/preflight-answers.ts';
import type { Paint } from '#cli/terminal.ts';

/** What preflight says of a service file; nothing for one that has problems, which is not asked about. */
export const askLive = async (
  api: ApiClient,
  { text, parsed }: { text: string; parsed: ServiceFile },
): Promise<PreflightView[]> => (parsed.status === 'ok' ? api.preflight(text) : []);

/** True when a deployment would get past preflight. */
export const isGood = (views: readonly PreflightView[]): boolean =>
  views.every(({ checks }) =>
    checks.every(({ severity, outcome }) => severity !== 'required' || outcome === 'pass'),
  );

/** Suite by suite; of the checks that passed only their number. */
export const liveInWords = (views: readonly PreflightView[], paint: Paint): string =>
  views
    .map(({ environment, verdict, checks }) =>
      [
        `  ${environment}: ${verdict.explanation}`,
        ...Map.groupBy(checks, ({ suite }) => suite)
          .entries()
          .flatMap(([suite, those]) => [
            `    ${oneLine(suite)} ${those.filter(({ outcome }) => outcome === 'pass').length}/${those.length}`,
            ...those.filter(({ outcome }) => outcome !== 'pass').flatMap((check) => line(check, paint)),
          ]),
      ].join('\n'),
    )
    .join('\n');

function line(check: Check, paint: Paint): string[] {
  const required = check.severity === 'required';
  const sign = check.outcome === 'fail' ? '✗' : '?';
  const told =
    check.outcome === 'not-run'
      ? check.reason
      : `${check.evidence.observed}, expected ${check.evidence.expected}`;
  const advice = check.outcome === 'fail' ? check.recommendation?.change : undefined;
  return [
    `      ${paint(required ? 'red' : 'yellow', sign)} ${oneLine(check.title)}: ${oneLine(told)}`,
    ...(advice === undefined ? [] : [`        → ${oneLine(advice)}`]),
  ];
}
