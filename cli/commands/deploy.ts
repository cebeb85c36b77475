import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { changeOfText } from '#shared/domain/change.ts';
import { isDigest } from '#shared/domain/image.ts';
import { oneLine } from '#shared/report/text.ts';
import type { RequestView } from '#cli/answers.ts';
import type { ApiClient, DeployBody } from '#cli/api-client.ts';
import { approvalLines } from '#cli/approval-words.ts';
import { Common, examples, gather, reason, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { askFor, approvalSettled, decisionOn } from '#cli/decision.ts';
import { CommandError, exit, usageError } from '#cli/exit.ts';
import { followToEnd } from './watch.ts';

const Options = Common.extend({
  wait: z.boolean(),
  reason: z.string().optional(),
  change: z.string().optional(),
  changeUrl: z.string().optional(),
  claim: z.array(z.string()).default([]),
  overrideFreeze: z.string().optional(),
});
type Options = z.infer<typeof Options>;

/** `deploy SERVICE ENVIRONMENT [RELEASE]` */
export function addDeploy(program: Command, context: Context, run: Run): void {
  program
    .command('deploy')
    .description('bring a release to an environment; without a release, build it from the source first')
    .argument('<service>')
    .argument('<environment>')
    .argument('[release]', 'a tag, or sha256:… of the image')
    .option('--reason <text>', 'why now; it stands in the messages and in the report', reason)
    .option('--change <text>', 'what the release is for: its number or key, a space, and its title')
    .option('--change-url <url>', 'where the change is described')
    .option(
      '--claim <text>',
      'what the change is said to do, with what verifies it: "… => check:ID" or "… => config:PATH=VALUE"; may be given several times',
      gather,
    )
    .option('--override-freeze <reason>', 'deploy although it is frozen; the reason is in the report', reason)
    .option('--wait', 'follow it to its end, through approvals too', true)
    .option('--no-wait', 'end as soon as it is decided whether it starts')
    .option('--json', 'what came of it as JSON; progress goes to standard error')
    .addHelpText(
      'after',
      examples(
        'deploy hello staging v2',
        'deploy hello production sha256:0123… --no-wait',
        'deploy hello production v2 --override-freeze "the site is down"',
        'deploy hello staging v2 --json --wait > deployment.json',
        'deploy hello staging v2 --change "#1278 Longer timeout" --claim "database timeout 30 s → 90 s => config:app.database.timeout=90s"',
      ),
    )
    .action(
      (service: string, environment: string, release: string | undefined, _: unknown, command: Command) =>
        run(async () => {
          const parsed = Options.safeParse(command.optsWithGlobals());
          if (!parsed.success) throw usageError(z.prettifyError(parsed.error));
          const options = parsed.data;
          const body = {
            requestId: randomUUID(),
            service,
            environment,
            ...releaseOf(release),
            ...(options.reason === undefined ? {} : { reason: options.reason }),
            ...changeOf(options),
            ...(options.overrideFreeze === undefined ? {} : { override: { freeze: options.overrideFreeze } }),
          };
          const api = await context.api(options.state);
          return deploy(context, api, body, options);
        }),
    );
}

async function deploy(
  context: Context,
  api: ApiClient,
  body: DeployBody,
  { wait, json }: Options,
): Promise<number> {
  const { terminal, clock } = context;
  // Standard output is the document's alone.
  const aside: Context = json
    ? { ...context, terminal: { ...terminal, isLive: false, print: (text) => terminal.warn(text) } }
    : context;
  const requestId = await askFor({ clock, api }, body);
  const decided = await decide(aside, api, requestId, wait);
  const { deploymentId: id } = decided;
  const mayBeFollowed = id !== undefined && decided.decision !== 'refused' && decided.decision !== 'ignored';
  let code: number = mayBeFollowed || decided.decision === 'awaiting-approval' ? exit.done : exit.no;
  if (mayBeFollowed && wait) code = await followToEnd(aside, api, id);
  else if (mayBeFollowed) aside.terminal.print(`Watch it: slipway watch ${id}`);
  if (json) {
    const deployment = id === undefined ? null : await api.deployment(id);
    terminal.print(JSON.stringify({ ...decided, deployment }, null, 2));
  }
  return code;
}

/** The decision, said as it comes; with `wait`, the one after people have spoken. */
async function decide(
  context: Context,
  api: ApiClient,
  requestId: string,
  wait: boolean,
): Promise<RequestView> {
  const { terminal, clock } = context;
  const decided = await decisionOn({ clock, api }, requestId);
  terminal.print(inWords(decided, terminal.paint));
  const { decision, approvalId } = decided;
  if (decision !== 'awaiting-approval' || approvalId === undefined) return decided;
  const approval = await api.approval(approvalId);
  terminal.print(approvalLines(approval).join('\n'));
  terminal.print(`To decide: slipway approve ${approvalId} · slipway reject ${approvalId} --reason …`);
  if (!wait) return decided;
  const { signal } = context.interrupt();
  try {
    await approvalSettled({ api, approval, terminal, clock, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const goesOn =
      'The request goes on: it is decided again once enough people say yes. See: slipway approvals';
    throw new CommandError(exit.interrupted, goesOn, { cause: error });
  }
  const after = await decisionOn({ clock, api }, requestId);
  terminal.print(inWords(after, terminal.paint));
  return after;
}

function inWords(
  { decision: decided, reason, deploymentId }: RequestView,
  paint: Context['terminal']['paint'],
): string {
  const why = oneLine(reason);
  switch (decided) {
    case 'admitted':
      return `${paint('green', 'Admitted')} as ${deploymentId}: ${why}`;
    case 'waiting':
      return `${paint('yellow', 'Waits')} as ${deploymentId}: ${why}`;
    case 'duplicate':
      return `${paint('yellow', 'Nothing new')}: ${why}`;
    case 'refused':
      return `${paint('red', 'Refused')}: ${reason.split('\n').map(oneLine).join('\n  ')}`;
    case 'ignored':
      return `${paint('yellow', 'Ignored')}: ${why}`;
    case 'superseded':
      return `${paint('yellow', 'Superseded')}: ${why}`;
    case 'awaiting-approval':
      return `${paint('yellow', 'Awaits approval')}: ${why}`;
  }
}

function releaseOf(release: string | undefined): Pick<DeployBody, 'tag' | 'digest'> {
  if (release === undefined) return {};
  if (isDigest(release)) return { digest: release };
  if (/^\w[\w.-]{0,127}$/.test(release)) return { tag: release };
  throw usageError(`release "${release}": expected a tag such as v2, or sha256: and 64 hex digits`);
}

function changeOf({ change, changeUrl, claim }: Options): Pick<DeployBody, 'change'> {
  const said = changeOfText({ text: change, url: changeUrl, claims: claim });
  if (said && 'problem' in said) throw usageError(said.problem);
  return said ?? {};
}
