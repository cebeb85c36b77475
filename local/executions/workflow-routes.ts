import { z } from 'zod';
import { checkPlace, locationPath, workflowName, workflowOf, type RouteContext } from './place.ts';
import { checkWorkflowId, enumNumbers, queryOf, WorkflowBody, type StoredWorkflow } from './resources.ts';
import { GoogleError } from '#local/google-error.ts';
import { parsedBody, type LocalResponse, type Route } from '#local/http.ts';
import { parseWorkflow } from '#local/workflows/parse.ts';
import { WorkflowSourceError } from '#local/workflows/program.ts';

const fields = ['description', 'labels', 'serviceAccount', 'sourceContents', 'userEnvVars'] as const;

/**
 * Workflows v1: create, get, list, patch, delete. Changes are long-running operations that are done when answered. A
 * source that does not build is refused at once with code 3 (whether Google answers so or in the operation is unverified).
 */
export function workflowRoutes(context: RouteContext): Route[] {
  const { clock, workflows, executions, executor, newId } = context;
  const operations = new Map<string, unknown>();
  const now = (): string => new Date(clock.now()).toISOString();

  function operation(verb: string, target: string, response: Record<string, unknown>): LocalResponse {
    const time = now();
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
    const { id, ...rest } = workflow;
    return { name: workflowName(context, id), state: asNumbers ? 1 : 'ACTIVE', ...rest };
  }

  function saved(workflow: StoredWorkflow, verb: string): LocalResponse {
    workflows.put(workflow.id, workflow);
    const type = 'type.googleapis.com/google.cloud.workflows.v1.Workflow';
    return operation(verb, workflowName(context, workflow.id), { '@type': type, ...resource(workflow) });
  }

  function nextRevision(before: string): string {
    const number = Number.parseInt(before, 10) + 1;
    return `${String(number).padStart(6, '0')}-${newId().replaceAll('-', '').slice(-3)}`;
  }

  return [
    {
      method: 'POST',
      path: `${locationPath}/workflows`,
      handle(request) {
        checkPlace(context, request.params);
        const { workflowId } = queryOf(request, { workflowId: z.string() });
        checkWorkflowId(workflowId);
        const body = parsedBody(request, WorkflowBody);
        if (workflows.get(workflowId)) {
          throw new GoogleError(
            'ALREADY_EXISTS',
            `Workflow ${workflowName(context, workflowId)} already exists`,
          );
        }
        const time = now();
        const workflow: StoredWorkflow = {
          id: workflowId,
          description: body.description ?? '',
          labels: body.labels ?? {},
          serviceAccount: accountOf(body.serviceAccount, context.serviceAccount),
          sourceContents: checkedSource(body.sourceContents),
          userEnvVars: body.userEnvVars ?? {},
          revisionId: nextRevision('0'),
          createTime: time,
          updateTime: time,
          revisionCreateTime: time,
        };
        return saved(workflow, 'create');
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/workflows`,
      handle(request) {
        checkPlace(context, request.params);
        const query = queryOf(request, {});
        return {
          json: { workflows: workflows.list().map((workflow) => resource(workflow, enumNumbers(query))) },
        };
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/workflows/{workflow}`,
      handle(request) {
        const query = queryOf(request, {});
        return { json: resource(workflowOf(context, request.params), enumNumbers(query)) };
      },
    },
    {
      method: 'PATCH',
      path: `${locationPath}/workflows/{workflow}`,
      handle(request) {
        const workflow = workflowOf(context, request.params);
        const { updateMask } = queryOf(request, { updateMask: z.string().optional() });
        const body = parsedBody(request, WorkflowBody);
        const mask = maskOf(updateMask) ?? fields.filter((field) => body[field] !== undefined);
        const changed: StoredWorkflow = { ...workflow, updateTime: now() };
        if (mask.includes('description')) changed.description = body.description ?? '';
        if (mask.includes('labels')) changed.labels = body.labels ?? {};
        if (mask.includes('userEnvVars')) changed.userEnvVars = body.userEnvVars ?? {};
        if (mask.includes('sourceContents')) changed.sourceContents = checkedSource(body.sourceContents);
        if (mask.includes('serviceAccount')) {
          changed.serviceAccount = accountOf(body.serviceAccount, context.serviceAccount);
        }
        if (mask.some((field) => field !== 'description' && field !== 'labels')) {
          changed.revisionId = nextRevision(workflow.revisionId);
          changed.revisionCreateTime = changed.updateTime;
        }
        return saved(changed, 'update');
      },
    },
    {
      method: 'DELETE',
      path: `${locationPath}/workflows/{workflow}`,
      handle({ params }) {
        const workflow = workflowOf(context, params);
        for (const execution of executions.list()) {
          if (execution.workflow !== workflow.id) continue;
          executor.cancel(execution);
          executions.delete(execution.id);
        }
        workflows.delete(workflow.id);
        const response = { '@type': 'type.googleapis.com/google.protobuf.Empty' };
        return operation('delete', workflowName(context, workflow.id), response);
      },
    },
    {
      method: 'GET',
      path: `${locationPath}/operations/workflow-{operation}`,
      handle({ params }) {
        checkPlace(context, params);
        const found = operations.get(`workflow-${params.operation}`);
        if (found === undefined) {
          throw new GoogleError('NOT_FOUND', `Operation workflow-${params.operation} was not found`);
        }
        return { json: found };
      },
    },
  ];
}

/** In lower camel case or snake case, as Google takes both. */
function maskOf(text: string | undefined): readonly (typeof fields)[number][] | undefined {
  if (text === undefined || text === '') return undefined;
  return text.split(',').map((path) => {
    const camel = path.trim().replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
    const field = fields.find((known) => known === camel);
    if (field) return field;
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `update mask path "${path}" is unknown: expected ${fields.join(', ')}`,
    );
  });
}

function checkedSource(source: string | undefined): string {
  if (source === undefined || source === '') {
    throw new GoogleError('INVALID_ARGUMENT', 'sourceContents is required');
  }
  try {
    parseWorkflow(source);
    return source;
  } catch (error) {
    if (error instanceof WorkflowSourceError) throw new GoogleError('INVALID_ARGUMENT', error.message);
    throw error;
  }
}

/** An e-mail, or `projects/P/serviceAccounts/E-MAIL`. */
function accountOf(given: string | undefined, otherwise: string): string {
  const account = given?.replace(/^projects\/[^/]+\/serviceAccounts\//, '');
  return account === undefined || account === '' ? otherwise : account;
}
