import { Command, CommanderError } from 'commander';
import { messageOf } from '#shared/errors.ts';
import { addApprovals } from './commands/approvals.ts';
import { addAudit } from './commands/audit.ts';
import { addCancel } from './commands/cancel.ts';
import { addCheckCommands } from './commands/check.ts';
import { addCost } from './commands/cost.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrift } from './commands/drift.ts';
import { addLists } from './commands/lists.ts';
import { addLocalCommands } from './commands/local/commands.ts';
import { addLocks } from './commands/locks.ts';
import { addQuarantine } from './commands/quarantine.ts';
import { addReport } from './commands/report.ts';
import { addRollback } from './commands/rollback.ts';
import { addShow } from './commands/show.ts';
import { addSlack } from './commands/slack.ts';
import { addTakeOver } from './commands/take-over.ts';
import { addWatch } from './commands/watch.ts';
import type { Run } from './command.ts';
import { createContext, type Context } from './context.ts';
import { CommandError, exit } from './exit.ts';

/** Runs one command line and says what its exit code is; never throws. @param words without `node` and the script */
export async function main(words: string[], host: NodeJS.Process): Promise<number> {
  // A reader that has seen enough (`| head`) is no error.
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') host.exit(exit.done);
    throw error;
  });
  const context = createContext(host);
  let code: number = exit.done;
  const run: Run = async (work) => {
    code = await work();
  };
  const program = new Command('slipway').configureOutput({
    writeOut: (text) => host.stdout.write(text),
    writeErr: (text) => host.stderr.write(text),
  });
  addCommands(program, context, run);
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    const { terminal } = context;
    if (error instanceof CommandError && error.exitCode === exit.interrupted) {
      // Below the terminal's own ^C.
      terminal.warn(`\n${error.message}`);
      return error.exitCode;
    }
    terminal.warn(terminal.paint('red', messageOf(error)));
    if (error instanceof CommandError) return error.exitCode;
    terminal.warn(error instanceof Error ? (error.stack ?? '') : '');
    return exit.no;
  }
}

function addCommands(program: Command, context: Context, run: Run): void {
  program
    .description(
      'Deploys to Cloud Run: proves a release before it gets traffic, takes it back when it is not good.',
    )
    .option('--state <directory>', 'state directory of the local stack', '.slipway')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Which Slipway: the one at SLIPWAY_API_URL, with SLIPWAY_IDENTITY_TOKEN=$(gcloud auth print-identity-token);
without these, the local stack that "npm start" runs. In this checkout, say "npm run slipway -- COMMAND".

Exit codes: ${exit.done} done as asked · ${exit.no} it did not go live, the file is not valid, or Slipway said no
            ${exit.usage} wrong usage · ${exit.unreachable} Slipway could not be reached`,
    );
  addDeploy(program, context, run);
  addLists(program, context, run);
  addShow(program, context, run);
  addReport(program, context, run);
  addWatch(program, context, run);
  addCancel(program, context, run);
  addTakeOver(program, context, run);
  addRollback(program, context, run);
  addApprovals(program, context, run);
  addLocks(program, context, run);
  addQuarantine(program, context, run);
  addDrift(program, context, run);
  addAudit(program, context, run);
  addDoctor(program, context, run);
  addSlack(program, context, run);
  addCost(program, context, run);
  addCheckCommands(program, context, run);
  addLocalCommands(program, context, run);
}
