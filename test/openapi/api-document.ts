import { type AnySchemaObject, Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { isInstant } from '#libs/contracts/fields'

type Schema = Record<string, unknown>

/** One media type of a body. */
export interface Media {
  schema?: Schema
  example?: unknown
  examples?: Record<string, { value?: unknown }>
}

type Content = Record<string, Media>

/** A route as a document describes it. */
export interface Operation {
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content?: Content }
  responses?: Record<string, { content?: Content }>
  'x-public'?: true
}

/** An OpenAPI document of ours, as far as the tests read it. */
export interface ApiDocument {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

export interface Route {
  method: string
  /** As the document has it, `{name}` for a parameter. */
  path: string
  operation: Operation
}

/** Every operation of a document. */
export function routesOf(document: ApiDocument): Route[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

const HINT =
  'say it with @Example(…) at the field, or by its name in libs/runtime/http/example-values.ts for the whole API'

/**
 * What a document leaves out: a 2xx answer, its schema, an example of a body, an error that its kind of route can give; and
 * examples that are not what their schemas say. A sentence for each, empty where the document is complete.
 */
export function gapsIn(document: ApiDocument): string[] {
  const check = new SchemaCheck(document)
  return routesOf(document).flatMap((route) => {
    const name = `${route.method} ${route.path}`
    return [...gapsInAnswers(route, check), ...gapsInBody(route, check), ...gapsInErrors(route)].map(
      (gap) => `${name}: ${gap}`,
    )
  })
}

function gapsInAnswers({ operation }: Route, check: SchemaCheck): string[] {
  const good = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith('2'))
  if (good.length === 0) return ['no 2xx answer: document it with apiOk, apiCreated, apiPage or apiAnswer']
  return good.flatMap(([status, { content }]) =>
    status === '204' ? [] : gapsInContent(`the ${status} answer`, content, check),
  )
}

function gapsInBody({ operation: { requestBody } }: Route, check: SchemaCheck): string[] {
  return requestBody ? gapsInContent('the request body', requestBody.content, check) : []
}

function gapsInContent(what: string, content: Content | undefined, check: SchemaCheck): string[] {
  const media = Object.entries(content ?? {})
  if (media.length === 0)
    return [`${what} has no schema: give apiOk, apiCreated or apiAnswer the class of the view`]
  return media.flatMap(([type, { schema, example, examples }]) => {
    if (!schema || Object.keys(schema).length === 0) return [`${what} (${type}) has no schema`]
    const given = example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example]
    if (given.length === 0) return [`${what} (${type}) has no example: ${HINT}`]
    return given.flatMap((one) => {
      const wrong = check.problems(schema, one)
      return wrong.length === 0 ? [] : [`the example of ${what} (${type}): ${wrong.join(', ')}; ${HINT}`]
    })
  })
}

/** The statuses that a route can answer beside its good ones, by what it takes. */
function expectedErrors({ method, operation }: Route): number[] {
  const { parameters = [], requestBody } = operation
  const header = (name: string): boolean => parameters.some((one) => one.in === 'header' && one.name === name)
  const named = parameters.some((one) => one.in === 'path')
  return [
    401,
    429,
    503,
    ...(operation['x-public'] ? [] : [403]),
    ...(parameters.length > 0 || requestBody ? [400] : []),
    ...(requestBody ? [413, 415] : []),
    ...(named ? [404] : []),
    ...(named && method !== 'GET' ? [409] : []),
    ...(header('Idempotency-Key') ? [409, 422] : []),
    ...(header('If-Match') ? [412] : []),
  ]
}

function gapsInErrors(route: Route): string[] {
  const { responses = {} } = route.operation
  const missing = expectedErrors(route).filter((status) => !responses[status])
  const other = Object.entries(responses).filter(
    ([status, { content }]) =>
      !status.startsWith('2') &&
      content?.['application/problem+json']?.schema?.['$ref'] !== '#/components/schemas/Problem',
  )
  return [
    ...missing.map((status) => `the error ${status} is not documented`),
    ...other.map(([status]) => `the answer ${status} is no application/problem+json`),
  ]
}

/** Holds values against the schemas of a document. A field that no schema names is a problem: nothing is told by accident. */
export class SchemaCheck {
  private readonly ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateSchema: false,
    formats: { 'date-time': isInstant },
  })
  private readonly compiled = new Map<string, ValidateFunction>()

  constructor(document: ApiDocument) {
    const schemas = Object.entries(document.components?.schemas ?? {})
    const closed = Object.fromEntries(
      schemas.map(([name, schema]) => [
        name,
        schema['properties'] ? { ...schema, additionalProperties: false } : schema,
      ]),
    )
    this.ajv.addSchema({ $id: 'document', components: { schemas: closed } })
  }

  /** What of a value is not as the schema says, or the nearest of its branches; a JSON Pointer and a reason each. */
  problems(schema: Schema, value: unknown): string[] {
    const branches = schema['anyOf'] as Schema[] | undefined
    if (branches) {
      const [nearest] = branches.map((one) => this.problems(one, value)).sort((a, b) => a.length - b.length)
      return nearest!
    }
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')
    const validate = this.compiled.get(text) ?? this.ajv.compile(JSON.parse(text) as AnySchemaObject)
    this.compiled.set(text, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = (params as { additionalProperty?: string }).additionalProperty
      return `${instancePath || '/'} ${message ?? 'is wrong'}${extra === undefined ? '' : ` (${extra})`}`
    })
  }
}
