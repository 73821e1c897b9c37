import { applyDecorators, type INestApplication } from '@nestjs/common'
import {
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiQuery,
  ApiResponse,
  DocumentBuilder,
  type OpenAPIObject,
  SwaggerModule,
} from '@nestjs/swagger'
import { type ContractClass, schemaOf } from '#libs/contracts/json-schema'

type Schema = Record<string, unknown>

/** The classes that the document describes under `components/schemas`. */
const described = new Set<ContractClass>()

const inComponents = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` })

function refTo(type: ContractClass, isArray = false): Schema {
  described.add(type)
  const one = inComponents(type.name)
  return isArray ? { type: 'array', items: one } : one
}

/** Documents the body of a route from the rules of its class. */
export function apiBody(type: ContractClass): MethodDecorator {
  return ApiBody({ schema: refTo(type) })
}

/** Documents the 200 answer of a route from the rules of its class. */
export function apiOk(type: ContractClass, description = ''): MethodDecorator & ClassDecorator {
  return ApiOkResponse({ description, schema: refTo(type) })
}

/** Documents the 201 answer of a route. */
export function apiCreated(type: ContractClass, description = ''): MethodDecorator & ClassDecorator {
  return ApiCreatedResponse({ description, schema: refTo(type) })
}

/** Documents another answer of a route: 202, 204. */
export function apiAnswer(
  status: number,
  description: string,
  type?: ContractClass,
): MethodDecorator & ClassDecorator {
  return ApiResponse({ status, description, ...(type ? { schema: refTo(type) } : {}) })
}

/** Documents the answer of a list: `{items, nextCursor}`. */
export function apiPage(type: ContractClass, description = ''): MethodDecorator & ClassDecorator {
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
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'reason'],
        properties: { path: { type: 'string', description: 'JSON Pointer' }, reason: { type: 'string' } },
      },
    },
  },
}

/** JSON Schemas of the described classes, with references as OpenAPI wants them. */
function schemas(): Record<string, Schema> {
  const found: Record<string, Schema> = { Problem: PROBLEM }
  for (const type of described) {
    const text = JSON.stringify(schemaOf(type)).replaceAll('"#/definitions/', '"#/components/schemas/')
    const {
      definitions = {},
      $schema: _draft,
      ...schema
    } = JSON.parse(text) as Schema & { definitions?: Record<string, Schema> }
    Object.assign(found, definitions, { [type.name]: schema })
  }
  return found
}

/** The OpenAPI 3.1 document of a service. */
export function openApiDocument(app: INestApplication, service: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(`Weir ${service}`)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
    .build()
  const document = SwaggerModule.createDocument(app, config)
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, { responses?: Record<string, unknown> }>)) {
      if (!operation.responses) continue
      operation.responses['default'] = {
        description: 'A problem.',
        content: { 'application/problem+json': { schema: inComponents('Problem') } },
      }
    }
  }
  const components = { ...document.components, schemas: { ...document.components?.schemas, ...schemas() } }
  return { ...document, components: components }
}

/** Serves `/docs` and `/openapi.json`; the document is made when it is first asked for. */
export function serveDocs(app: INestApplication, service: string): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, service), { jsonDocumentUrl: 'openapi.json' })
}
