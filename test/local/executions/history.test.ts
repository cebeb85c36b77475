import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServer, until, waits, type StepEntry, type TestServer } from './server.ts';

let at: TestServer;
beforeEach(async () => {
  at = await startServer();
});
afterEach(() => at.stop());

async function history(source: string, query = ''): Promise<StepEntry[]> {
  await at.deploy('w', source);
  const name = await at.run('w');
  await at.ended(name);
  return entriesOf(name, query);
}

async function entriesOf(name: string, query = ''): Promise<StepEntry[]> {
  return (await at.call('GET', `${name}/stepEntries${query}`)).json.stepEntries;
}

const brief = ({ entryId, step, stepType, state, navigationInfo }: StepEntry): string =>
  [
    entryId,
    navigationInfo.parent ?? '-',
    step,
    stepType.replace('STEP_', ''),
    state.replace('STATE_', ''),
  ].join(' ');

const everything = `
main:
  steps:
    - init: {assign: [{n: 0}]}
    - count:
        for:
          value: v
          in: [1, 2]
          steps:
            - add: {assign: [{n: "\${n + v}"}]}
    - block:
        steps:
          - inner: {call: helper, args: {a: 1}, result: r}
    - risky:
        try: {raise: "no"}
        except: {as: e, steps: [{calm: {assign: [{n: 1}]}}]}
    - choose:
        switch:
          - {condition: "\${n == 1}", next: last}
    - skipped: {assign: [{n: 2}]}
    - last: {return: "\${n}"}
helper:
  params: [a]
  steps:
    - log: {call: sys.log, args: {text: "\${a}"}}
    - done: {return: 1}
`;

describe('step entries', () => {
  it('tell what ran, in order, with type, end and what it ran inside of', async () => {
    const entries = await history(everything);
    expect(entries.map(brief)).toMatchInlineSnapshot(`
      [
        "1 - init ASSIGN SUCCEEDED",
        "2 - count FOR SUCCEEDED",
        "3 2 count FOR_ITERATION SUCCEEDED",
        "4 3 add ASSIGN SUCCEEDED",
        "5 2 count FOR_ITERATION SUCCEEDED",
        "6 5 add ASSIGN SUCCEEDED",
        "7 - inner SUBWORKFLOW_CALL SUCCEEDED",
        "8 7 log STD_LIB_CALL SUCCEEDED",
        "9 7 done RETURN SUCCEEDED",
        "10 - risky TRY_RETRY_EXCEPT SUCCEEDED",
        "11 10 risky TRY FAILED",
        "12 11 risky RAISE FAILED",
        "13 10 risky EXCEPT SUCCEEDED",
        "14 13 calm ASSIGN SUCCEEDED",
        "15 - choose SWITCH SUCCEEDED",
        "16 - last RETURN SUCCEEDED",
      ]
    `);
    expect(entries[0]!.name).toMatch(/executions\/[^/]+\/stepEntries\/1$/);
  });

  it('lead from one to the next, in and out again', async () => {
    const entries = await history(everything);
    const navigation = (step: string, type: string) =>
      entries.find((entry) => entry.step === step && entry.stepType === type)!.navigationInfo;
    const idOf = (step: string, type: string) =>
      entries.find((entry) => entry.step === step && entry.stepType === type)!.entryId;
    const loop = idOf('count', 'STEP_FOR');
    expect(navigation('init', 'STEP_ASSIGN')).toEqual({ children: [], next: loop });
    const iterations = entries.filter(({ stepType }) => stepType === 'STEP_FOR_ITERATION');
    expect(navigation('count', 'STEP_FOR').children).toEqual(iterations.map(({ entryId }) => entryId));
    expect(iterations.map(({ stepEntryMetadata }) => stepEntryMetadata)).toEqual([
      { progressType: 'PROGRESS_TYPE_FOR', progressNumber: '1' },
      { progressType: 'PROGRESS_TYPE_FOR', progressNumber: '2' },
    ]);
    expect(navigation('log', 'STEP_STD_LIB_CALL').parent).toBe(idOf('inner', 'STEP_SUBWORKFLOW_CALL'));
  });

  it('tell branches that run at the same time apart by their thread', async () => {
    const entries = await history(`
- both:
    parallel:
      branches:
        - left: {steps: [{l: {call: sys.log, args: {text: l}}}]}
        - right: {steps: [{r: {call: sys.log, args: {text: r}}}]}
`);
    const branches = entries.filter(({ stepType }) => stepType === 'STEP_PARALLEL_BRANCH_ENTRY');
    expect(
      branches.map(({ step, navigationInfo }) => [step, navigationInfo.parent, navigationInfo.next]),
    ).toEqual([
      ['left', '1', undefined],
      ['right', '1', undefined],
    ]);
    const threads = entries.map(({ stepEntryMetadata }) => stepEntryMetadata.threadId);
    expect(new Set(threads.filter((thread) => thread !== undefined)).size).toBe(2);
  });

  it('say with what a step failed', async () => {
    const entries = await history('- a: {raise: {code: 7}}');
    expect(entries).toMatchObject([{ state: 'STATE_FAILED', exception: { payload: '{"code":7}' } }]);
  });

  it('are there while it runs, and CANCELLED when it is', async () => {
    await at.deploy('w', waits);
    const name = await at.run('w');
    await until(() => at.logs[0]);
    const listen = async () => (await entriesOf(name)).at(-1)!;
    expect(await listen()).toMatchObject({ step: 'listen', state: 'STATE_IN_PROGRESS' });
    expect((await at.call('POST', `${name}:deleteExecutionHistory`)).status).toBe(400);
    await at.call('POST', `${name}:cancel`);
    await until(async () => ((await listen()).state === 'STATE_CANCELLED' ? true : undefined));
  });

  it('outlive a restart, and end when they are deleted', async () => {
    await at.deploy('w', '- a: {return: 1}');
    const name = await at.run('w');
    await at.ended(name);
    const before = await entriesOf(name);
    await at.stop();
    at = await startServer({ store: at.store });
    expect(await entriesOf(name)).toEqual(before);
    expect(await at.call('POST', `${name}:deleteExecutionHistory`, {})).toEqual({ status: 200, json: {} });
    expect(await entriesOf(name)).toEqual([]);
  });

  it('are read one by one', async () => {
    const [first] = await history('- a: {return: 1}');
    expect((await at.call('GET', first!.name)).json).toEqual(first);
    expect((await at.call('GET', `${first!.name}0`)).status).toBe(404);
  });

  it.each([
    ['by step', 'filter=step="add"', ['add', 'add']],
    ['by type, with the prefix', 'filter=stepType="STEP_RETURN"', ['done', 'last']],
    ['by type, without it', 'filter=stepType="RETURN"', ['done', 'last']],
    ['by routine', 'filter=routine="helper"', ['log', 'done']],
    ['by id', 'filter=entryId<=2', ['init', 'count']],
    ['in another order', 'filter=routine="helper"&orderBy=entryId desc', ['done', 'log']],
    ['from a place on', 'filter=routine="helper"&skip=1', ['done']],
  ])('are found %s', async (_name, query, steps) => {
    const entries = await history(everything, `?${query}`);
    expect(entries.map(({ step }) => step)).toEqual(steps);
  });

  const looping = `
- init: {assign: [{n: 0}, {raw: '\${text.encode("a")}'}]}
- count: {for: {value: v, in: [1, 2], steps: [{add: {assign: [{n: "\${n + v}"}]}}]}}
- both: {parallel: {shared: [n], for: {value: w, range: [1, 3], steps: [{p: {assign: [{n: "\${n + w}"}]}}]}}}
- infinite: {assign: [{n: "\${1e308 * 10}"}]}
`;

  it('have the variables in scope and the number of iterations when detailed', async () => {
    await at.deploy('w', looping);
    const name = await at.run('w', { executionHistoryLevel: 'EXECUTION_HISTORY_DETAILED' });
    expect((await at.ended(name)).state).toBe('SUCCEEDED');
    const entries = await entriesOf(name);
    const variablesOf = (step: string) =>
      entries
        .filter((entry) => entry.step === step && entry.stepType === 'STEP_ASSIGN')
        .map(({ variableData }) => variableData?.variables);
    expect(variablesOf('init')).toEqual([{ n: 0, raw: 'YQ==' }]);
    expect(variablesOf('add')).toEqual([
      { n: 1, raw: 'YQ==', v: 1 },
      { n: 3, raw: 'YQ==', v: 2 },
    ]);
    expect(variablesOf('infinite')).toEqual([{ n: 'Infinity', raw: 'YQ==' }]);
    const expected = entries.map(({ stepEntryMetadata }) => stepEntryMetadata.expectedIteration);
    expect(expected.filter((count) => count !== undefined)).toEqual(['2', '2', '3', '3', '3']);
    const basic = await entriesOf(name, '?view=EXECUTION_ENTRY_VIEW_BASIC');
    expect(basic.every((entry) => !('variableData' in entry))).toBe(true);
  });

  it.each([
    ['nothing says so', {}, {}, false],
    ['the workflow says so', { executionHistoryLevel: 'EXECUTION_HISTORY_DETAILED' }, {}, true],
    [
      'the execution says otherwise than the workflow',
      { executionHistoryLevel: 'EXECUTION_HISTORY_DETAILED' },
      { executionHistoryLevel: 'EXECUTION_HISTORY_BASIC' },
      false,
    ],
  ])('are detailed or not when %s', async (_name, workflow, execution, detailed) => {
    await at.deploy('w', looping, workflow);
    const name = await at.run('w', execution);
    await at.ended(name);
    const [first] = await entriesOf(name);
    expect('variableData' in first!).toBe(detailed);
  });

  it('of a run that would fill the disk with its variables go without them in the end', async () => {
    const big = `
- begin: {assign: [{text: "${'x'.repeat(50_000)}"}, {n: 0}]}
- count: {for: {value: v, range: [1, 400], steps: [{add: {assign: [{n: "\${n + v}"}]}}]}}`;
    await at.deploy('w', big);
    const name = await at.run('w', { executionHistoryLevel: 'EXECUTION_HISTORY_DETAILED' });
    await at.ended(name);
    const entries = await entriesOf(name, '?filter=step="add" AND stepType="ASSIGN"');
    expect(entries).toHaveLength(400);
    expect(entries[0]).toHaveProperty('variableData');
    expect(entries.at(-1)).not.toHaveProperty('variableData');
  });

  it('come in pages, and skip counts from the page on', async () => {
    await at.deploy('w', everything);
    const name = await at.run('w');
    await at.ended(name);
    const all = await entriesOf(name);
    const page = (await at.call('GET', `${name}/stepEntries?pageSize=2`)).json;
    expect(page.totalSize).toBe(all.length);
    expect(page.stepEntries).toEqual(all.slice(0, 2));
    expect(await entriesOf(name, `?pageSize=2&skip=1&pageToken=${page.nextPageToken}`)).toEqual(
      all.slice(3, 5),
    );
    expect((await at.call('GET', `${name}/stepEntries?filter=colour="red"`)).status).toBe(400);
  });
});
