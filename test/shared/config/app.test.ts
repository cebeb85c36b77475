import { describe, expect, it } from 'vitest';
import { countOf, secondsOf } from '#shared/domain/service/app.ts';
import { configsOf, file, problemsOf } from './hello-file.ts';

describe('a value that is in a variable', () => {
  const problems = (env: string, app: string): string[] =>
    problemsOf(file(`runtime: { env: ${env} }\napp: ${app}`)).map((line) => line.replace(/^\d+:\d+ /, ''));

  it('is taken from runtime.env, of the environment too', () => {
    const text = `${file()}  production: { project: other-project, region: us-central1, runtime: { env: { POOL: "7" } } }
runtime: { env: { POOL: "5", WAIT: "90", IDLE: "32s" } }
app: { database: { pool: { env: POOL }, timeout: { env: WAIT } }, webSocket: { idleTimeout: { env: IDLE } } }`;
    expect(
      configsOf(text).map(({ app, runtime: { env } }) => [
        countOf(app!.database!.pool, env),
        secondsOf(app!.database!.timeout!, env),
        secondsOf(app!.webSocket!.idleTimeout!, env),
      ]),
    ).toEqual([
      [5, 90, 32],
      [7, 90, 32],
    ]);
  });

  const count =
    'app.database.pool.env: this value — expected a variable of runtime.env that holds a whole number from 0 to 10000';
  const time =
    'app.database.timeout.env: this value — expected a variable of runtime.env that holds a duration such as 90s, or a number of seconds, of at most 24 h';
  const cases: { name: string; env: string; app: string; says: string[] }[] = [
    { name: 'is missing', env: '{}', app: '{ database: { pool: { env: POOL } } }', says: [count] },
    {
      name: 'is no number',
      env: '{ POOL: many }',
      app: '{ database: { pool: { env: POOL } } }',
      says: [count],
    },
    { name: 'is empty', env: '{ POOL: "" }', app: '{ database: { pool: { env: POOL } } }', says: [count] },
    {
      name: 'is too large',
      env: '{ POOL: "10001" }',
      app: '{ database: { pool: { env: POOL } } }',
      says: [count],
    },
    {
      name: 'is in milliseconds, as its size tells',
      env: '{ WAIT: "90000" }',
      app: '{ database: { pool: 5, timeout: { env: WAIT } } }',
      says: [time],
    },
    {
      name: 'is fine',
      env: '{ WAIT: "1.5m", POOL: " 12 " }',
      app: '{ database: { pool: { env: POOL }, timeout: { env: WAIT } } }',
      says: [],
    },
  ];
  it.each(cases)('is a problem when it $name', ({ env, app, says }) => {
    expect(problems(env, app)).toEqual(says);
  });

  it('is not read from a secret', () => {
    const text = file('runtime: { secrets: { POOL: "pool:1" } }\napp: { database: { pool: { env: POOL } } }');
    expect(problemsOf(text)).toEqual([expect.stringContaining(count)]);
  });
});

describe('the name in front of the service', () => {
  it.each([
    'metadata.google.internal',
    'localhost',
    '10.0.0.1',
    'https://api.example.com',
    'api.example.com/x',
    'x.local',
  ])('is not %s', (host) => {
    expect(problemsOf(file(`app: { loadBalancer: { host: '${host}' } }`))).toEqual([
      expect.stringContaining('expected a public host name such as api.example.com'),
    ]);
  });
});
