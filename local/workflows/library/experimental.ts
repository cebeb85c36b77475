import { fault } from '#local/workflows/fault.ts';
import { connectorCall } from '#local/workflows/library/connector-call.ts';
import { define } from '#local/workflows/library/function.ts';
import { runExecution, workflowIn } from '#local/workflows/library/run-execution.ts';
import { typeName, type Value } from '#local/workflows/values.ts';

const failure = 'ExecutionError';

/**
 * experimental.executions.*: deprecated and still there.
 * https://docs.cloud.google.com/workflows/docs/reference/stdlib/experimental.executions/map. That they look for the end
 * as often as a connector does, and the form of their errors, is unverified.
 */
export const experimentalFunctions = [
  define(
    'experimental.executions.run(workflow_id, location?, project_id?, argument?)',
    (args, context) => {
      const argument = sent(args.optional('argument'));
      return runExecution(connectorCall(args, context), {
        workflow: workflowIn(args, context),
        argument,
        failure,
      });
    },
    true,
  ),
  define(
    'experimental.executions.map(workflow_id, arguments, timeout?, location?, project_id?)',
    async (args, context) => {
      const timeoutSeconds = args.number('timeout', 1800);
      if (!(timeoutSeconds > 0)) throw args.invalid('timeout', `must be positive: ${timeoutSeconds}`);
      const deadline = context.host.clock.now() + timeoutSeconds * 1000;
      const call = { ...connectorCall(args, context), timeoutSeconds, deadline };
      const workflow = workflowIn(args, context);
      const all = args.list('arguments').map(sent);
      const ends = await Promise.allSettled(
        all.map((argument) => runExecution(call, { workflow, argument, failure })),
      );
      return ends.map((end): Value => {
        if (end.status === 'rejected') throw end.reason;
        return end.value;
      });
    },
    true,
  ),
];

function sent(argument: Value | undefined): Value | undefined {
  if (!(argument instanceof Uint8Array)) return argument ?? undefined;
  throw fault('TypeError', `an argument of an execution must not be ${typeName(argument)}`);
}
