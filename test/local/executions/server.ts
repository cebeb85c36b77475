import { expect } from 'vitest';
import { systemClock, type Clock } from '#shared/clock.ts';
import { createWorkflows, type WorkflowsOptions } from '#local/executions/executions.ts';
import { serve, type LocalServer } from '#local/http.ts';
import { createIdentity, type Identity } from '#local/identity/identity.ts';
import { openStore, type Store } from '#local/store.ts';

export const parent = 'projects/slipway-local/locations/us-central1/workflows';
export const numbered = parent.replace('slipway-local', '424242424242');
export const account = 'slipway-workflow@slipway-local.iam.gserviceaccount.com';

/** Waits for a callback that nobody sends. */
export const waits = `
- endpoint: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
- show: {call: sys.log, args: {text: "\${callback.url}"}}
- listen: {call: events.await_callback, args: {callback: "\${callback}"}, result: got}
- finish: {return: "\${got.http_request.body}"}
`;

/** The fields of all answers together; a test looks only at what its answer has. */
interface Json {
  name: string;
  state: string | number;
  result: string;
  argument: string;
  error: unknown;
  nextPageToken: string;
  totalSize: number;
  workflows: Json[];
  revisionId: string;
  callbacks: Json[];
  executions: Json[];
  stepEntries: StepEntry[];
}

export interface StepEntry {
  name: string;
  entryId: string;
  step: string;
  stepType: string;
  state: string;
  exception?: { payload: string };
  navigationInfo: { parent?: string; children: string[]; previous?: string; next?: string };
  stepEntryMetadata: {
    progressType?: string;
    progressNumber?: string;
    expectedIteration?: string;
    threadId?: string;
  };
  variableData?: { variables: Record<string, unknown> };
}

interface Answer {
  status: number;
  json: Json;
}

/** Workflows and Workflow Executions alone behind one listener. */
export interface TestServer {
  identity: Identity;
  server: LocalServer;
  /** Texts that executions logged, and names of the steps they began, in order. */
  logs: string[];
  steps: string[];
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
  deploy(id: string, sourceContents: string, more?: object): Promise<Answer>;
  /** Starts an execution and answers its name. */
  run(workflow: string, body?: object): Promise<string>;
  /** The execution when it has ended. */
  ended(name: string): Promise<Json>;
  /** What the service keeps outlives it. */
  store: Store;
  stop(): Promise<void>;
}

export async function startServer(
  options: { clock?: Clock; store?: Store } & Pick<Partial<WorkflowsOptions>, 'maxConcurrent'> = {},
): Promise<TestServer> {
  const { clock = systemClock, store = openStore(':memory:') } = options;
  const logs: string[] = [];
  const steps: string[] = [];
  const identity = await createIdentity({ store, clock, issuer: 'https://accounts.slipway.local' });
  const service = createWorkflows({
    ...options,
    store,
    clock,
    identity,
    project: 'slipway-local',
    projectNumber: '424242424242',
    location: 'us-central1',
    serviceAccount: account,
    origin: () => server.origin,
    onLog: ({ data }) => logs.push(JSON.parse(data) as string),
    observe: () => ({
      onStep: ({ step, state, part }) => {
        if (state === 'in-progress' && !part) steps.push(step);
      },
    }),
  });
  const server = await serve({
    routes: service.routes,
    authenticate: (token) => identity.authenticate(token),
  });

  async function call(
    method: string,
    path: string,
    body?: unknown,
    token = identity.accessToken(account),
  ): Promise<Answer> {
    const response = await fetch(path.startsWith('http') ? path : `${server.origin}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? ({} as Json) : (JSON.parse(text) as Json) };
  }

  return {
    identity,
    server,
    logs,
    steps,
    store,
    call,
    deploy: (id, sourceContents, more = {}) =>
      call('POST', `${parent}?workflowId=${id}`, { sourceContents, ...more }),
    async run(workflow, body = {}) {
      const { status, json } = await call('POST', `${parent}/${workflow}/executions`, body);
      expect(status).toBe(200);
      return json.name;
    },
    ended: (name) =>
      until(async () => {
        const { json } = await call('GET', name);
        return json.state === 'ACTIVE' || json.state === 'QUEUED' ? undefined : json;
      }),
    async stop() {
      await service.stop();
      await server.close();
    },
  };
}

/** Asks again and again until there is an answer, for ten seconds at most. */
export async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`there was no answer in ten seconds: ${String(read)}`);
}
