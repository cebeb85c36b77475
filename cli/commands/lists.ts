import type { Command } from 'commander';
import { z } from 'zod';
import { oneLine } from '#shared/report/text.ts';
import type { DeploymentView } from '#cli/answers.ts';
import { Common, count, examples, optionsOf, type Run } from '#cli/command.ts';
import type { Context } from '#cli/context.ts';
import { exit } from '#cli/exit.ts';
import { table } from '#cli/table.ts';
import type { Terminal } from '#cli/terminal.ts';
import { ago, colorOf, releaseOf, stateOf } from '#cli/words.ts';

const Options = Common.extend({ number: z.number().default(10) });

/** `status`, `history` and `refusals` */
export function addLists(program: Command, context: Context, run: Run): void {
  const { terminal, clock } = context;
  const show = (deployments: DeploymentView[], json: boolean, none: string): number => {
    if (json) terminal.print(JSON.stringify(deployments, null, 2));
    else
      terminal.print(deployments.length === 0 ? none : deploymentTable(deployments, clock.now(), terminal));
    return exit.done;
  };

  program
    .command('status')
    .description('the newest deployment of every service and environment')
    .argument('[service]')
    .argument('[environment]')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('status', 'status hello staging', 'status --json'))
    .action((service: string | undefined, environment: string | undefined, _: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const api = await context.api(state);
        const deployments = await api.deployments(placeOf(service, environment), 200);
        return show(newestOfEach(deployments), json, noneYet(service, environment));
      }),
    );

  program
    .command('history')
    .description('deployments of a service, newest first')
    .argument('<service>')
    .argument('[environment]')
    .option('-n, --number <count>', 'how many (10)', count)
    .option('--json', 'as JSON')
    .addHelpText('after', examples('history hello', 'history hello staging -n 50'))
    .action((service: string, environment: string | undefined, _: unknown, command: Command) =>
      run(async () => {
        const { state, json, number } = optionsOf(command, Options);
        const api = await context.api(state);
        const deployments = await api.deployments(placeOf(service, environment), number);
        return show(deployments, json, noneYet(service, environment));
      }),
    );

  program
    .command('refusals')
    .description('messages that Slipway did not understand or believe, and never acted on')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('refusals', 'refusals --json'))
    .action((_: unknown, command: Command) =>
      run(async () => {
        const { state, json } = optionsOf(command, Common);
        const refusals = await (await context.api(state)).refusals();
        const rows = refusals.map(({ at, target, messageId, reason }) => [
          ago(at, clock.now()),
          oneLine(target),
          oneLine(messageId),
          oneLine(reason),
        ]);
        if (json) terminal.print(JSON.stringify(refusals, null, 2));
        else
          terminal.print(
            rows.length === 0
              ? 'No message was refused.'
              : table(['WHEN', 'TARGET', 'MESSAGE', 'REASON'], rows),
          );
        return exit.done;
      }),
    );
}

const placeOf = (service: string | undefined, environment: string | undefined): Record<string, string> => ({
  ...(service === undefined ? {} : { service }),
  ...(environment === undefined ? {} : { environment }),
});

function newestOfEach(newestFirst: readonly DeploymentView[]): DeploymentView[] {
  const newest = new Map<string, DeploymentView>();
  for (const deployment of newestFirst) {
    const place = JSON.stringify([deployment.service, deployment.environment]);
    if (!newest.has(place)) newest.set(place, deployment);
  }
  return [...newest.values()];
}

/** One row a deployment. @param nowMs for "5 min ago" */
export function deploymentTable(
  deployments: readonly DeploymentView[],
  nowMs: number,
  { paint }: Pick<Terminal, 'paint'>,
): string {
  return table(
    ['SERVICE', 'ENVIRONMENT', 'STATE', 'RELEASE', 'DEPLOYMENT', 'WHEN', 'ASKED FOR BY'],
    deployments.map((deployment) => [
      oneLine(deployment.service),
      oneLine(deployment.environment),
      paint(colorOf(deployment), stateOf(deployment)),
      releaseOf(deployment),
      deployment.id,
      ago(deployment.createdAt, nowMs),
      oneLine(deployment.request.requestedBy),
    ]),
  );
}

function noneYet(service = 'SERVICE', environment = 'ENVIRONMENT'): string {
  return `No deployment yet. Push an image that a service file tracks, or: slipway deploy ${service} ${environment} TAG`;
}
