import { access, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { StepMessage } from '#shared/domain/protocol.ts';
import { ServiceConfig } from '#shared/domain/service.ts';
import { stepNames } from '#shared/domain/steps.ts';
import { leaseSeconds } from '#shared/ledger/claims.ts';
import { config } from '#test/shared/domain/records.ts';
import targets from '#functions/targets.json' with { type: 'json' };

/** What code, YAML and the list of targets have to agree on, though none of them reads all the others. */

const root = new URL('../../', import.meta.url);
const text = await readFile(new URL('workflows/deploy.yaml', root), 'utf8');
const workflow: unknown = parse(text);

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Every map of a tree, parents before children. */
function nodesOf(value: unknown): Node[] {
  const children = Array.isArray(value) ? value : isNode(value) ? Object.values(value) : [];
  return [...(isNode(value) ? [value] : []), ...children.flatMap(nodesOf)];
}
const nodes = nodesOf(workflow);
const calls = (name: string): Node[] => nodes.filter((node) => node['call'] === name);
const argumentsOf = (call: Node): Node => (isNode(call['args']) ? call['args'] : {});
const stringsIn = (expression: string): string[] =>
  [...expression.matchAll(/"([^"]*)"/g)].map(([, quoted = '']) => quoted);
/** Values that a variable is assigned anywhere, or that a loop gives it. */
function valuesOf(variable: string): unknown[] {
  return nodes.flatMap((node) => {
    const loop = node['for'];
    if (isNode(loop) && loop['value'] === variable) return [loop['in']];
    const assigned = Array.isArray(node['assign']) ? node['assign'] : [];
    return assigned.flatMap((each: unknown) => (isNode(each) && variable in each ? [each[variable]] : []));
  });
}

/** The steps that a `step:` argument can stand for: a name, or a variable of a loop over a list of names. */
function stepsOf(argument: unknown): string[] {
  const variable = /^\$\{(\w+)\}$/.exec(String(argument))?.[1];
  if (variable === undefined) return [String(argument)];
  const [list] = valuesOf(variable);
  const listName = /^\$\{(\w+)\}$/.exec(String(list))?.[1] ?? '';
  return valuesOf(listName).flatMap((value) => stringsIn(String(value)));
}

/** The phases that a `phase:` argument can stand for: a word, or `${"traffic-" + percent}` for every percentage. */
function phasesOf(argument: unknown): string[] {
  const written = String(argument);
  if (!written.includes('$')) return [written];
  const prefix = /^\$\{"([a-z-]+)" \+ percent\}$/.exec(written)?.[1];
  if (prefix === undefined) throw new Error(`this test does not know what phase ${written} stands for`);
  return Array.from({ length: 100 }, (_, index) => `${prefix}${index + 1}`);
}

describe('the times of a dispatch', () => {
  const { budgetSeconds, functionTimeoutSeconds, ackDeadlineSeconds, deadlineSeconds } = targets.dispatch;

  test('go up: budget < function timeout < ack deadline < dispatch deadline', () => {
    const times = [leaseSeconds, budgetSeconds, functionTimeoutSeconds, ackDeadlineSeconds, deadlineSeconds];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });

  test('leave a trigger its time before Pub/Sub delivers again', () => {
    const { trigger } = targets;
    expect(trigger.functionTimeoutSeconds).toBeLessThan(trigger.ackDeadlineSeconds);
  });

  test('are within what Google takes: ack deadline 10–600 s, backoff 0–600 s, 5–100 delivery attempts', () => {
    for (const seconds of [ackDeadlineSeconds, targets.trigger.ackDeadlineSeconds]) {
      expect(seconds).toBeGreaterThanOrEqual(10);
      expect(seconds).toBeLessThanOrEqual(600);
    }
    const { minimumBackoffSeconds, maximumBackoffSeconds } = targets.retry;
    expect(minimumBackoffSeconds).toBeLessThanOrEqual(maximumBackoffSeconds);
    expect(maximumBackoffSeconds).toBeLessThanOrEqual(600);
    expect(targets.deadLetter.maxDeliveryAttempts).toBeGreaterThanOrEqual(5);
    expect(targets.deadLetter.maxDeliveryAttempts).toBeLessThanOrEqual(100);
  });

  test('are the same in the workflow: the deadline it sends, and how long it listens', () => {
    const [deadline] = valuesOf('deadline');
    expect(deadline).toBe(`\${sys.now() + ${deadlineSeconds}}`);
    const timeouts = calls('events.await_callback').map((call) => argumentsOf(call)['timeout']);
    expect(timeouts.filter((timeout) => typeof timeout === 'number')).toEqual([deadlineSeconds]);
    for (const timeout of timeouts.filter((each) => typeof each !== 'number'))
      expect(timeout).toMatch(/^\$\{math\.max\((deadline - sys\.now\(\)|wait), [\d.]+\)\}$/);
    expect(text.match(/\b180\b/g)).toHaveLength(2);
  });

  test('are awaited as callbacks alone: nothing sleeps, so that a signal ends every wait', () => {
    expect(calls('events.await_callback').length).toBeGreaterThan(0);
    expect(calls('sys.sleep')).toEqual([]);
    expect(calls('sys.sleep_until')).toEqual([]);
  });

  test('end, also when no function ever answers: the workflow itself bounds its tries', () => {
    const [noReply] = valuesOf('no_reply') as { http_request: { body: Record<string, string> } }[];
    expect(noReply?.http_request.body).toMatchObject({
      retryable: '${attempt < 6}',
      retryAfterSeconds: '${5 * attempt}',
    });
  });
});

describe('the targets', () => {
  const steps = targets.targets.filter((target) => target.kind === 'step');

  test('of kind step are the steps of the domain, one each, with the topic of their name', () => {
    expect(steps.map(({ name }) => name).sort()).toEqual([...stepNames].sort());
    for (const { name, topic } of steps) expect(topic).toBe(`step-${name}`);
  });

  test('have names and topics of their own, and a topic unless they are called over HTTP', () => {
    const names = targets.targets.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const topics = targets.targets.flatMap(({ topic }) => topic ?? []);
    expect(new Set(topics).size).toBe(topics.length);
    for (const { kind, topic } of targets.targets) expect(topic === undefined).toBe(kind === 'http');
  });

  test.each(targets.targets)('have a file each: $name', async ({ name, kind }) => {
    const folder = `functions/${kind === 'step' ? 'steps' : 'triggers'}`;
    const files = [`${folder}/${name}.ts`, `${folder}/${name}/${name}.ts`];
    await expect(Promise.any(files.map((file) => access(new URL(file, root))))).resolves.not.toThrow();
  });
});

describe('the workflow', () => {
  const runs = calls('run_step').map(argumentsOf);

  test('runs steps, and every step somewhere', () => {
    expect(runs.length).toBeGreaterThan(0);
    expect([...new Set(runs.flatMap((args) => stepsOf(args['step'])))].sort()).toEqual([...stepNames].sort());
  });

  test.each(runs.map((args) => ({ step: args['step'], phase: args['phase'], args })))(
    'runs $step in $phase with what run_step takes, a step that exists and phases that a message may have',
    ({ args }) => {
      expect(Object.keys(args).sort()).toEqual(['id', 'phase', 'seq', 'step']);
      expect(args['id']).toBe('${id}');
      const steps = stepsOf(args['step']);
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(stepNames).toContain(step);
      const fits = (phase: string): boolean => StepMessage.shape.phase.safeParse(phase).success;
      expect(phasesOf(args['phase']).filter((phase) => !fits(phase))).toEqual([]);
    },
  );

  test('gives every percentage that a service file may ask for a phase', () => {
    const percentages = Array.from({ length: 100 }, (_, index) => index + 1);
    const traffic = { ...config.traffic, steps: percentages, bake: '10s' };
    const parsed = ServiceConfig.shape.traffic.parse(traffic);
    const phases = phasesOf('${"traffic-" + percent}');
    expect(parsed.steps.map((percent) => `traffic-${percent}`)).toEqual(phases);
  });

  test('counts on: every dispatch has a number of its own', () => {
    for (const args of runs) expect(args['seq']).toMatch(/^\$\{.+ \+ 1\}$/);
  });

  test('sends the message that a step accepts, field by field', () => {
    const [message] = valuesOf('message');
    expect(Object.keys(message as Node).sort()).toEqual(Object.keys(StepMessage.shape).sort());
    expect((message as Node)['version']).toBe(StepMessage.shape.version.value);
  });

  test('publishes to the topics of the targets', () => {
    const [publish] = calls('googleapis.pubsub.v1.projects.topics.publish');
    expect(argumentsOf(publish!)['topic']).toContain('"/topics/step-" + step');
  });

  test('never decides on a status that no reply has', () => {
    const known = ['succeeded', 'rejected', 'failed', 'pending', 'not-owner'];
    const asked = [...text.matchAll(/status"?\)? == "([\w-]+)"/g)].map(([, status = '']) => status);
    expect(asked.length).toBeGreaterThan(0);
    for (const status of asked) expect(known).toContain(status);
  });
});
