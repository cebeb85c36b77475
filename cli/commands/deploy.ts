import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { isDigest } from '#shared/domain/image.ts';
import { oneLine } from '#shared/report/text.ts';
import type { RequestView } from '#cli/answers.ts';
import type { ApiClient, DeployBody } from '#cli/api-client.ts';
import { Common, examples, gather, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit, Unreachable, usageError } from '#cli/exit.ts';
import { followToEnd } from './watch.ts';

const Options = Common.extend({
  wait: z.boolean(),
  changeId: z.string().optional(),
  title: z.string().optional(),
  changeUrl: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }).optional(),
  claim: z.array(z.string()).default([]),
});
type Options = z.infer<typeof Options>;

/** `admit` decides within seconds; past this something is wrong. */
const decisionMs = 60_000;

/** `deploy SERVICE ENVIRONMENT [RELEASE]` */
export function addDeploy(program: Command, context: Context, run: Run): void {
  program
    .command('deploy')
    .description('bring a release to an environment; without a release, build it from the source first')
    .argument('<service>')
    .argument('<environment>')
    .argument('[release]', 'a tag, or sha256:… of the image')
    .option('--change-id <id>', 'what the release is for: its number or key')
    .option('--title <text>', 'what the release is for, in words')
    .option('--change-url <url>', 'where the change is described')
    .option('--claim <text>', 'what the change is said to do; may be given several times', gather)
    .option('--wait', 'follow the deployment to its end', true)
    .option('--no-wait', 'end as soon as it is decided whether it starts')
    .addHelpText(
      'after',
      examples(
        'deploy hello staging v2',
        'deploy hello production sha256:0123… --no-wait',
        'deploy hello staging v2 --change-id 1278 --title "Longer timeout" --claim "answers within 250 ms"',
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
            ...changeOf(options),
          };
          const api = await context.api(options.state);
          return deploy(context, api, body, options.wait);
        }),
    );
}

async function deploy(context: Context, api: ApiClient, body: DeployBody, wait: boolean): Promise<number> {
  const decided = await decision(context, api, await ask(context, api, body));
  const { terminal } = context;
  const { deploymentId: id } = decided;
  terminal.print(inWords(decided, terminal.paint));
  if (id === undefined || decided.decision === 'refused' || decided.decision === 'ignored') return exit.no;
  if (wait) return followToEnd(context, api, id);
  terminal.print(`Watch it: slipway watch ${id}`);
  return exit.done;
}

/** The request's id makes a repeat the same request, so an answer that was lost costs nothing. */
async function ask({ clock }: Context, api: ApiClient, body: DeployBody): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await api.deploy(body);
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt === 3) throw error;
      await clock.sleep(attempt * 500);
    }
  }
}

async function decision(context: Context, api: ApiClient, requestId: string): Promise<RequestView> {
  const { clock } = context;
  const until = clock.now() + decisionMs;
  while (clock.now() < until) {
    const [record] = await api.requests(requestId);
    if (record) return record;
    await clock.sleep(200);
  }
  throw new Unreachable(
    `Slipway took the request, but did not decide on it within ${decisionMs / 1000} s. Look later: slipway status`,
  );
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

function changeOf({ changeId, title, changeUrl, claim }: Options): Pick<DeployBody, 'change'> {
  if (changeId === undefined && title === undefined && changeUrl === undefined && claim.length === 0)
    return {};
  if (changeId === undefined || title === undefined)
    throw usageError('A change is named by --change-id and --title together.');
  return {
    change: { id: changeId, title, ...(changeUrl === undefined ? {} : { url: changeUrl }), claims: claim },
  };
}
