import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { accounts, place } from '#local/place.ts';
import { startStack, type Stack } from '#local/stack.ts';
import { messageOf } from '#shared/errors.ts';
import { connectTo } from '#cli/connect.ts';
import type { Context } from '#cli/context.ts';
import { CommandError, exit, usageError } from '#cli/exit.ts';
import { removeStackFile, runningStack, writeStackFile, type StackFile } from '#cli/stack-file.ts';
import { firstRelease } from './first-release.ts';
import { realSlack, slackInWords } from './real-slack.ts';
import { uploadServiceFiles } from './service-files.ts';
import { runSession } from './session.ts';

/**
 * `slipway start`: brings up the local stack and a first release. With a person at the terminal it then takes keys until
 * told to stop; without, it ends by itself. @returns 0 when the release is live, or when a person ended it
 */
export async function start(options: {
  context: Context;
  directory: string;
  verbose: boolean;
}): Promise<number> {
  const { directory, verbose } = options;
  const { terminal, stdin } = options.context;
  const running = await runningStack(directory);
  if (running) {
    throw usageError(
      `The local stack runs already with ${directory} (process ${running.pid}). ` +
        'Use it from this terminal: slipway status. Another one beside it: slipway start --state OTHER',
    );
  }
  // Log lines would be drawn over.
  const context = verbose
    ? { ...options.context, terminal: { ...terminal, isLive: false } }
    : options.context;
  const interrupt = context.interrupt();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const logFile = join(directory, 'functions.log');
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  terminal.print('Starting Google Cloud, Slack and Slipway on this machine …');
  const workspace = realSlack(context.env);
  const real = workspace !== undefined && 'functionsEnv' in workspace ? workspace : undefined;
  const stack = await startStack({
    directory,
    ...real,
    onLog(line) {
      log.write(`${line}\n`);
      if (verbose) terminal.warn(terminal.paint('dim', line));
    },
  }).catch((error: unknown) => {
    throw new CommandError(exit.no, `The local stack did not start: ${messageOf(error)}`, { cause: error });
  });
  const file = fileOf(stack);
  try {
    await writeStackFile(directory, file);
    terminal.print(addresses(stack, logFile, real !== undefined));
    for (const line of slackInWords(workspace, stack.origin)) terminal.print(line);
    const token = stack.identity.accessToken(accounts.developer);
    for (const name of await uploadServiceFiles(stack.origin, token))
      terminal.print(`Put gs://${place.bucket}/${name} from examples/.`);
    const api = connectTo(file);
    const isLive = await firstRelease({ context, api, stack: file });
    if (!stdin.isTTY || !terminal.isLive) return isLive ? exit.done : exit.no;
    await runSession({ context, api, stack: file, slack: real ? undefined : stack.slack });
    return exit.done;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    terminal.print('Stopped on the way. A deployment that is not finished is taken back at the next start.');
    return exit.interrupted;
  } finally {
    await removeStackFile(directory);
    await stack.stop();
    log.end();
  }
}

const fileOf = (stack: Stack): StackFile => ({
  pid: process.pid,
  origin: stack.origin,
  apiUrl: `${stack.origin}/functions/api`,
  metadataHost: stack.envOf('developer')['GCE_METADATA_HOST'] ?? '',
  registryOrigin: stack.registryOrigin,
});

const addresses = ({ origin, registryOrigin, slack }: Stack, logFile: string, isRealSlack: boolean): string =>
  [
    `  Google's and Slack's APIs  ${origin}`,
    `  image registry             ${registryOrigin} (for ${place.registryHost})`,
    // With buttons and a box for /deploy; who has the address may act.
    ...(isRealSlack ? [] : [`  Slack in a browser         ${slack.pageUrl()}`]),
    `  logs of the functions      ${logFile}`,
  ].join('\n');
