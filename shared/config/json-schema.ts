import { z } from 'zod';
import { environmentName, EnvironmentPlace, sections, serviceFileShape } from '#shared/domain/service.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * The service file for editors: JSON Schema 2020-12, from the schemas that parse it. Keys that a section needs are not
 * required here, because either the top level or the environment may hold them; rules between values are not in it.
 */
export function serviceFileJsonSchema(): JsonSchema {
  const file = jsonSchema(z.strictObject(serviceFileShape));
  const place = jsonSchema(EnvironmentPlace);
  const definitions = Object.entries(sections).map(([name, schema]) => [
    name,
    withoutRequired(jsonSchema(schema)),
  ]);
  const references = Object.fromEntries(
    Object.keys(sections).map((name) => [name, { $ref: `#/$defs/${name}` }]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Slipway service file',
    ...file,
    properties: {
      ...file.properties,
      ...references,
      environments: {
        type: 'object',
        minProperties: 1,
        propertyNames: jsonSchema(environmentName),
        additionalProperties: { ...place, properties: { ...place.properties, ...references } },
      },
    },
    required: [...(file.required ?? []), 'environments'],
    $defs: Object.fromEntries(definitions),
  };
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, '~standard': __, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** Nothing is required of maps that are merged; lists are replaced as a whole, so what is inside them stays as it is. */
function withoutRequired(schema: JsonSchema): JsonSchema {
  const { required: _, ...relaxed } = schema;
  for (const [key, member] of Object.entries(relaxed.properties ?? {})) {
    if (typeof member !== 'boolean')
      relaxed.properties = { ...relaxed.properties, [key]: withoutRequired(member) };
  }
  if (relaxed.anyOf !== undefined) relaxed.anyOf = relaxed.anyOf.map(withoutRequired);
  return relaxed;
}
