import { z } from 'zod';
import { messageOf } from '#shared/errors.ts';
import { executionFilter } from './filter.ts';
import { executionName, executionOf, locationPath, workflowOf, type RouteContext } from './place.ts';
import {
  enumNumbers,
  ExecutionBody,
  executionResource,
  queryOf,
  View,
  type StoredExecution,
} from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type Route } from '#local/http.ts';

const executionsPath = `${locationPath}/workflows/{workflow}/executions`;
/** Newest first, the only order there is. */
const orders = ['startTime desc', 'createTime desc', 'start_time desc', 'create_time desc'] as const;
const pageSizes = { standard: 100, BASIC: 1000, FULL: 100 };

/** Workflow Executions v1: create, get, list, cancel. */
export function executionRoutes(context: RouteContext): Route[] {
  const { clock, executions, executor, newId } = context;
  const shown = (
    execution: StoredExecution,
    view: 'BASIC' | 'FULL',
    query: { $alt?: string | undefined },
  ): unknown =>
    executionResource(execution, executionName(context, execution), {
      view,
      enumNumbers: enumNumbers(query),
    });

  return [
    {
      method: 'POST',
      path: executionsPath,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const query = queryOf(request, {});
        const { argument, labels } = parsedBody(request, ExecutionBody);
        if (argument !== undefined && argument !== '') checkJson(argument);
        const time = new Date(clock.now()).toISOString();
        const execution: StoredExecution = {
          id: newId(),
          workflow: workflow.id,
          state: 'ACTIVE',
          createTime: time,
          startTime: time,
          ...(argument === undefined || argument === '' ? {} : { argument }),
          labels: { ...workflow.labels, ...labels },
          workflowRevisionId: workflow.revisionId,
          billedSteps: { internal: 0, external: 0 },
        };
        executor.start(execution, workflow);
        return { json: shown(execution, 'FULL', query) };
      },
    },
    {
      method: 'GET',
      path: executionsPath,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const query = queryOf(request, {
          view: View.optional(),
          filter: z.string().default(''),
          orderBy: z.enum(['', ...orders]).optional(),
          pageSize: z.coerce.number().int().min(0).default(0),
          pageToken: z.string().regex(/^\d*$/, 'is not a page token of this service').default(''),
        });
        const view = query.view ?? 'BASIC';
        const matches = executionFilter(query.filter);
        const found = executions
          .list()
          .filter((execution) => execution.workflow === workflow.id && matches(execution))
          .reverse();
        const size = Math.min(query.pageSize === 0 ? pageSizes.standard : query.pageSize, pageSizes[view]);
        const start = Number(query.pageToken);
        const page = found.slice(start, start + size);
        return {
          json: {
            executions: page.map((execution) => shown(executor.current(execution), view, query)),
            ...(start + size < found.length ? { nextPageToken: String(start + size) } : {}),
          },
        };
      },
    },
    {
      method: 'GET',
      path: `${executionsPath}/{execution}`,
      handle(request) {
        const query = queryOf(request, { view: View.optional() });
        return { json: shown(executionOf(context, request.params), query.view ?? 'FULL', query) };
      },
    },
    {
      method: 'POST',
      path: `${executionsPath}/{execution}:cancel`,
      handle(request) {
        const query = queryOf(request, {});
        parsedBody(request, z.strictObject({ name: z.string().optional() }));
        const execution = executionOf(context, request.params);
        if (!executor.cancel(execution)) {
          // The status Google answers here is unverified.
          throw new GoogleError(
            'FAILED_PRECONDITION',
            `Execution ${executionName(context, execution)} has ended: it is ${execution.state}`,
          );
        }
        return { json: shown(executionOf(context, request.params), 'FULL', query) };
      },
    },
  ];
}

function checkJson(argument: string): void {
  try {
    JSON.parse(argument);
  } catch (error) {
    throw new GoogleError('INVALID_ARGUMENT', `argument is not a JSON text: ${messageOf(error)}`);
  }
}
