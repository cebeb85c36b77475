import type { Clock } from '#shared/clock.ts';
import { callLog } from './call-log.ts';
import type { Callbacks } from './callbacks.ts';
import type { History } from './history.ts';
import type { StoredExecution, StoredWorkflow } from './resources.ts';
import type { Identity } from '#local/identity/identity.ts';
import type { Observer, WorkflowHost } from '#local/workflows/host.ts';
import { formatJson } from '#local/workflows/json.ts';

export interface EngineOptions {
  clock: Clock;
  identity: Identity;
  project: string;
  projectNumber: string;
  location: string;
  /** Where this service is reached, for callback URLs. */
  origin: () => string;
  /** Where a connector's service is reached, by its name (`pubsub`). The same origin unless told otherwise. */
  connectorOrigin?: (service: string) => string;
  fetch?: typeof fetch;
  newId: () => string;
  /** Follows an execution from its first step on. */
  observe?: (execution: ExecutionPlace) => Omit<Observer, 'onCall' | 'detailed'>;
  /** What `sys.log` writes, and the calls of executions that log them; `data` is JSON text. */
  onLog?: (entry: ExecutionPlace & { severity: string; data: string }) => void;
}

export interface ExecutionPlace {
  workflow: string;
  execution: string;
}

/** What an execution sees of the world outside: the identity, environment and callbacks of its own. */
export function engineHost(
  options: EngineOptions,
  record: StoredExecution,
  workflow: StoredWorkflow,
  parts: { callbacks: Callbacks; history: History },
): WorkflowHost {
  const place = { workflow: record.workflow, execution: record.id };
  const { identity, newId, clock, connectorOrigin = options.origin } = options;
  const watcher = options.observe?.(place);
  const log = (severity: string, data: string): void => options.onLog?.({ ...place, severity, data });
  const onCall = callLog(record, workflow, clock, log);
  return {
    clock,
    fetch: options.fetch ?? fetch,
    newId,
    env: environmentOf(options, record, workflow),
    log: ({ severity, data }) => log(severity, formatJson(data)),
    accessToken: () => identity.accessToken(workflow.serviceAccount),
    idToken: (audience) => identity.idToken(workflow.serviceAccount, audience),
    connectorOrigin,
    callbacks: parts.callbacks.port,
    observer: {
      ...watcher,
      ...(onCall ? { onCall } : {}),
      detailed: parts.history.detailed,
      onStep(event) {
        if (!event.part && event.state === 'in-progress') {
          record.currentStep = { routine: event.routine, step: event.step };
        }
        parts.history.onStep(event);
        watcher?.onStep?.(event);
      },
    },
  };
}

/** https://docs.cloud.google.com/workflows/docs/reference/environment-variables */
function environmentOf(
  options: EngineOptions,
  record: StoredExecution,
  workflow: StoredWorkflow,
): Record<string, string> {
  return {
    ...workflow.userEnvVars,
    GOOGLE_CLOUD_PROJECT_ID: options.project,
    GOOGLE_CLOUD_PROJECT_NUMBER: options.projectNumber,
    GOOGLE_CLOUD_LOCATION: options.location,
    GOOGLE_CLOUD_WORKFLOW_ID: workflow.id,
    GOOGLE_CLOUD_WORKFLOW_REVISION_ID: workflow.revisionId,
    GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID: record.id,
    GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME: workflow.serviceAccount,
  };
}
