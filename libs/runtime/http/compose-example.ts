import { EXAMPLE_VALUES } from './example-values.js'

type Schema = Readonly<Record<string, unknown>>
type Known = Readonly<Record<string, Schema>>

/** The body of a request or answer, as an OpenAPI document describes it. */
export interface Described {
  schema?: Schema
  example?: unknown
  examples?: unknown
}

/** Where a schema stands: as a field of a class, and which class it describes itself. */
interface Field {
  name?: string
  owner?: string
  of?: string
}

const COMPONENTS = '#/components/schemas/'

/** Gives a body its example out of its schema, one for each where it may be any of several; one that it has stays. */
export function addExample(body: Described, known: Known): void {
  const { schema } = body
  if (!schema || body.example !== undefined || body.examples !== undefined) return
  const branches = schema['anyOf'] as Schema[] | undefined
  if (branches?.every(({ $ref }) => typeof $ref === 'string')) {
    body.examples = Object.fromEntries(
      branches.map((one) => [nameIn(one), { value: composeExample(one, known) }]),
    )
    return
  }
  const example = composeExample(schema, known)
  if (example !== undefined) body.example = example
}

/**
 * A value of a schema, composed from its fields: what `@Example` says of a field, else what its name stands for in the whole
 * API (example-values.ts), else what its type says. Undefined where none of the three says anything; such a field is absent.
 */
export function composeExample(schema: Schema, known: Known, field: Field = {}): unknown {
  const own = schema['examples'] as unknown[] | undefined
  if (own) return own[0]
  if (schema['$ref'] !== undefined) {
    return composeExample(known[nameIn(schema)] ?? {}, known, { ...field, of: nameIn(schema) })
  }
  const values = schema['enum'] as unknown[] | undefined
  const named = valueOf(field)
  if (named !== undefined && (values?.includes(named) ?? isOf(schema, named))) return named
  if (values) return values[0]
  const branches = schema['anyOf'] as Schema[] | undefined
  if (branches && schema['type'] === undefined) return composeExample(branches[0]!, known, field)
  switch (typesOf(schema)[0]) {
    case 'object':
      return composeObject(schema, known, field.of)
    case 'array': {
      const item = composeExample((schema['items'] ?? {}) as Schema, known)
      return item === undefined ? [] : [item]
    }
    case 'boolean':
      return false
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 0
    case 'string':
      return schema['format'] === 'date-time' ? EXAMPLE_VALUES['at'] : undefined
    default:
      return undefined
  }
}

function composeObject({ properties }: Schema, known: Known, owner = ''): unknown {
  if (properties === undefined) return undefined
  const fields = Object.entries(properties as Known).map(
    ([name, field]) => [name, composeExample(field, known, { name, owner })] as const,
  )
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}

function valueOf({ name = '', owner = '' }: Field): unknown {
  const key = [`${owner}.${name}`, name].find((one) => Object.hasOwn(EXAMPLE_VALUES, one))
  return key === undefined ? undefined : EXAMPLE_VALUES[key]
}

function nameIn(schema: Schema): string {
  return String(schema['$ref']).slice(COMPONENTS.length)
}

function typesOf({ type }: Schema): unknown[] {
  return type === undefined ? [] : [type].flat()
}

/** Whether what a name stands for may be what this field of the name holds: the same word may name a text here, a list there. */
function isOf(schema: Schema, value: unknown): boolean {
  // A class of our own says more than the name of the field that holds one.
  if (schema['properties'] !== undefined) return false
  const types = typesOf(schema)
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array') && sameItems(schema, value)
  if (typeof value === 'number') return types.includes('integer') || types.includes('number')
  return types.includes(typeof value)
}

function sameItems(schema: Schema, values: readonly unknown[]): boolean {
  const items = schema['items'] as Schema | undefined
  return items === undefined || values.every((value) => isOf(items, value))
}
