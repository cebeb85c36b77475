import type { Change } from '#shared/domain/change.ts';
import { shortDigest } from '#shared/domain/image.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { counted, durationInWords } from '#shared/report/words.ts';
import { context, fields, header, section } from '#shared/slack/blocks.ts';
import { escapeText } from '#shared/slack/escape.ts';
import { fitted } from '#shared/slack/fitted.ts';
import { code, foreign, link } from '#shared/slack/mrkdwn.ts';
import { asTyped } from '#functions/triggers/commands/answers.ts';
import type { LookAhead } from '#functions/triggers/commands/look-ahead.ts';

/** The rest is told by number. */
const shownChanges = 12;
const shownFindings = 15;

/** What a deployment would be. @param command `/deploy` @param findings of preflight, when it was asked */
export function previewMessage(
  ahead: LookAhead,
  command: string,
  findings: readonly string[] = [],
): SlackMessage {
  const { config, from, to, compareUrl, change, changes, admission, configHash } = ahead;
  const { service, environment, policy } = config;
  const target = to ? named(to) : 'what is still to be built';
  const title = `Deploy ${service} to ${environment}?`;
  const way = `${from ? named(from) : 'nothing'} → ${target}`;
  const verdict = `Asked for now, *${verdicts[admission.decision]}*: ${foreign(asTyped(admission.reason, command), 1000)}`;
  const approvals = policy.approvals;
  return fitted({
    text: `${foreign(title)} ${way}. ${verdict}`,
    blocks: [
      header(escapeText(title)),
      ...section(
        `*${way}*${compareUrl === undefined ? '' : ` · ${link(compareUrl, 'what changed in the source')}`}`,
        verdict,
      ),
      ...fields({
        Change: change && titleOf(change),
        Checks: foreign(checksOf(ahead)),
        Traffic: foreign(trafficOf(ahead)),
        Approvals: approvals
          ? `${approvals.required} of ${foreign(approvals.from.join(', '), 500)}`
          : 'none needed',
        Migration: config.migration && `job ${code(config.migration.job)}`,
      }),
      ...section(...changeLines(changes, from !== undefined)),
      ...section(
        ...findings.slice(0, shownFindings).map((finding) => foreign(finding, 300)),
        ...more(findings.length - shownFindings, 'more finding'),
      ),
      context(
        `configuration ${code(configHash.slice(0, 12))}`,
        ...(to ? [`image ${code(to.digest, 80)}`] : []),
      ),
    ],
  });
}

const verdicts: Record<LookAhead['admission']['decision'], string> = {
  admitted: 'it starts at once',
  waiting: 'it waits for its turn',
  duplicate: 'there is nothing to do',
  refused: 'it is refused',
  superseded: 'it is superseded',
  'awaiting-approval': 'it waits for approval',
};

/** Its claims are judged by the report, of the deployment. */
function titleOf({ id, title, url, claims }: Change): string {
  const text = `${id}: ${title}`;
  const claimed = claims.length === 0 ? '' : `, ${counted(claims.length, 'claim')}`;
  return `${url === undefined ? foreign(text) : link(url, text)}${claimed}`;
}

/** What would change against what is live. */
export function diffMessage({ config, from, to, compareUrl, changes }: LookAhead): SlackMessage {
  const place = `${foreign(config.service)} ${foreign(config.environment)}`;
  if (!from)
    return fitted({ text: `Nothing is live in ${place}.`, blocks: section(`Nothing is live in ${place}.`) });
  const sources =
    from.source && to?.source ? ` (source ${code(from.source, 12)} → ${code(to.source, 12)})` : '';
  const way = to ? `${named(from)} → ${named(to)}${sources}` : `${named(from)} is live`;
  const url = compareUrl === undefined ? [] : [link(compareUrl, 'what changed in the source')];
  const all = [`*${place}*: ${way}`, ...url, ...changeLines(changes, true)];
  return fitted({ text: all.join('\n'), blocks: section(...all) });
}

function changeLines(changes: readonly LookAhead['changes'][number][], isLive: boolean): string[] {
  if (!isLive) return [];
  if (changes.length === 0) return ['The configuration is the one that is live.'];
  return [
    `*${counted(changes.length, 'setting')} changed* (durations in seconds)`,
    ...changes
      .slice(0, shownChanges)
      .map(({ path, from, to }) => `• ${code(path, 120)}: ${value(from)} → ${value(to)}`),
    ...more(changes.length - shownChanges, 'more setting'),
  ];
}

const value = (text: string | undefined): string => (text === undefined ? 'nothing' : code(text, 80));

const more = (count: number, thing: string): string[] =>
  count > 0 ? [`… and ${counted(count, thing)}`] : [];

const named = ({ tag, digest }: { tag?: string | undefined; digest: string }): string =>
  tag === undefined ? code(shortDigest(digest)) : `${code(tag)} (${code(shortDigest(digest))})`;

function checksOf({ config: { suites, analysis } }: LookAhead): string {
  const checks = suites.reduce((sum, suite) => sum + suite.checks.length, 0);
  const own = suites.map(({ title, checks: of }) => `${title} (${of.length})`).join(', ');
  return [
    'health probe',
    ...(checks === 0 ? [] : [own]),
    ...(analysis ? ['metrics under traffic'] : []),
  ].join(', ');
}

function trafficOf({ config: { traffic }, from }: LookAhead): string {
  const steps = from ? traffic.steps : [100];
  return `${steps.map((percent) => `${percent} %`).join(' → ')}, ${durationInWords(traffic.bake * 1000)} each`;
}
