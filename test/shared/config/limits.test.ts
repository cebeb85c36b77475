import { describe, expect, it } from 'vitest';
import { parseServiceFile } from '#shared/config/service-file.ts';
import { file } from './hello-file.ts';

/** Paths and messages for a file whose runtime section, or suites, are these. */
function problemsOf(more: string): string[] {
  const parsed = parseServiceFile(file(more), 'f');
  return parsed.status === 'ok' ? [] : parsed.problems.map(({ message }) => message);
}

describe('between values of a runtime section', () => {
  const cases: { name: string; runtime: string; problems: string[] }[] = [
    {
      name: 'a variable has one source',
      runtime: '{ env: { A: x, B: x }, secrets: { B: "b:1", C: "c:1" } }',
      problems: ['runtime.secrets.B: this key — expected a name that is not in runtime.env too'],
    },
    ...['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION'].flatMap((name) => [
      {
        name: `${name} is no variable`,
        runtime: `{ env: { ${name}: "1" } }`,
        problems: [`runtime.env.${name}: this key — expected another name: Cloud Run sets this one itself`],
      },
      {
        name: `${name} is no secret`,
        runtime: `{ secrets: { ${name}: "s:1" } }`,
        problems: [
          `runtime.secrets.${name}: this key — expected another name: Cloud Run sets this one itself`,
        ],
      },
    ]),
    {
      name: 'a reserved name is found beside a wrong value',
      runtime: '{ memory: 1, env: { PORT: 8080 } }',
      problems: [
        'runtime.memory: 1 — expected text, so put it in quotes',
        'runtime.env.PORT: this key — expected another name: Cloud Run sets this one itself',
        'runtime.env.PORT: this value — expected text, so put it in quotes',
      ],
    },
    {
      name: 'as many instances at least as at most are right',
      runtime: '{ minInstances: 3, maxInstances: 3 }',
      problems: [],
    },
    {
      name: 'the default limits too',
      runtime: '{ minInstances: 21, port: 0 }',
      problems: [
        'runtime.minInstances: 21 — expected at most runtime.maxInstances, which is 20',
        'runtime.port: 0 — expected at least 1',
      ],
    },
    {
      name: 'a limit that is wrong itself limits nothing',
      runtime: '{ minInstances: 21, maxInstances: many }',
      problems: ['runtime.maxInstances: "many" — expected a number'],
    },
    {
      name: 'half a CPU serves one request at a time',
      runtime: '{ cpu: 500m, concurrency: 1 }',
      problems: [],
    },
    { name: 'a thousand milli-CPUs are one CPU', runtime: '{ cpu: 1000m }', problems: [] },
    ...['500m', '"0.5"'].map((cpu) => ({
      name: `${cpu} is too little for many`,
      runtime: `{ cpu: ${cpu}, concurrency: 2 }`,
      problems: [
        `runtime.cpu: "${cpu.replaceAll('"', '')}" — expected at least "1", as runtime.concurrency is 2: below one CPU it can only be 1`,
      ],
    })),
    {
      name: 'a probe may last its period',
      runtime: '{ startupProbe: { period: 5s, timeout: 5s } }',
      problems: [],
    },
    {
      name: 'a probe cannot outlast its period',
      runtime: '{ startupProbe: { period: 4s, timeout: 5s }, livenessProbe: { path: /, timeout: 11s } }',
      problems: [
        `runtime.startupProbe.timeout: "5s" — expected at most the probe's period, which is 4 s`,
        `runtime.livenessProbe.timeout: "11s" — expected at most the probe's period, which is 10 s`,
      ],
    },
    {
      name: 'a container is started within 240 s of probing, after at most 240 s of waiting',
      runtime: '{ startupProbe: { initialDelay: 240s, period: 120s, failureThreshold: 2 } }',
      problems: [],
    },
    {
      name: 'a startup probe cannot go on longer',
      runtime: '{ startupProbe: { initialDelay: 241s, period: 81s } }',
      problems: ['runtime.startupProbe.initialDelay: "241s" — expected between 0 and 240 seconds'],
    },
    {
      name: 'neither by its period nor by its threshold',
      runtime: '{ startupProbe: { failureThreshold: 25 } }',
      problems: [
        'runtime.startupProbe.failureThreshold: 25 — expected period × failureThreshold of at most 240 s; it is 10 s × 25',
      ],
    },
    {
      name: 'the default threshold counts',
      runtime: '{ startupProbe: { period: 81s } }',
      problems: [
        'runtime.startupProbe.period: "81s" — expected period × failureThreshold of at most 240 s; it is 81 s × 3',
      ],
    },
    {
      name: 'a liveness probe may',
      runtime: '{ livenessProbe: { path: /, period: 1h, initialDelay: 1h } }',
      problems: [],
    },
    {
      name: 'a liveness probe asks by HTTP',
      runtime: '{ livenessProbe: { period: 5s } }',
      problems: [
        'runtime.livenessProbe.path: missing — expected a path: Cloud Run has no liveness probe without HTTP',
      ],
    },
    {
      name: 'a probe counts in whole seconds',
      runtime: '{ startupProbe: { period: 1500ms } }',
      problems: ['runtime.startupProbe.period: "1500ms" — expected whole seconds'],
    },
  ];
  it.each(cases)('$name', ({ runtime, problems }) => {
    expect(problemsOf(`runtime: ${runtime}`)).toEqual(problems);
  });
});

describe('between suites', () => {
  const check = (name: string): string => `{ name: ${name}, path: / }`;

  it('names may repeat from one suite to another', () => {
    expect(
      problemsOf(`suites: [{ title: A, checks: [${check('a')}] }, { title: B, checks: [${check('a')}] }]`),
    ).toEqual([]);
  });

  it('titles differ, and names within a suite, whatever else is wrong', () => {
    expect(
      problemsOf(
        `suites: [{ title: A, checks: [${check('a')}, { name: a }] }, { title: A, checks: [${check('b')}] }, 7]`,
      ),
    ).toEqual([
      'suites[0].checks[1].path: missing — expected text',
      'suites[0].checks[1].name: "a" — expected a name that no check of the suite before has',
      'suites[1].title: "A" — expected a title that no suite before has',
      'suites[2]: 7 — expected a map of keys and values',
    ]);
  });
});
