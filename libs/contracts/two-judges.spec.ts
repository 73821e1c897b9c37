import 'reflect-metadata'
import { Ajv } from 'ajv'
import { plainToInstance } from 'class-transformer'
import { validateSync } from 'class-validator'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { PermanentError } from '#libs/runtime/errors'
import { inspect } from '#libs/runtime/json/inspect'
import { contractCheck } from '#libs/runtime/json/validator'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { PlatformTopics, Topics } from './catalogue.js'
import { isInstant } from './fields.js'
import { schemaOf, type ContractClass } from './json-schema.js'
import { publishedSchemaOf } from './published-schema.js'

/** Records that are judged for each of the 17 classes: 102 000 in all. */
const RECORDS = propertyRuns(1_500)

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly definitions?: Readonly<Record<string, Schema>>
}

/** A place in a record: what stands there is replaced. */
interface Place {
  readonly schema: Schema
  put(value: unknown): void
  remove(): void
}

const EMOJI = '😀'
const INSTANTS = [
  '2026-11-24T07:00:00Z',
  '2024-02-29T23:59:59.999999999+14:00',
  '2000-02-29T00:00:00-00:00',
  '0001-01-01t00:00:00z',
  '9999-12-31T23:59:59.999999999Z',
]
const NO_INSTANTS = [
  '9999-12-31T23:59:59-00:01',
  '0001-01-01T00:00:00+00:01',
  '0000-06-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-12-31T23:59:60Z',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+0100',
  '2026-01-01 00:00:00Z',
  '2026-01-01',
  '2026-01-01T00:00:00Z\n',
  '2026-01-01T00:00:00.Z',
  '２026-01-01T00:00:00Z',
  '1764000000000',
  '',
]
/** Strings that the patterns of the contracts take, found by pattern; what none of them takes is among the junk. */
const CANDIDATES = [
  'acc-9',
  'p1',
  'A._:@-9',
  'a'.repeat(40),
  'a'.repeat(41),
  'a'.repeat(60),
  'a'.repeat(128),
  'a'.repeat(129),
  'aF'.repeat(32),
  'aF'.repeat(31),
  'zh',
  'z',
  'x'.repeat(35),
  'x'.repeat(36),
  'live',
  'shadow:1',
  'shadow:',
  `sweep:${'c'.repeat(100)}`,
  `sweep:${'c'.repeat(101)}`,
  `shadow:${EMOJI.repeat(100)}`,
  `shadow:${EMOJI.repeat(101)}`,
  'live\n',
  'shadow:a\nb',
  'someone@mail.example',
  'a@b',
  'a@@b.c',
  `${'a'.repeat(64)}@b.c`,
  `${'a'.repeat(65)}@b.c`,
  `${EMOJI.repeat(64)}@b.c`,
  `${EMOJI.repeat(65)}@b.c`,
  'a b@c.d',
  'p1\n',
  'ｐ1',
  '\ud800',
  '',
]
const JUNK: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  1.5,
  -1,
  1e21,
  JSON.parse('1e400'),
  '',
  '7',
  'true',
  'null',
  [],
  [null],
  [[]],
  [{}],
  {},
  { a: null },
  { length: 1 },
  [['a']],
]

const padded = (length: number, unit: string): string => unit.repeat(Math.max(0, length))

/** What a field may hold, at its limits. */
function takenBy(schema: Schema): readonly unknown[] {
  if (schema.enum) return schema.enum
  if (schema.format === 'date-time') return INSTANTS
  if (schema.pattern !== undefined) {
    const pattern = new RegExp(schema.pattern, 'u')
    const taken = CANDIDATES.filter((candidate) => pattern.test(candidate))
    expect(taken, `something that ${schema.pattern} takes`).not.toEqual([])
    return taken
  }
  const { minimum = 0, maximum = 0, minLength = 0, maxLength = 0 } = schema
  switch (schema.type) {
    case 'boolean':
      return [true, false]
    case 'integer':
      return [minimum, maximum, Math.min(maximum, minimum + 1)]
    case 'number':
      return [minimum, maximum, (minimum + maximum) / 2, -0]
    default:
      return [
        padded(minLength, 'a'),
        padded(maxLength, '字'),
        padded(maxLength, EMOJI),
        'abc'.slice(0, maxLength),
      ]
  }
}

/** What stands just beyond the limits of a field, and what is no such field at all. */
function edgesOf(schema: Schema): readonly unknown[] {
  const { minimum, maximum, minLength, maxLength, maxItems, minItems } = schema
  const edges: unknown[] = [...JUNK]
  if (schema.format === 'date-time') edges.push(...INSTANTS, ...NO_INSTANTS)
  if (schema.pattern !== undefined) edges.push(...CANDIDATES)
  if (schema.enum)
    edges.push(...schema.enum, ...schema.enum.map((word) => word.toUpperCase()), `${schema.enum[0]} `)
  for (const limit of [minimum, maximum]) {
    if (limit !== undefined) edges.push(limit - 1, limit - 0.5, limit, limit + 0.5, limit + 1, String(limit))
  }
  for (const limit of [minLength, maxLength]) {
    if (limit === undefined) continue
    for (const length of [limit - 1, limit, limit + 1]) {
      edges.push(padded(length, 'a'), padded(length, EMOJI), `${padded(length - 1, 'a')}\ud83d`)
    }
  }
  for (const limit of [minItems, maxItems]) {
    if (limit === undefined) continue
    const item = schema.items ? anyValid(schema.items) : {}
    for (const length of [limit - 1, limit, limit + 1]) {
      edges.push(Array.from({ length: Math.min(2_000, Math.max(0, length)) }, () => item))
    }
  }
  return edges
}

let definitions: Readonly<Record<string, Schema>> = {}

function resolved(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : definitions[schema.$ref.replace('#/definitions/', '')]!
}

/** One value that the schema takes: the first of each choice. */
function anyValid(unresolved: Schema): unknown {
  const schema = resolved(unresolved)
  if (schema.type === 'array')
    return Array.from({ length: schema.minItems ?? 0 }, () => anyValid(schema.items ?? {}))
  if (schema.type !== 'object') return takenBy(schema)[0]
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
  return Object.fromEntries(fields.map(([name, field]) => [name, anyValid(field)]))
}

/** Values that the schema takes, with fields of all kinds there and not there. */
function valid(unresolved: Schema): fc.Arbitrary<unknown> {
  const schema = resolved(unresolved)
  if (schema.type === 'array') {
    if (!schema.items) return fc.constantFrom<unknown>([], ['a', 1], [{ a: 1 }])
    const minLength = schema.minItems ?? 0
    return fc.array(valid(schema.items), {
      minLength,
      maxLength: Math.min(schema.maxItems ?? 3, minLength + 2),
    })
  }
  if (schema.type !== 'object') return fc.constantFrom(...takenBy(schema))
  if (!schema.properties) return fc.constantFrom<unknown>({}, { a: 1, b: { c: null } })
  const fields = Object.entries(schema.properties).map(([name, field]): [string, fc.Arbitrary<unknown>] => [
    name,
    valid(field),
  ])
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: schema.required ? [...schema.required] : [],
    noNullPrototype: true,
  })
}

/** Every place in a record, those of absent fields too. */
function placesIn(value: unknown, unresolved: Schema, found: Place[] = []): Place[] {
  const schema = resolved(unresolved)
  if (Array.isArray(value) && schema.items) {
    const { items } = schema
    value.forEach((item, i) => {
      found.push({
        schema: resolved(items),
        put: (v) => (value[i] = v),
        remove: () => void value.splice(i, 1),
      })
      placesIn(item, items, found)
    })
  } else if (typeof value === 'object' && value !== null && schema.properties) {
    const members = value as Record<string, unknown>
    for (const [name, field] of Object.entries(schema.properties)) {
      found.push({
        schema: { ...resolved(field) },
        put: (v) => (members[name] = v),
        remove: () => delete members[name],
      })
      placesIn(members[name], field, found)
    }
    found.push({ schema: {}, put: (v) => (members['unknownField'] = v), remove: () => undefined })
  }
  return found
}

/** Valid records, most of them changed in one or two places. */
function records(schema: Schema): fc.Arbitrary<unknown> {
  const changes = fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)), { maxLength: 2 })
  return fc.tuple(valid(schema), changes).map(([record, places]) => {
    const changed = structuredClone(record)
    for (const [where, what] of places) {
      const all = placesIn(changed, schema)
      const place = all[where % all.length]!
      const edges = edgesOf(place.schema)
      const choice = what % (edges.length + 1)
      if (choice === edges.length) place.remove()
      else place.put(structuredClone(edges[choice]))
    }
    return changed
  })
}

/** A record of which takes as long as several others. */
function holdsLongText({ properties = {} }: Schema): boolean {
  return Object.values(properties).some(({ maxLength = 0 }) => maxLength > 100_000)
}

function classJudge(type: ContractClass, record: unknown): { taken: boolean; kept: unknown } {
  const instance = plainToInstance(type, structuredClone(record))
  const taken = validateSync(instance, { whitelist: true, forbidUnknownValues: true }).length === 0
  return { taken, kept: taken ? withoutNulls(instance) : undefined }
}

function compiledJudge(check: (value: unknown) => void, record: unknown): { taken: boolean; kept: unknown } {
  const value = structuredClone(record)
  inspect(value)
  try {
    check(value)
    return { taken: true, kept: withoutNulls(value) }
  } catch (error) {
    if (error instanceof PermanentError) return { taken: false, kept: undefined }
    throw error
  }
}

/** As plain JSON, with `null` as absent. */
function withoutNulls(value: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(value))
  inspect(plain)
  return plain
}

describe('class-validator, the compiled check and the published schema', () => {
  const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]
  const ajv = new Ajv({ formats: { 'date-time': isInstant }, allowUnionTypes: true })
  const judged = { taken: 0, refused: 0 }

  it.each(specs.map((spec) => [spec.type, spec.event as ContractClass] as const))(
    'agree on %s',
    (_type, type) => {
      const schema = schemaOf(type) as Schema
      definitions = schema.definitions ?? {}
      const check = contractCheck(type)
      const published = ajv.compile(publishedSchemaOf(type))
      fc.assert(
        fc.property(records(schema), (record) => {
          const byClass = classJudge(type, record)
          expect(compiledJudge(check, record)).toEqual(byClass)
          expect(published(record)).toBe(byClass.taken)
          judged[byClass.taken ? 'taken' : 'refused']++
        }),
        { numRuns: holdsLongText(schema) ? RECORDS / 4 : RECORDS },
      )
    },
    120_000,
  )

  afterAll(() => {
    expect(judged.taken).toBeGreaterThan((specs.length * RECORDS) / 5)
    expect(judged.refused).toBeGreaterThan((specs.length * RECORDS) / 5)
  })
})
