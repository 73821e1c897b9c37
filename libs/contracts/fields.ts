import 'reflect-metadata'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsObject,
  IsOptional,
  ValidateBy,
  ValidateNested,
} from 'class-validator'
import { Type } from 'class-transformer'
import { JSONSchema } from 'class-validator-jsonschema'

/**
 * The field types of the contracts. Each is one class-validator rule that carries its JSON Schema as first constraint,
 * so that the class (HTTP) and the compiled schema (Kafka) judge by the same predicate (docs/adr/0003).
 */

/** The JSON Schema of one field. */
export type FieldSchema = Readonly<Record<string, unknown>>

/** Names of the rules defined here; `json-schema.ts` turns each into the schema that it carries. */
export const FIELD_RULES = [
  'text',
  'pattern',
  'instant',
  'integer',
  'number',
  'oneOf',
  'flag',
  'list',
  'shape',
] as const

/** Ids that platforms choose: accounts, messages, media. */
export const PLATFORM_OWN_ID = '^[A-Za-z0-9._:@-]{1,128}$'
/** Ids of platforms and authorities; part of topic names. */
export const PLATFORM_ID = '^[a-z0-9-]{1,40}$'

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** What RFC 3339 can say in UTC, which is how every instant is passed on (docs/adr/0129). */
const [EARLIEST, LATEST] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]

/**
 * Whether a string is an RFC 3339 instant on a day that exists (leap seconds are refused: JavaScript has none), from year 1 to
 * year 9999 also in UTC.
 */
export function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 40) return false
  const match = INSTANT.exec(value)
  if (!match) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1) return false
  if (day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return false
  return (year > 1 && year < 9999) || isOfYearInUtc(Date.parse(value))
}

function isOfYearInUtc(time: number): boolean {
  return time >= EARLIEST && time <= LATEST
}

/** `length` milliseconds after an instant, or the last that can be written. */
export function laterBy(instant: Date, length: number): Date {
  return new Date(Math.min(instant.getTime() + length, LATEST))
}

/** Length in code points, as JSON Schema counts it. */
export function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(i + 1)
      if (next >= 0xdc00 && next <= 0xdfff) {
        count--
        i++
      }
    }
  }
  return count
}

function rule(
  name: (typeof FIELD_RULES)[number],
  schema: FieldSchema,
  validate: (value: unknown) => boolean,
  message: string,
): PropertyDecorator {
  return ValidateBy({
    name,
    constraints: [schema],
    validator: { validate, defaultMessage: () => `$property must be ${message}` },
  })
}

function all(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property)
  }
}

/** A field that may be absent; `null` counts as absent. */
export function Optional(): PropertyDecorator {
  return IsOptional()
}

/**
 * What the field holds in the examples of the API's description, where its name or type does not say it already
 * (libs/runtime/http/example-values.ts); without a value it is left out of them.
 */
export function Example(...value: [] | [unknown]): PropertyDecorator {
  return JSONSchema({ examples: value }) as PropertyDecorator
}

/** A string of `min` to `max` code points. */
export function Text(max: number, min = 0): PropertyDecorator {
  return rule(
    'text',
    { type: 'string', maxLength: max, ...(min > 0 ? { minLength: min } : {}) },
    (value) => {
      if (typeof value !== 'string') return false
      const length = codePoints(value)
      return length >= min && length <= max
    },
    `a string of ${min} to ${max} characters`,
  )
}

/** A string that matches an ECMAScript pattern without backtracking traps. */
export function Pattern(pattern: string): PropertyDecorator {
  const expression = new RegExp(pattern, 'u')
  return rule(
    'pattern',
    { type: 'string', pattern },
    (value) => typeof value === 'string' && expression.test(value),
    `a string that matches ${pattern}`,
  )
}

/** An id that a platform chose. */
export function OwnId(): PropertyDecorator {
  return Pattern(PLATFORM_OWN_ID)
}

/** The id of a platform. */
export function PlatformId(): PropertyDecorator {
  return Pattern(PLATFORM_ID)
}

/** An id that Weir derived or made. */
export function WeirId(): PropertyDecorator {
  return Text(200, 1)
}

/** An RFC 3339 instant. */
export function Instant(): PropertyDecorator {
  return rule('instant', { type: 'string', format: 'date-time' }, isInstant, 'an RFC 3339 instant')
}

/** A whole number from `min` to `max`. */
export function Int(min: number, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return rule(
    'integer',
    { type: 'integer', minimum: min, maximum: max },
    (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    `a whole number from ${min} to ${max}`,
  )
}

/** A number from `min` to `max`. */
export function Num(min: number, max: number): PropertyDecorator {
  return rule(
    'number',
    { type: 'number', minimum: min, maximum: max },
    (value) => typeof value === 'number' && value >= min && value <= max,
    `a number from ${min} to ${max}`,
  )
}

/** One of a fixed list of words. */
export function OneOf(values: readonly string[]): PropertyDecorator {
  return rule(
    'oneOf',
    { type: 'string', enum: [...values] },
    (value) => typeof value === 'string' && values.includes(value),
    `one of ${values.join(', ')}`,
  )
}

/** True or false. */
export function Flag(): PropertyDecorator {
  return rule('flag', { type: 'boolean' }, (value) => typeof value === 'boolean', 'true or false')
}

/** A list of at most `max` strings, each of `shortest` to `each` code points, or matching a pattern. */
export function Strings(max: number, each: number | string, shortest = 0): PropertyDecorator {
  const expression = typeof each === 'string' ? new RegExp(each, 'u') : undefined
  const fits = (item: unknown): boolean =>
    typeof item === 'string' &&
    (expression
      ? expression.test(item)
      : codePoints(item) >= shortest && codePoints(item) <= (each as number))
  const least = shortest === 0 ? {} : { minLength: shortest }
  const items = expression ? { type: 'string', pattern: each } : { type: 'string', ...least, maxLength: each }
  return rule(
    'list',
    { type: 'array', maxItems: max, items },
    (value) => Array.isArray(value) && value.length <= max && value.every(fits),
    `a list of at most ${max} strings`,
  )
}

/** A list of at most `max` ids that Weir gave out. */
export function WeirIds(max: number): PropertyDecorator {
  return Strings(max, 200, 1)
}

/** A list of at most `max` pairs `[start, end)` of whole numbers from 0. */
export function Spans(max: number): PropertyDecorator {
  const bound = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
  const isSpan = (item: unknown): boolean =>
    Array.isArray(item) &&
    item.length === 2 &&
    item.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
  return rule(
    'list',
    { type: 'array', maxItems: max, items: { type: 'array', items: bound, minItems: 2, maxItems: 2 } },
    (value) => Array.isArray(value) && value.length <= max && value.every(isSpan),
    `a list of at most ${max} pairs of positions`,
  )
}

/** An object (or list) whose inside is checked elsewhere: a policy document, a table of counters. */
export function Shape(type: 'object' | 'array' = 'object'): PropertyDecorator {
  return rule(
    'shape',
    { type },
    (value) =>
      type === 'array'
        ? Array.isArray(value)
        : typeof value === 'object' && value !== null && !Array.isArray(value),
    `of type ${type}`,
  )
}

/** One nested object of a contract class. */
export function One(type: () => new () => object): PropertyDecorator {
  return all(IsObject(), ValidateNested(), Type(type))
}

/** A list of `min` to `max` nested objects of a contract class. A list within the list is none: `ValidateNested` would take it. */
export function Many(type: () => new () => object, max: number, min = 0): PropertyDecorator {
  return all(
    IsArray(),
    ArrayMaxSize(max),
    ...(min > 0 ? [ArrayMinSize(min)] : []),
    IsObject({ each: true }),
    ValidateNested({ each: true }),
    Type(type),
  )
}
