import type { Expression } from '#local/workflows/expression.ts';
import type { Value } from '#local/workflows/values.ts';

/** A checked workflow, ready to run. Positions are those of the source text, counted from 1. */
export interface Program {
  /** By name; `main` is always there. */
  routines: ReadonlyMap<string, Routine>;
  /** Those it was checked by and runs by. */
  limits: Limits;
}

export interface Position {
  line: number;
  column: number;
}

/** A name in the source and where it stands. */
export interface Name {
  name: string;
  position: Position;
}

export interface Routine extends Name {
  params: readonly Parameter[];
  steps: readonly Step[];
}

export interface Parameter {
  name: string;
  /** The caller must give it. */
  required: boolean;
  /** Null for a required one. */
  defaultValue: Value;
}

/** A value as written in YAML, with expressions in it. */
export type Template =
  | { kind: 'constant'; value: Value }
  | { kind: 'expression'; expression: Expression; position: Position }
  | { kind: 'list'; items: readonly Template[] }
  | { kind: 'map'; entries: readonly (readonly [Template, Template])[] };

export type Step = Action & {
  /** A step without a name of its own (in a switch entry, under try) carries that of the step around it. */
  name: string;
  position: Position;
  /** A step name, `end`, `break` or `continue`; undefined goes on with the following step. */
  next: Name | undefined;
};

export type Action =
  | { kind: 'assign'; assignments: readonly Assignment[] }
  | {
      kind: 'call';
      function: Name;
      args: readonly Argument[];
      result: Name | undefined;
    }
  | { kind: 'switch'; entries: readonly { condition: Template; step: Step }[] }
  | ({ kind: 'for' } & Loop)
  | {
      kind: 'parallel';
      /** Variables around it that its branches may write. */
      shared: readonly Name[];
      concurrencyLimit: Template | undefined;
      work: { kind: 'branches'; branches: readonly Branch[] } | ({ kind: 'for' } & Loop);
    }
  | { kind: 'steps'; steps: readonly Step[] }
  | {
      kind: 'try';
      body: readonly Step[];
      retry: RetryPolicy | undefined;
      except: { as: Name | undefined; steps: readonly Step[] } | undefined;
    }
  | { kind: 'raise'; value: Template }
  | { kind: 'return'; value: Template }
  | { kind: 'jump' };

export interface Argument {
  /** That of its parameter, or its place among them when the arguments are a list. */
  name: string | number;
  position: Position;
  value: Template;
}

export interface Loop {
  value: Name;
  index: Name | undefined;
  over: { kind: 'in' | 'range'; template: Template };
  steps: readonly Step[];
}

export interface Branch {
  name: string;
  position: Position;
  steps: readonly Step[];
}

export interface Assignment {
  variable: string;
  /** Of its left side. */
  position: Position;
  /** Keys and indexes behind the variable: `a.b[0]` has two. */
  path: readonly Expression[];
  value: Template;
}

export interface RetryPolicy {
  /** Name of a predicate of the standard library or of a subworkflow. */
  predicate: Name;
  /** Not counting the first try. */
  maxRetries: Template;
  /** Seconds. */
  initialDelay: Template;
  /** Seconds. */
  maxDelay: Template;
  multiplier: Template;
}

/** Every problem of a source at once. The message is Google's `failed to build: …`; its code is 3, INVALID_ARGUMENT. */
export class WorkflowSourceError extends Error {
  readonly problems: readonly SourceProblem[];

  constructor(problems: readonly SourceProblem[]) {
    super(
      `failed to build: ${problems.map(({ message, position }) => `${message} (line ${position.line}, column ${position.column})`).join('\n')}`,
    );
    this.name = 'WorkflowSourceError';
    this.problems = problems;
  }
}

export interface SourceProblem {
  message: string;
  position: Position;
}

/** Limits of the service, today's numbers: https://cloud.google.com/workflows/quotas. They have grown before. */
export const defaultLimits = {
  sourceBytes: 128 * 1024,
  assignments: 50,
  conditions: 50,
  /** Of a subworkflow: https://github.com/GoogleCloudPlatform/workflows-samples/tree/main/jsonschema */
  parameters: 10,
  expressionCharacters: 400,
  callDepth: 20,
  /** Executed in one execution. */
  steps: 100_000,
  /** Of one parallel step. */
  branches: 10,
  parallelDepth: 2,
  /** Branches and iterations that run at the same time in one execution. */
  concurrency: 20,
  /** Errors of branches that one UnhandledBranchError lists. */
  branchErrors: 100,
  stringBytes: 256 * 1024,
  /** All variables of an execution together. */
  memoryBytes: 512 * 1024,
  httpResponseBytes: 2 * 1024 * 1024,
  /** A year. */
  executionSeconds: 31_536_000,
};
export type Limits = Readonly<typeof defaultLimits>;
