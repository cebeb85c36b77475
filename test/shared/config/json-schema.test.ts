import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { serviceFileJsonSchema } from '#shared/config/json-schema.ts';

type Schema = z.core.JSONSchema.BaseSchema;
const schema = serviceFileJsonSchema();
const hello = parse(readFileSync('examples/services/hello.yaml', 'utf8')) as Record<string, unknown>;

/** Every key of the schema as the documentation writes it (`suites[].title`, `environments.*.region`), with its default. */
function* keysOf(node: Schema, prefix: string): Generator<[string, unknown]> {
  if (node.$ref !== undefined)
    yield* keysOf(schema.$defs![node.$ref.replace('#/$defs/', '')] as Schema, prefix);
  for (const [key, member] of Object.entries(node.properties ?? {})) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    yield [path, (member as Schema).default];
    yield* keysOf(member as Schema, path);
  }
  for (const branch of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) yield* keysOf(branch, prefix);
  if (node.items !== undefined) yield* keysOf(node.items as Schema, `${prefix}[]`);
  if (typeof node.additionalProperties === 'object') yield* keysOf(node.additionalProperties, `${prefix}.*`);
}

const sections = new Set(Object.keys(schema.$defs ?? {}));
const keys = new Map(
  [...keysOf(schema, '')].filter(
    ([path]) => !sections.has(path) && !/^environments\.\*\.(?!project$|region$|cloudRunService$)/.test(path),
  ),
);

describe('docs/service.schema.json', () => {
  it('is what the schemas say', () => {
    const committed: unknown = JSON.parse(readFileSync('docs/service.schema.json', 'utf8'));
    const renew = 'npm run --silent slipway -- schema > docs/service.schema.json && npm run fix';
    if (!isDeepStrictEqual(committed, schema))
      throw new Error(`docs/service.schema.json is stale; renew it: ${renew}`);
    expect(committed).toEqual(schema);
  });

  it('takes the example', () => {
    expect(
      z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(hello).error,
    ).toBeUndefined();
  });

  it.each([
    ['an unknown key', { ...hello, imagee: 'x' }],
    [
      'an unknown key of an environment',
      {
        ...hello,
        environments: { staging: { project: 'slipway-local', region: 'us-central1', image: 'x' } },
      },
    ],
    [
      'a wrong value in an override',
      {
        ...hello,
        environments: {
          staging: { project: 'slipway-local', region: 'us-central1', runtime: { memory: '1G' } },
        },
      },
    ],
    ['an environment without a project', { ...hello, environments: { staging: { region: 'us-central1' } } }],
    ['no environments', { service: 'hello', image: 'x' }],
    ['a check without a path', { ...hello, suites: [{ title: 'T', checks: [{ name: 'a' }] }] }],
  ])('refuses %s', (_, value) => {
    expect(z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success).toBe(
      false,
    );
  });

  it('leaves it to the merged configuration whether a VPC is complete', () => {
    const value = { ...hello, runtime: { vpc: { network: 'n' } } };
    expect(z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success).toBe(
      true,
    );
  });
});

describe('docs/service-file.md', () => {
  const text = readFileSync('docs/service-file.md', 'utf8');
  const rows = new Map(
    [...text.matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|/gm)].map(([, key = '', fallback = '']) => [
      key,
      fallback.trim(),
    ]),
  );

  it('has a row for every key of the schema, and for no other', () => {
    expect([...rows.keys()].toSorted()).toEqual([...keys.keys()].toSorted());
  });

  it('names the default of every key that has one', () => {
    const defaults = [...keys].filter(([, value]) => value !== undefined);
    const written = (value: unknown): string =>
      typeof value === 'string' && /^\d+(ms|s|m|h)$/.test(value) ? value : JSON.stringify(value);
    expect(defaults.length).toBeGreaterThan(20);
    expect(defaults.map(([key]) => [key, rows.get(key)])).toEqual(
      defaults.map(([key, value]) => [key, `\`${written(value)}\``]),
    );
  });

  it('says of every other key that it is required or has none', () => {
    const others = [...keys].filter(([, value]) => value === undefined);
    const honest = /^(–|required( in `\w+`)?|the value of `service`)$/;
    expect(others.filter(([key]) => !honest.test(rows.get(key) ?? ''))).toEqual([]);
  });
});
