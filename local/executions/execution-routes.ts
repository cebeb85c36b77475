import { z } from 'zod';
import { ExecutionBody } from './bodies.ts';
import { createExecution } from './create-execution.ts';
import { orderBy } from './fields.ts';
import { parseFilter } from './filter.ts';
import { executionName, executionOf, locationPath, workflowOf, type RouteContext } from './place.ts';
import { enumNumbers, pageOf, pageQuery, queryOf, View } from './query.ts';
import { executionFields, executionOrder, executionResource, type StoredExecution } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type Route } from '#local/http.ts';

const executionsPath = `${locationPath}/workflows/{workflow}/executions`;
const pageSizes = { BASIC: { standard: 100, max: 1000 }, FULL: { standard: 100, max: 100 } };

/** Workflow Executions v1: create, get, list, cancel. */
export function executionRoutes(context: RouteContext): Route[] {
  const { executions, executor } = context;
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
        const { execution } = createExecution(context, workflow, parsedBody(request, ExecutionBody));
        return { json: shown(execution, 'FULL', query) };
      },
    },
    {
      method: 'GET',
      path: executionsPath,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const query = queryOf(request, {
          ...pageQuery,
          view: View.optional(),
          filter: z.string().default(''),
          orderBy: z.string().default(''),
        });
        const view = query.view ?? 'BASIC';
        const found = executions
          .list()
          .filter((execution) => execution.workflow === workflow.id)
          .map((execution) => executor.current(execution))
          .filter(parseFilter(query.filter, executionFields, ({ labels }) => labels))
          .reverse()
          .sort(orderBy(query.orderBy === '' ? 'createTime desc' : query.orderBy, executionOrder));
        const asked = `${query.filter}|${query.orderBy}|${view}`;
        const { items, next } = pageOf(found, query, pageSizes[view], asked);
        return { json: { executions: items.map((execution) => shown(execution, view, query)), ...next } };
      },
    },
    {
      method: 'GET',
      path: `${executionsPath}/{execution}:exportData`,
      handle() {
        // What Google's answer holds is not documented.
        throw new GoogleError('UNIMPLEMENTED', 'The local Workflows does not support executions.exportData');
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
