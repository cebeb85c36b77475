import type { ChatAction } from '#shared/domain/chat.ts';
import type { Deployment } from '#shared/domain/deployment.ts';
import { isFinished } from '#shared/domain/deployment.ts';
import { shortDigest } from '#shared/domain/image.ts';
import type { Quarantine } from '#shared/domain/quarantine.ts';
import type { SlackMessage } from '#shared/ports/people.ts';
import { buildReport } from '#shared/report/report.ts';
import { counted, durationInWords, utc } from '#shared/report/words.ts';
import { actionButton, actions, context, section, table } from '#shared/slack/blocks.ts';
import { fitted } from '#shared/slack/fitted.ts';
import { limits } from '#shared/slack/limits.ts';
import { code, foreign, time } from '#shared/slack/mrkdwn.ts';

/** What people read after a command or a button. Texts of others are escaped here; nobody is called by an answer. */

/** @param lines mrkdwn, escaped */
export const said = (...lines: string[]): SlackMessage =>
  fitted({ text: lines.join('\n'), blocks: paragraphs(lines) });

/** As many sections as the lines need: one that is too long would be cut. */
function paragraphs(all: readonly string[]): Record<string, unknown>[] {
  const parts: string[][] = [];
  let room = 0;
  for (const line of all) {
    if (line.length > room) {
      parts.push([]);
      room = limits.section;
    }
    parts.at(-1)?.push(line);
    room -= line.length + 1;
  }
  return parts.flatMap((part) => section(...part));
}

export const notDone = (reason: string): SlackMessage => said(`*Not done.* ${foreign(reason, 2500)}`);

/**
 * A rule names the command of the CLI that sets it aside; the same as it is typed in Slack.
 * `slipway lock hello staging --steal --reason …` → `/deploy lock hello staging steal reason="…"`
 */
export const asTyped = (reason: string, command: string): string =>
  reason.replace(/slipway ((?:deploy|lock|unlock|rollback|quarantine) [^;]*)/g, (_, rest: string) => {
    const typed = rest.replace(/ --(reason|override-freeze) …/g, ' $1="…"').replace(' --steal', ' steal');
    return `${command} ${typed}`;
  });

/** @param again the whole command as it was probably meant, without `/deploy` */
export const notUnderstood = (problem: string, command: string, again: string | undefined): SlackMessage =>
  said(
    foreign(problem, 1500),
    again === undefined
      ? `All commands: ${code(`${command} help`)}`
      : `Did you mean ${code(`${command} ${again}`, 500)}?`,
  );

export const lines = (all: readonly string[]): SlackMessage => said(...all.map((line) => foreign(line, 500)));

/** Rows of plain text, the head first; as lines where Slack has no tables. */
export function tabular(
  title: string,
  rows: readonly (readonly string[])[],
  ...notes: string[]
): SlackMessage {
  const cells = rows.map((row) => row.map((cell) => foreign(cell, 120) || '–'));
  const small = notes.length === 0 ? [] : [context(...notes)];
  const asLines = cells.slice(1).map((row) => `• ${row.join(' · ')}`);
  const head = section(`*${foreign(title)}*`);
  return fitted({
    text: [foreign(title), ...asLines].join('\n'),
    blocks: [...head, table(cells), ...small],
    simpler: [...head, ...paragraphs(asLines), ...small],
  });
}

/** One deployment in full: what serves now and whether somebody must act come first. */
export function deploymentMessage(deployment: Deployment): SlackMessage {
  const { headline, serving, action, failure, request } = buildReport(deployment);
  const running = deployment.steps.findLast(({ endedAt }) => endedAt === undefined);
  return said(
    `*${foreign(headline)}* (${code(deployment.id)})`,
    `${foreign(serving.sentence, 1000)} ${foreign(action.sentence, 500)}`,
    ...(failure
      ? [`Ended by ${foreign(failure.step)}: ${foreign(failure.cause?.sentence ?? failure.message, 600)}`]
      : []),
    ...(running
      ? [`Now: ${foreign(running.step)} ${foreign(running.phase)}, since ${time(running.startedAt)}`]
      : []),
    ...(deployment.acknowledged ? [`${foreign(deployment.acknowledged.by)} is on it.`] : []),
    `Asked for by ${foreign(request.requestedBy)}, ${time(request.requestedAt)}`,
  );
}

export function historyMessage(
  title: string,
  deployments: readonly Deployment[],
  command: string,
): SlackMessage {
  const rows = deployments.map((one) => [
    one.id,
    `${one.service} ${one.environment}`,
    releaseOf(one),
    one.result?.outcome ?? one.status,
    tookOf(one),
    one.request.requestedBy,
    utc(one.createdAt),
  ]);
  const back = deployments.find(({ result }) => result?.outcome === 'live');
  const note = back
    ? [
        `To go back to one that was live: ${code(`${command} rollback ${back.service} ${back.environment} to ${back.id}`)}`,
      ]
    : [];
  return rows.length === 0
    ? said(`${foreign(title)}: none yet.`)
    : tabular(title, [['Deployment', 'Place', 'Release', 'Result', 'Took', 'Who', 'When'], ...rows], ...note);
}

export const quarantineMessage = (held: readonly Quarantine[], command: string): SlackMessage =>
  held.length === 0
    ? said('Nothing is in quarantine.')
    : tabular(
        `${counted(held.length, 'release')} in quarantine`,
        [
          ['Id', 'Release', 'Since', 'Why'],
          ...held.map(({ id, tag, digest, at, reason }) => [id, tag ?? shortDigest(digest), utc(at), reason]),
        ],
        `To let one go: ${code(`${command} quarantine release ID REASON`)}`,
      );

/** The release as people call it. */
export const releaseOf = ({ release, request }: Pick<Deployment, 'release' | 'request'>): string => {
  const digest = release?.digest ?? request.digest;
  return (
    release?.version ??
    release?.tag ??
    request.tag ??
    (digest === undefined ? 'a build' : shortDigest(digest))
  );
};

/** A message whose first button does what is asked for, and whose second takes it away. */
export const asking = (message: SlackMessage, label: string, action: ChatAction): SlackMessage => {
  const buttons = actions(
    actionButton(label, action, { style: 'primary' }),
    actionButton('Dismiss', { action: 'dismiss' }),
  );
  const { simpler } = message;
  return {
    ...message,
    blocks: [...message.blocks, ...buttons],
    ...(simpler ? { simpler: [...simpler, ...buttons] } : {}),
  };
};

function tookOf(deployment: Deployment): string {
  const { startedAt, result } = deployment;
  if (startedAt === undefined) return '–';
  if (!isFinished(deployment) || !result) return 'running';
  return durationInWords(Date.parse(result.finishedAt) - Date.parse(startedAt));
}
