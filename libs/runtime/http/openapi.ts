import { applyDecorators, type INestApplication, type Type, VersioningType } from '@nestjs/common'
import { DiscoveryService, MetadataScanner, ModulesContainer, NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import {
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  type OpenAPIObject,
  SwaggerModule,
} from '@nestjs/swagger'
import type { Role } from '../auth/roles.js'
import { type GuardedRoute, Routes } from '../auth/routes.js'
import { addExample } from './compose-example.js'
import { IDEMPOTENCY_KEY } from './idempotency.js'
import { IF_MATCH } from './if-match.js'
import type { Page } from './paging.js'
import { FieldProblem } from './problem.js'
import { type ContractClass, schemaOf } from '#libs/contracts/json-schema'
import { publishedSchemaOf } from '#libs/contracts/published-schema'

/** Every route stands under `/v1`, unless it says that it has no version. */
export const VERSIONING = { type: VersioningType.URI, defaultVersion: '1' } as const

type Schema = Record<string, unknown>

/** What the document of a service says about the service as a whole. */
export interface ApiGuide {
  /** What the service is for, and for whom; Markdown. */
  readonly description: string
  /** What the operations of each tag are about, in the order in which one would read them. */
  readonly tags: Readonly<Record<string, string>>
}

/** The classes that the document describes under `components/schemas`. */
const described = new Set<ContractClass>()

const inComponents = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` })

const PROBLEM_CONTENT = { 'application/problem+json': { schema: inComponents('Problem') } }

function refTo(type: ContractClass, isArray = false): Schema {
  described.add(type)
  const one = inComponents(type.name)
  return isArray ? { type: 'array', items: one } : one
}

/** The schema of one class, or of any of several. */
function anyOf(types: readonly ContractClass[]): Schema {
  const schemas = types.map((type) => refTo(type))
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas }
}

/** The tag under which the operations of a controller, or one of them, stand; one of its service's `ApiGuide`. */
export function apiTag(name: string): ClassDecorator & MethodDecorator {
  return ApiTags(name)
}

/**
 * Documents what a route does: a sentence, and what else its user wants to know, in lines of Markdown that make one
 * paragraph. Who may call it need not be said, it is added from `@Roles()` or `@Public()`.
 */
export function apiOperation(summary: string, ...lines: readonly [string, ...string[]]): MethodDecorator {
  return ApiOperation({ summary, description: lines.join(' ') })
}

/** Documents the body of a route from the rules of its class, or of any of several classes. */
export function apiBody(...types: ContractClass[]): MethodDecorator {
  return ApiBody({ schema: anyOf(types) })
}

/** On a method that gives `T`: the compiler holds what it returns against the class that describes it. */
type Answers<T> = <Method extends (...args: never[]) => T | Promise<T>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void

/** Documents the 200 answer of a route from the rules of its class. */
export function apiOk<T extends object>(type: ContractClass<T>, description = ''): Answers<T> {
  return ApiOkResponse({ description, schema: refTo(type) })
}

/** Documents the 201 answer of a route. */
export function apiCreated<T extends object>(type: ContractClass<T>, description = ''): Answers<T> {
  return ApiCreatedResponse({ description, schema: refTo(type) })
}

/** Documents another answer of a route: 202, 204; of one class, of any of several, or of none. */
export function apiAnswer(status: number, description: string, ...types: ContractClass[]): MethodDecorator {
  return ApiResponse({ status, description, ...(types.length > 0 ? { schema: anyOf(types) } : {}) })
}

/** Documents a problem that a route answers for a reason of its own; what each of its kind can answer is documented anyway. */
export function apiProblem(status: number, description: string): MethodDecorator {
  return ApiResponse({ status, description, content: PROBLEM_CONTENT })
}

/** Documents the answer of a list: `{items, nextCursor}`. */
export function apiPage<T extends object>(type: ContractClass<T>, description = ''): Answers<Page<T>> {
  return ApiOkResponse({
    description,
    schema: {
      type: 'object',
      required: ['items', 'nextCursor'],
      properties: { items: refTo(type, true), nextCursor: { type: ['string', 'null'] } },
    },
  })
}

/** Documents the query of a route: one parameter for each field of its class. */
export function apiQuery(type: ContractClass): MethodDecorator {
  const { properties = {}, required = [] } = schemaOf(type) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return applyDecorators(
    ...Object.entries(properties).map(([name, schema]) =>
      ApiQuery({ name, schema, required: required.includes(name) }),
    ),
  )
}

const PROBLEM: Schema = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', description: 'A stable slug.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'A sentence for people.' },
    errors: refTo(FieldProblem, true),
  },
}

/** JSON Schemas of the described classes, with references as OpenAPI wants them; what may be absent may be `null`. */
function schemas(): Record<string, Schema> {
  const found: Record<string, Schema> = { Problem: PROBLEM }
  for (const type of described) {
    const text = JSON.stringify(publishedSchemaOf(type)).replaceAll(
      '"#/definitions/',
      '"#/components/schemas/',
    )
    const {
      definitions = {},
      $schema: _draft,
      ...schema
    } = JSON.parse(text) as Schema & { definitions?: Record<string, Schema> }
    for (const [name, one] of Object.entries({ ...definitions, [type.name]: schema })) {
      found[name] = ruleApart(one)
    }
  }
  return found
}

/** Client generators take `anyOf` beside `properties` for other forms of the object; in an `allOf` it is a rule on top. */
function ruleApart({ anyOf: rule, ...schema }: Schema): Schema {
  if (rule === undefined) return schema
  return schema['properties'] === undefined
    ? { ...schema, anyOf: rule }
    : { ...schema, allOf: [{ anyOf: rule }] }
}

type Content = Record<string, { schema?: Schema; example?: unknown; examples?: unknown }>

/** An operation of a document, as far as it is completed here. */
interface Operation {
  description?: string
  parameters?: { name: string; in: string }[]
  requestBody?: { content?: Content }
  responses?: Record<string, { content?: Content }>
  security?: unknown[]
  [extension: `x-${string}`]: unknown
}

/**
 * The OpenAPI 3.1 document of a service. Each operation says who may call it: `x-roles`, or `x-public` and no security.
 * Routes that the document leaves out, pages above all, stand in `x-routes` with the same, so that no route is hidden.
 */
function openApiDocument(app: INestApplication, service: string, guide: ApiGuide): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(`Weir ${service}`)
    .setDescription(guide.description)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'Where this document was read.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
  for (const [tag, description] of Object.entries(guide.tags)) builder.addTag(tag, description)
  const document = SwaggerModule.createDocument(app, builder.build(), { autoTagControllers: false })
  const components = { ...document.components, schemas: { ...document.components?.schemas, ...schemas() } }
  const others: Record<string, unknown>[] = []
  for (const { method, path, access } of routesOf(app)) {
    const pattern = path.replaceAll(/:(\w+)/g, '{$1}')
    const item = document.paths[pattern] as Record<string, Operation> | undefined
    const operation = item?.[method.toLowerCase()]
    if (operation) complete(operation, method, access)
    else others.push({ method, path: pattern, ...accessMark(access) })
    if (operation) addExamples(operation, components.schemas as Record<string, Schema>)
  }
  return { ...document, components, 'x-routes': others } as OpenAPIObject
}

/** Found without the app's own providers, of which a preview makes none. */
function routesOf(app: INestApplication): GuardedRoute[] {
  return new Routes(new DiscoveryService(app.get(ModulesContainer)), new MetadataScanner()).list()
}

function accessMark(access: GuardedRoute['access']): { 'x-public': true } | { 'x-roles': readonly Role[] } {
  return access === 'public' ? { 'x-public': true } : { 'x-roles': access }
}

function whoMayCall(access: GuardedRoute['access']): string {
  const who =
    access === 'public' ? 'anybody, without a token' : access.map((role) => `\`${role}\``).join(', ')
  return `**Who may call it:** ${who}.`
}

/** Adds who may call the operation, and each problem that it may answer. */
function complete(operation: Operation, method: string, access: GuardedRoute['access']): void {
  Object.assign(operation, accessMark(access))
  if (operation.description) operation.description += `\n\n${whoMayCall(access)}`
  if (access === 'public') operation.security = []
  operation.responses = { ...problemsOf(operation, method, access), ...operation.responses }
}

/** An example of the body and of each good answer, out of their schemas. */
function addExamples({ requestBody, responses = {} }: Operation, known: Record<string, Schema>): void {
  const good = Object.entries(responses).flatMap(([status, answer]) =>
    status.startsWith('2') ? [answer] : [],
  )
  for (const { content = {} } of [requestBody ?? {}, ...good]) {
    for (const media of Object.values(content)) addExample(media, known)
  }
}

const PROBLEMS = {
  400: 'Malformed: `errors` names the fields.',
  401: 'No bearer token, or one that is not accepted.',
  403: 'Your roles do not allow this.',
  404: 'It does not exist, or is another’s.',
  409: 'The present state does not allow this, or a request with this `Idempotency-Key` still runs.',
  412: 'It has changed since the version that `If-Match` names.',
  413: 'The body is larger than this route takes.',
  415: 'This route does not take a body of this type.',
  422: 'This `Idempotency-Key` was used with another request.',
  429: 'Called too often: `Retry-After` says when there is room.',
  503: 'Something that is needed is away: `Retry-After` says when to try again.',
} as const

/** The problems that an operation may answer, by what it takes. */
function problemsOf(
  { parameters = [], requestBody, responses }: Operation,
  method: string,
  access: GuardedRoute['access'],
): Record<string, { content: Content }> {
  const takes = (where: string, name?: string) =>
    parameters.some((one) => one.in === where && (name === undefined || one.name === name))
  const statuses: (keyof typeof PROBLEMS)[] = [401, 429, 503]
  if (access !== 'public') statuses.push(403)
  if (parameters.length > 0 || requestBody !== undefined) statuses.push(400)
  if (takes('path')) statuses.push(404)
  if (requestBody !== undefined) statuses.push(413, 415)
  if (takes('path') && method !== 'GET') statuses.push(409)
  if (takes('header', IDEMPOTENCY_KEY)) statuses.push(409, 422)
  if (takes('header', IF_MATCH)) statuses.push(412)
  const documented = new Set(Object.keys(responses ?? {}))
  const missing = statuses.filter((status) => !documented.has(String(status)))
  return Object.fromEntries(
    missing.map((status) => [status, { description: PROBLEMS[status], content: PROBLEM_CONTENT }]),
  )
}

/** The document that a service will serve, without starting it: nothing of the module is made, nothing is connected to. */
export async function documentWithoutStart(
  module: Type,
  service: string,
  guide: ApiGuide,
): Promise<OpenAPIObject> {
  const app = await NestFactory.create(module, new FastifyAdapter(), { preview: true, logger: false })
  app.enableVersioning(VERSIONING)
  return openApiDocument(app, service, guide)
}

/** Serves `/docs` and `/openapi.json`; the document is made when it is first asked for. */
export function serveDocs(app: INestApplication, service: string, guide: ApiGuide): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, service, guide), {
    jsonDocumentUrl: 'openapi.json',
  })
}
