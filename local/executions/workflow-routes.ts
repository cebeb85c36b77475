import { z } from 'zod';
import { callLogLevels, historyLevels, WorkflowBody } from './bodies.ts';
import { orderBy } from './fields.ts';
import { parseFilter } from './filter.ts';
import { checkPlace, locationPath, workflowName, workflowOf, type RouteContext } from './place.ts';
import { enumNumbers, pageOf, pageQuery, queryOf, shownEnum } from './query.ts';
import { workflowFields, type StoredWorkflow } from './resources.ts';
import {
  changeable,
  changeWorkflow,
  createWorkflow,
  deleteWorkflow,
  revisionsOf,
  type Changeable,
} from './workflow-store.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type LocalResponse, type Route } from '#local/http.ts';

/**
 * Workflows v1: create, get, list, patch, delete, revisions. Changes are long-running operations that are done when
 * answered. A source that does not build is refused at once with code 3 (whether Google answers so or in the operation
 * is unverified).
 */
export function workflowRoutes(context: RouteContext): Route[] {
  const { clock, workflows, newId } = context;
  const operations = new Map<string, unknown>();

  function operation(verb: string, target: string, response: Record<string, unknown>): LocalResponse {
    const time = new Date(clock.now()).toISOString();
    const id = `workflow-${newId()}`;
    const name = `projects/${context.project}/locations/${context.location}/operations/${id}`;
    const metadata = {
      '@type': 'type.googleapis.com/google.cloud.workflows.v1.OperationMetadata',
      createTime: time,
      endTime: time,
      target,
      verb,
      apiVersion: 'v1',
    };
    const done = { name, metadata, done: true, response };
    operations.set(id, done);
    return { json: done };
  }

  function resource(workflow: StoredWorkflow, asNumbers = false): Record<string, unknown> {
    const { id, callLogLevel, executionHistoryLevel, ...rest } = workflow;
    return {
      name: workflowName(context, id),
      state: asNumbers ? 1 : 'ACTIVE',
      ...rest,
      callLogLevel: shownEnum(callLogLevels, callLogLevel, asNumbers),
      executionHistoryLevel: shownEnum(historyLevels, executionHistoryLevel, asNumbers),
    };
  }

  function saved(workflow: StoredWorkflow, verb: string): LocalResponse {
    const type = 'type.googleapis.com/google.cloud.workflows.v1.Workflow';
    return operation(verb, workflowName(context, workflow.id), { '@type': type, ...resource(workflow) });
  }

  return [
    {
      method: 'POST',
      path: `${locationPath}/workflows`,
      handle(request) {
        checkPlace(context, request.params);
        const { workflowId } = queryOf(request, { workflowId: z.string() });
        return saved(createWorkflow(context, workflowId, parsedBody(request, WorkflowBody)), 'create');
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/workflows`,
      handle(request) {
        checkPlace(context, request.params);
        const query = queryOf(request, {
          ...pageQuery,
          filter: z.string().default(''),
          orderBy: z.string().default(''),
        });
        const found = workflows
          .list()
          .filter(parseFilter(query.filter, workflowFields, ({ labels }) => labels))
          .sort(orderBy(query.orderBy, workflowFields));
        const sizes = { standard: 500, max: 1000 };
        const { items, next } = pageOf(found, query, sizes, `${query.filter}|${query.orderBy}`);
        return { json: { workflows: items.map((item) => resource(item, enumNumbers(query))), ...next } };
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/workflows/{workflow}:listRevisions`,
      handle(request) {
        const { id } = workflowOf(context, request.params);
        const query = queryOf(request, pageQuery);
        const { items, next } = pageOf(revisionsOf(context, id), query, { standard: 20, max: 100 });
        return { json: { workflows: items.map((item) => resource(item, enumNumbers(query))), ...next } };
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/workflows/{workflow}`,
      handle(request) {
        const query = queryOf(request, { revisionId: z.string().default('') });
        const workflow = workflowOf(context, request.params);
        const wanted =
          query.revisionId === '' ? workflow : context.revisions.get(`${workflow.id}@${query.revisionId}`);
        if (wanted) return { json: resource(wanted, enumNumbers(query)) };
        const name = workflowName(context, workflow.id);
        throw new GoogleError('NOT_FOUND', `Workflow ${name} has no revision "${query.revisionId}"`);
      },
    },
    {
      method: 'PATCH',
      path: `${locationPath}/workflows/{workflow}`,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const { updateMask } = queryOf(request, { updateMask: z.string().optional() });
        const body = parsedBody(request, WorkflowBody);
        const mask = maskOf(updateMask) ?? changeable.filter((field) => body[field] !== undefined);
        return saved(changeWorkflow(context, workflow, body, mask), 'update');
      },
    },
    {
      method: 'DELETE',
      path: `${locationPath}/workflows/{workflow}`,
      handle(request) {
        queryOf(request, {});
        const workflow = workflowOf(context, request.params);
        deleteWorkflow(context, workflow);
        const response = { '@type': 'type.googleapis.com/google.protobuf.Empty' };
        return operation('delete', workflowName(context, workflow.id), response);
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/operations/workflow-{operation}`,
      handle({ params }) {
        checkPlace(context, params);
        const found = operations.get(`workflow-${params['operation']}`);
        if (found === undefined) {
          throw new GoogleError('NOT_FOUND', `Operation workflow-${params['operation']} was not found`);
        }
        return { json: found };
      },
    },
  ];
}

/** In lower camel case or snake case, as Google takes both. */
function maskOf(text: string | undefined): readonly Changeable[] | undefined {
  if (text === undefined || text === '') return undefined;
  return text.split(',').map((path) => {
    const camel = path.trim().replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
    const field = changeable.find((known) => known === camel);
    if (field) return field;
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `update mask path "${path}" is unknown: expected ${changeable.join(', ')}`,
    );
  });
}
