import { fault } from '#local/workflows/fault.ts';
import { formatJson } from '#local/workflows/json.ts';
import { poll, request, type ConnectorCall } from '#local/workflows/library/connector-call.ts';
import type { WaitKind } from '#local/workflows/library/connector-table.ts';
import { isList, isMap, type Value } from '#local/workflows/values.ts';

/** What a look says: it goes on, it ended well, or it failed (`error`: what the service says of it). */
type Verdict = 'going' | 'ended' | { error: Value };

interface Rule {
  /** Where to look again, with its query; undefined when the answer is of another form. */
  path(answer: Value, version: string): string | undefined;
  verdict(answer: Value): Verdict;
}

const byName: Rule['path'] = (answer, version) => {
  const name = textIn(answer, 'name');
  return name === undefined ? undefined : `${version}/${name}`;
};

/** A resource that is a job itself: Batch, Transcoder, Vertex AI, an execution of a workflow, a transfer run. */
const state: Rule = {
  path: byName,
  verdict(answer) {
    const found = textIn(answer, 'state') ?? textIn(answer, 'status', 'state') ?? '';
    if (found.endsWith('SUCCEEDED')) return 'ended';
    const failed = /(FAILED|CANCELLED|EXPIRED|UNAVAILABLE|DELETION_IN_PROGRESS)$/.test(found);
    if (!failed) return 'going';
    return { error: inside(answer, 'error') ?? inside(answer, 'errorStatus') ?? found };
  },
};

const rules: Record<Exclude<WaitKind, 'runs'>, Rule> = {
  /** google.longrunning.Operation */
  operation: {
    path: byName,
    verdict(answer) {
      if (inside(answer, 'done') !== true) return 'going';
      const error = inside(answer, 'error');
      return error === null ? 'ended' : { error };
    },
  },
  /** Operations of Compute Engine, Kubernetes Engine and Cloud SQL, whose status is a word, and BigQuery's jobs. */
  status: {
    path(answer) {
      const link = URL.parse(textIn(answer, 'selfLink') ?? '');
      return link ? `${link.pathname}${link.search}` : undefined;
    },
    verdict(answer) {
      const word = textIn(answer, 'status') ?? textIn(answer, 'status', 'state');
      if (word !== 'DONE') return 'going';
      const error = inside(answer, 'error') ?? inside(inside(answer, 'status'), 'errorResult');
      return error === null ? 'ended' : { error };
    },
  },
  state,
  dataflow: {
    path(answer, version) {
      const [project, location, id] = ['projectId', 'location', 'id'].map((key) => textIn(answer, key));
      if (project === undefined || location === undefined || id === undefined) return undefined;
      return `${version}/projects/${project}/locations/${location}/jobs/${id}`;
    },
    verdict(answer) {
      const found = textIn(answer, 'currentState') ?? '';
      if (/(DONE|DRAINED|UPDATED)$/.test(found)) return 'ended';
      return /(FAILED|CANCELLED)$/.test(found) ? { error: found } : 'going';
    },
  },
  ready: knative('Ready'),
  completed: knative('Completed'),
};

/** A resource of Cloud Run v1 has ended when that condition is True or False. */
function knative(condition: string): Rule {
  return {
    path(answer) {
      const [version, kind] = [textIn(answer, 'apiVersion'), textIn(answer, 'kind')];
      const [namespace, name] = ['namespace', 'name'].map((key) => textIn(answer, 'metadata', key));
      if (!version || !kind || !namespace || !name) return undefined;
      return `/apis/${version}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
    },
    verdict(answer) {
      const status = inside(answer, 'status');
      // What is said of an earlier generation says nothing.
      const observed = inside(status, 'observedGeneration');
      if (observed !== null && observed !== inside(inside(answer, 'metadata'), 'generation')) return 'going';
      const conditions = inside(status, 'conditions');
      const found = isList(conditions) ? conditions.find((one) => textIn(one, 'type') === condition) : null;
      const value = textIn(found ?? null, 'status');
      if (value === 'True') return 'ended';
      return value === 'False' ? { error: found ?? null } : 'going';
    },
  };
}

/**
 * Waits for the end of what a connector started and answers its last state, as Google's samples read it
 * (`metadata.build` of an operation of Cloud Build, `name` of a job of Vertex AI).
 * https://docs.cloud.google.com/workflows/docs/connectors#long-running_operations
 * @param version the first segment of the service's paths, with its slash
 * @throws OperationError with the keys `operation` and `error` when it failed, ResponseTypeError when the answer is of
 * another form, TimeoutError
 */
export async function awaitEnd(
  call: ConnectorCall,
  { kind, service, version }: { kind: WaitKind; service: string; version: string },
  started: Value,
): Promise<Value> {
  if (kind !== 'runs') return awaitOne(rules[kind], started);
  const runs = inside(started, 'runs');
  if (!isList(runs)) throw otherForm(started);
  const ended: Value[] = [];
  for (const run of runs) ended.push(await awaitOne(state, run));
  return new Map([['runs', ended]]);

  async function awaitOne(rule: Rule, first: Value): Promise<Value> {
    const path = rule.path(first, version);
    if (path === undefined) throw otherForm(first);
    const ended = (answer: Value): Value | undefined => {
      const verdict = rule.verdict(answer);
      if (verdict === 'going') return undefined;
      if (verdict === 'ended') return answer;
      const { error } = verdict;
      const why = textIn(error, 'message') ?? (typeof error === 'string' ? error : formatJson(error));
      throw fault('OperationError', `${path} failed: ${why}`, [
        ['operation', answer],
        ['error', error],
      ]);
    };
    const already = ended(first);
    if (already !== undefined) return already;
    return poll(call, path, async () => ended(await request(call, { service, method: 'GET', path })));
  }
}

function otherForm(answer: Value): Error {
  return fault('ResponseTypeError', `expected something that can be waited for, got ${formatJson(answer)}`);
}

function inside(value: Value, key: string): Value {
  return isMap(value) ? (value.get(key) ?? null) : null;
}

function textIn(value: Value, ...keys: string[]): string | undefined {
  const found = keys.reduce(inside, value);
  return typeof found === 'string' ? found : undefined;
}
