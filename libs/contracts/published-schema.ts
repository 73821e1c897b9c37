import { schemaOf, type ContractClass } from './json-schema.js'

type Schema = Record<string, unknown>

/**
 * The JSON Schema of a contract class as others are given it. It says what our own readers do before they check:
 * `null` counts as absent, so every field that may be absent may be `null`. Unknown fields are allowed (and ignored).
 */
export function publishedSchemaOf(type: ContractClass): Schema {
  const schema = schemaOf(type)
  const definitions = schema['definitions'] as Record<string, Schema> | undefined
  return {
    ...withNulls(schema),
    ...(definitions
      ? {
          definitions: Object.fromEntries(
            Object.entries(definitions).map(([name, definition]) => [name, withNulls(definition)]),
          ),
        }
      : {}),
  }
}

/** One object schema whose optional fields may also be `null`. */
function withNulls(schema: Schema): Schema {
  const required = new Set((schema['required'] as string[] | undefined) ?? [])
  const properties = (schema['properties'] as Record<string, Schema> | undefined) ?? {}
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [name, required.has(name) ? field : orNull(field)]),
    ),
    ...(schema['anyOf'] ? { anyOf: (schema['anyOf'] as Schema[]).map(presentAndNotNull) } : {}),
  }
}

/** In draft-07 the neighbours of a `$ref` do not count, so a reference is wrapped. */
function orNull(field: Schema): Schema {
  const { $ref: reference, examples } = field
  if (reference !== undefined) {
    return { anyOf: [{ $ref: reference }, { type: 'null' }], ...(examples ? { examples } : {}) }
  }
  if (field['type'] === undefined) return { anyOf: [field, { type: 'null' }] }
  return {
    ...field,
    type: [field['type'], 'null'],
    ...(field['enum'] ? { enum: [...(field['enum'] as unknown[]), null] } : {}),
  }
}

/** A branch of the content rule: what it requires must be there and not be `null`. */
function presentAndNotNull(branch: Schema): Schema {
  const names = branch['required'] as string[]
  const named = branch['properties'] as Record<string, Schema> | undefined
  return {
    ...branch,
    properties: Object.fromEntries(names.map((name) => [name, named?.[name] ?? { not: { type: 'null' } }])),
  }
}
