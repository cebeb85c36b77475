import { randomUUID } from 'node:crypto';
import { createWorkflows } from '#local/executions/executions.ts';
import type { StoredExecution } from '#local/executions/resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { serve, type LocalServer } from '#local/http.ts';
import { createIdentity } from '#local/identity/identity.ts';
import { accounts, place } from '#local/place.ts';
import { openStore } from '#local/store.ts';
import { formatJson, parseJson } from '#local/workflows/json.ts';
import type { Value } from '#local/workflows/values.ts';
import type { Clock } from '#shared/clock.ts';
import { messageOf } from '#shared/errors.ts';
import type { Context } from '#cli/context.ts';
import { exit, usageError } from '#cli/exit.ts';
import type { Terminal } from '#cli/terminal.ts';
import { problemsInWords, problemsOf, readSource, verdictOf } from './workflows-check.ts';
import { createTrace, type Trace } from './workflows-trace.ts';
import { virtualTime, type VirtualTime } from './virtual-time.ts';

/**
 * Runs a file as the local cloud would: deployed and executed in a cloud of its own that has nothing else.
 * @throws CommandError for wrong usage and for Ctrl-C
 */
export async function runWorkflowFile(options: {
  context: Context;
  name: string;
  data?: string | undefined;
  env: readonly string[];
  trace: boolean;
  json: boolean;
  clock: 'system' | 'virtual';
}): Promise<number> {
  const { context, name, data, json } = options;
  const { terminal } = context;
  const source = await readSource(name, context.stdin);
  const userEnvVars = Object.fromEntries(options.env.map(variable));
  if (data !== undefined) checkData(data);
  const problems = problemsOf(source);
  if (problems.length > 0) {
    if (json) terminal.print(JSON.stringify(verdictOf(name, problems), null, 2));
    else terminal.warn(problemsInWords(name, source, problems, terminal.paint));
    return exit.no;
  }
  const time: VirtualTime | { clock: Clock; onWait?: never } =
    options.clock === 'virtual' ? virtualTime(context.clock) : { clock: context.clock };
  const trace = createTrace(time.clock, options.trace && !json ? terminal : undefined);
  const store = openStore(':memory:');
  const token = randomUUID();
  let server: LocalServer | undefined;
  const identity = await createIdentity({
    store,
    clock: time.clock,
    issuer: 'https://accounts.slipway.local',
  });
  const workflows = createWorkflows({
    store,
    clock: time.clock,
    identity,
    project: place.project,
    projectNumber: place.projectNumber,
    location: place.region,
    serviceAccount: accounts.workflow,
    origin: () => server?.origin ?? '',
    observe: () => ({
      ...trace.observer,
      onWait(seconds, why) {
        trace.observer.onWait(seconds, why);
        time.onWait?.();
      },
    }),
    onLog: ({ severity, data: entry }) => terminal.warn(`${terminal.paint('dim', severity)} ${entry}`),
    onCallback: ({ method, url }) => terminal.warn(callbackHint(method, url, token, terminal)),
    onError: (error) => terminal.warn(terminal.paint('red', messageOf(error))),
  });
  server = await serve({
    routes: workflows.routes,
    authenticate: (given) => (given === token ? accounts.developer : identity.authenticate(given)),
  });
  const { signal } = context.interrupt();
  try {
    const { ended, cancel } = workflows.deployAndExecute(
      'standalone',
      { sourceContents: source, userEnvVars },
      data === undefined ? {} : { argument: data },
    );
    signal.addEventListener('abort', cancel, { once: true });
    const execution = await ended;
    signal.removeEventListener('abort', cancel);
    tell(execution, trace, options, terminal);
    if (execution.state === 'CANCELLED') signal.throwIfAborted();
    return execution.state === 'SUCCEEDED' ? exit.done : exit.no;
  } catch (error) {
    // What a deployment or an execution request would be refused for: too much data, a reserved variable.
    if (error instanceof GoogleError) throw usageError(error.message);
    throw error;
  } finally {
    await workflows.stop();
    await server.close();
    store.close();
  }
}

function tell(
  execution: StoredExecution,
  trace: Trace,
  options: { trace: boolean; json: boolean },
  terminal: Terminal,
): void {
  const { state, result, error, billedSteps } = execution;
  if (options.json) {
    const answer = new Map<string, Value>([['state', state]]);
    if (result !== undefined) answer.set('result', parseJson(result));
    if (error) {
      answer.set('error', parseJson(error.payload));
      answer.set('context', error.context);
      answer.set('stackTrace', parseJson(JSON.stringify(error.stackTrace.elements)));
    }
    answer.set('billedSteps', parseJson(JSON.stringify(billedSteps)));
    if (options.trace) answer.set('trace', parseJson(JSON.stringify(trace.events)));
    terminal.print(formatJson(answer, '  '));
    return;
  }
  if (options.trace) {
    const { internal, external } = billedSteps;
    terminal.warn(`${internal + external} billed steps: ${internal} internal, ${external} external`);
  }
  if (result !== undefined) terminal.print(formatJson(parseJson(result), '  '));
  if (error) {
    terminal.warn(formatJson(parseJson(error.payload), '  '));
    // For a person; a program that reads standard error finds the error alone.
    const [, where] = /\n(in step [^\n]*)$/.exec(error.context) ?? [];
    if (terminal.isLive && where !== undefined) terminal.warn(terminal.paint('dim', where));
  }
}

function callbackHint(method: string, url: string, token: string, { paint }: Terminal): string {
  const head = method === 'HEAD' ? '--head' : `-X ${method}`;
  const body = ['POST', 'PUT', 'PATCH'].includes(method)
    ? ` -H 'Content-Type: application/json' -d '{}'`
    : '';
  return `${paint('cyan', 'callback')} curl ${head} -H 'Authorization: Bearer ${token}'${body} ${url}`;
}

function checkData(data: string): void {
  try {
    JSON.parse(data);
  } catch (error) {
    throw usageError(`--data is not JSON: ${messageOf(error)}`);
  }
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw usageError(`--env "${text}": expected KEY=VALUE`);
}
