import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import { utc } from '#shared/report/words.ts';
import { approvalLines, approvalState, missingOf } from '#cli/approval-words.ts';
import { approvalId, Common, examples, optionsOf, reason, type Run } from '#cli/command.ts';
import { confirm } from '#cli/confirm.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import type { ApprovalView } from '#cli/policy-answers.ts';
import { table } from '#cli/table.ts';
import { imageOf } from '#cli/words.ts';

/** `approvals`, `approve ID` and `reject ID` */
export function addApprovals(program: Command, context: Context, run: Run): void {
  const { terminal } = context;
  program
    .command('approvals')
    .description('requests that wait for people to say yes')
    .option('--all', 'also those that were approved, rejected or came too late')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('approvals', 'approvals --all --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const schema = Common.extend({ all: z.boolean().default(false) });
        const { state, json, all } = optionsOf(command, schema);
        const found = await (await context.api(state)).approvals(all);
        const none = all
          ? 'No request ever needed an approval.'
          : 'No request waits for an approval. Those that did: slipway approvals --all';
        if (json) terminal.print(JSON.stringify(found, null, 2));
        else terminal.print(found.length === 0 ? none : inTable(found));
        return exit.done;
      }),
    );

  program
    .command('approve')
    .description('say yes to a request; with enough of them it is decided again and deployed')
    .argument('<id>', 'approval', approvalId)
    .option('--reason <text>', 'why; it stays on record', reason)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('approve a1f3k7q2x9ab', 'approve a1f3k7q2x9ab --reason "tested" --yes'))
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const schema = Common.extend({ reason: z.string().optional(), yes: z.boolean().default(false) });
        const { state, reason: why, yes } = optionsOf(command, schema);
        const api = await context.api(state);
        const asked = await api.approval(id);
        terminal.print(approvalLines(asked).join('\n'));
        const { service, environment, request, status } = asked;
        // The answer of a settled one says how it stands; there is nothing to ask.
        if (status === 'open') {
          const release = oneLine(request.digest ?? imageOf(request));
          const place = `${oneLine(service)} ${oneLine(environment)}`;
          await confirm(context, `Approve ${release} for ${place}?`, yes);
        }
        const now = await api.decide(id, 'approve', why);
        const isYes = now.status === 'open' || now.status === 'approved';
        terminal.print(isYes ? approvedInWords(now) : `It is too late: ${approvalState(now)}.`);
        return isYes ? exit.done : exit.no;
      }),
    );

  program
    .command('reject')
    .description('say no to a request: it is refused')
    .argument('<id>', 'approval', approvalId)
    .option('--reason <text>', 'why; who asked is told', reason)
    .addHelpText('after', examples('reject a1f3k7q2x9ab --reason "not on a Friday"'))
    .action((id: string, _: unknown, command: Command) =>
      run(async () => {
        const schema = Common.extend({ reason: z.string().optional() });
        const { state, reason: why } = optionsOf(command, schema);
        const now = await (await context.api(state)).decide(id, 'reject', why);
        terminal.print(approvalLines(now).join('\n'));
        if (now.status === 'rejected') return exit.done;
        const { deploymentId } = now;
        const stop =
          deploymentId === undefined ? '' : ` To stop it: slipway cancel ${oneLine(deploymentId)} REASON`;
        terminal.print(`It is too late: ${approvalState(now)}.${stop}`);
        return exit.no;
      }),
    );
}

function approvedInWords(approval: ApprovalView): string {
  const { status, service, environment, deploymentId } = approval;
  const place = `${oneLine(service)} ${oneLine(environment)}`;
  if (status === 'open') return `Your yes is taken. ${missingOf(approval)} more must say yes.`;
  if (deploymentId !== undefined) return `Approved. Watch it: slipway watch ${oneLine(deploymentId)}`;
  return `Approved. It is decided again now, and deployed if nothing else speaks against it: slipway status ${place}`;
}

const inTable = (found: readonly ApprovalView[]): string =>
  table(
    ['ID', 'SERVICE', 'ENVIRONMENT', 'RELEASE', 'STATE', 'ASKED FOR BY', 'AGREED', 'MISSING', 'EXPIRES'],
    found.map((one) => [
      oneLine(one.id),
      oneLine(one.service),
      oneLine(one.environment),
      imageOf(one.request),
      approvalState(one),
      oneLine(one.requestedBy),
      one.approvals.map(({ by }) => oneLine(by)).join(', ') || '–',
      String(missingOf(one)),
      utc(one.expiresAt),
    ]),
  );
